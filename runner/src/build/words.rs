//! Words of a Dockerfile: quotes, escapes and variables.

use std::iter::Peekable;
use std::str::Chars;

/// The value of a variable, where it has one.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Splits at white space that is neither quoted nor escaped.
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quote, mut escaped) = (None, None, false);
    for (at, char) in text.char_indices() {
        if quote.is_none() && !escaped && char.is_whitespace() {
            if let Some(start) = start.take() {
                words.push(&text[start..at]);
            }
            continue;
        }
        start.get_or_insert(at);
        match char {
            _ if escaped => escaped = false,
            '\\' if quote != Some('\'') => escaped = true,
            '"' | '\'' if quote.is_none() => quote = Some(char),
            _ if quote == Some(char) => quote = None,
            _ => (),
        }
    }
    words.extend(start.map(|start| &text[start..]));
    words
}

/// One word without its quotes and escapes, its variables replaced.
pub(super) fn word(text: &str, lookup: Lookup<'_>) -> String {
    let mut chars = text.chars().peekable();
    let (mut out, mut quote) = (String::new(), None);
    while let Some(char) = chars.next() {
        match char {
            '\\' if quote != Some('\'') => match chars.next() {
                // Inside double quotes a backslash stands for itself before anything else.
                Some(next) if quote.is_some() && !matches!(next, '"' | '$' | '\\') => {
                    out.extend(['\\', next]);
                }
                Some(next) => out.push(next),
                None => out.push('\\'),
            },
            '"' | '\'' if quote.is_none() => quote = Some(char),
            _ if quote == Some(char) => quote = None,
            '$' if quote != Some('\'') => out.push_str(&variable(&mut chars, lookup)),
            _ => out.push(char),
        }
    }
    out
}

/// `NAME=value` pairs of `ENV` and `LABEL`, or the old form of one name and the rest of the line.
pub(super) fn pairs(text: &str, lookup: Lookup<'_>) -> Vec<(String, String)> {
    let words = split(text);
    let Some(first) = words.first() else { return Vec::new() };
    if !first.contains('=') {
        let rest = text.trim_start()[first.len()..].trim();
        return vec![(word(first, lookup), word(rest, lookup))];
    }
    words
        .iter()
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (word(name, lookup), word(value, lookup)))
        .collect()
}

/// `NAME`, `{NAME}`, `{NAME:-default}` or `{NAME:+other}`, after a dollar sign.
fn variable(chars: &mut Peekable<Chars<'_>>, lookup: Lookup<'_>) -> String {
    let braced = chars.next_if_eq(&'{').is_some();
    let mut name = String::new();
    while let Some(char) = chars.next_if(|char| char.is_ascii_alphanumeric() || *char == '_') {
        name.push(char);
    }
    if !braced {
        return if name.is_empty() { "$".to_owned() } else { lookup(&name).unwrap_or_default() };
    }
    let mut rest = String::new();
    let mut depth = 0;
    for char in chars.by_ref() {
        match char {
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            '{' => depth += 1,
            _ => (),
        }
        rest.push(char);
    }
    let value = lookup(&name).filter(|value| !value.is_empty());
    match (rest.strip_prefix(":-"), rest.strip_prefix(":+")) {
        (Some(default), _) => value.unwrap_or_else(|| word(default, lookup)),
        (_, Some(other)) => value.map(|_| word(other, lookup)).unwrap_or_default(),
        _ => value.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
