//! Text from outside, made safe for a terminal: names, reasons and logs are written by the users'
//! programs, and an escape sequence in them must not reach whoever reads them.

use anstream::adapter::StripBytes;

#[cfg(test)]
mod tests;

/// `text` on one line, without escape sequences and control characters.
pub(crate) fn line(text: &str) -> String {
    let clean = block(text);
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first line of `text`, and how many follow: for one cell of a table.
pub(crate) fn first_line(text: &str) -> String {
    let clean = block(text);
    let mut lines = clean.lines().filter(|line| !line.trim().is_empty());
    let first = line(lines.next().unwrap_or_default());
    match lines.count() {
        0 => first,
        1 => format!("{first} (and 1 more line)"),
        more => format!("{first} (and {more} more lines)"),
    }
}

/// `text` without escape sequences and control characters; its lines stay.
pub(crate) fn block(text: &str) -> String {
    let mut cleaner = Cleaner::default();
    let mut clean = cleaner.clean(text.as_bytes());
    clean.push_str(&cleaner.finish());
    clean
}

/// Cleans a stream, piece by piece.
#[derive(Default)]
pub(crate) struct Cleaner {
    escapes: StripBytes,
    /// The beginning of a character whose end has not come yet.
    begun: Vec<u8>,
    after_return: bool,
}

impl Cleaner {
    /// The clean text of the next piece.
    pub(crate) fn clean(&mut self, piece: &[u8]) -> String {
        let mut bytes = std::mem::take(&mut self.begun);
        for plain in self.escapes.strip_next(piece) {
            bytes.extend_from_slice(plain);
        }
        let whole = match std::str::from_utf8(&bytes) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => bytes.len(),
        };
        self.begun = bytes.split_off(whole);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        text.chars().filter_map(|c| self.keep(c)).collect()
    }

    /// What is left at the end.
    pub(crate) fn finish(self) -> String {
        String::from_utf8_lossy(&self.begun).into_owned()
    }

    /// A carriage return begins a new line, so that no line is written over another.
    fn keep(&mut self, c: char) -> Option<char> {
        let after_return = std::mem::replace(&mut self.after_return, c == '\r');
        match c {
            '\n' if after_return => None,
            '\n' | '\r' => Some('\n'),
            '\t' => Some(c),
            _ if c.is_control() || turns_text(c) => None,
            _ => Some(c),
        }
    }
}

/// Characters that change the direction of the text around them.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
