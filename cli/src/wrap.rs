//! Long text in lines that a narrow terminal shows.

/// As wide as a terminal is at least, less a margin on either side.
pub(crate) const WIDTH: usize = 76;

/// A line in pieces of at most `width` characters, broken between words where that is possible.
pub(crate) fn folded(line: &str, width: usize) -> Vec<String> {
    let mut rest: Vec<char> = line.trim_end().chars().collect();
    let mut pieces = Vec::new();
    while rest.len() > width {
        let blank = rest[..=width].iter().rposition(|letter| letter.is_whitespace());
        // What stands before the first word is its indentation.
        let indent = rest.iter().take_while(|letter| letter.is_whitespace()).count();
        let at = blank.filter(|at| *at > indent).unwrap_or(width);
        let tail = rest.split_off(at);
        pieces.push(rest.iter().collect());
        rest = tail.into_iter().skip_while(|letter| letter.is_whitespace()).collect();
    }
    pieces.push(rest.iter().collect());
    pieces
}

/// Items, separated by commas, in lines of at most `width` characters.
pub(crate) fn listed(items: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 2 + item.chars().count() <= width => {
                line.push_str(", ");
                line.push_str(item);
            }
            _ => lines.push(item.clone()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_between_words_and_nothing_is_lost() {
        assert_eq!(folded("short", 10), ["short"]);
        assert_eq!(folded("three short words", 11), ["three short", "words"]);
        assert_eq!(folded("    aVeryLongWord here", 9), ["    aVery", "LongWord", "here"]);
        assert_eq!(folded("äöüäöüäöü", 4), ["äöüä", "öüäö", "ü"]);
        assert_eq!(folded("", 4), [""]);
    }

    #[test]
    fn items_share_lines_as_long_as_they_fit() {
        let items = ["one", "two", "three"].map(str::to_owned);
        assert_eq!(listed(&items, 8), ["one, two", "three"]);
    }
}
