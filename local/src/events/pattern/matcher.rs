//! One condition on one field.

use serde_json::{Value, json};

/// A condition on a leaf of the event.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Matcher {
    Exact(Value),
    Prefix(String),
    PrefixIgnoreCase(String),
    Suffix(String),
    SuffixIgnoreCase(String),
    IgnoreCase(String),
    Wildcard(String),
    /// None of these may match; the field must be there.
    AnythingBut(Vec<Matcher>),
    Exists(bool),
    Numeric(Vec<(Comparison, f64)>),
}

/// A comparison of `numeric`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

impl Comparison {
    /// How it is written, for reading and for telling.
    pub(super) const ALL: [(Self, &'static str); 5] = [
        (Self::Less, "<"),
        (Self::LessOrEqual, "<="),
        (Self::Equal, "="),
        (Self::GreaterOrEqual, ">="),
        (Self::Greater, ">"),
    ];

    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Equal => left == right,
            Self::GreaterOrEqual => left >= right,
            Self::Greater => left > right,
        }
    }

    fn sign(self) -> &'static str {
        Self::ALL.iter().find(|(one, _)| *one == self).map_or("?", |(_, sign)| sign)
    }
}

impl Matcher {
    /// Whether the field's value (or its absence) satisfies the condition.
    pub(super) fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            // Only a leaf exists, as EventBridge sees it: an object is a way to leaves.
            (Self::Exists(wanted), value) => {
                let there = value.is_some_and(|value| !value.is_object());
                there == *wanted
            }
            (_, None) => false,
            (_, Some(Value::Array(items))) => items.iter().any(|item| self.matches_leaf(item)),
            (_, Some(value)) => self.matches_leaf(value),
        }
    }

    fn matches_leaf(&self, value: &Value) -> bool {
        match self {
            Self::Exact(wanted) => equal(wanted, value),
            Self::AnythingBut(matchers) => {
                !value.is_object() && !matchers.iter().any(|matcher| matcher.matches_leaf(value))
            }
            Self::Numeric(comparisons) => value.as_f64().is_some_and(|number| {
                comparisons.iter().all(|(comparison, bound)| comparison.holds(number, *bound))
            }),
            Self::Exists(wanted) => *wanted,
            _ => value.as_str().is_some_and(|text| self.matches_text(text)),
        }
    }

    fn matches_text(&self, text: &str) -> bool {
        match self {
            Self::Prefix(prefix) => text.starts_with(prefix),
            Self::Suffix(suffix) => text.ends_with(suffix),
            Self::PrefixIgnoreCase(prefix) => {
                text.to_lowercase().starts_with(&prefix.to_lowercase())
            }
            Self::SuffixIgnoreCase(suffix) => text.to_lowercase().ends_with(&suffix.to_lowercase()),
            Self::IgnoreCase(wanted) => text.to_lowercase() == wanted.to_lowercase(),
            Self::Wildcard(pattern) => wildcard(pattern, text),
            Self::Exact(_) | Self::AnythingBut(_) | Self::Exists(_) | Self::Numeric(_) => false,
        }
    }

    /// The condition as it is written in a pattern.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Exact(value) => value.clone(),
            Self::Prefix(text) => json!({ "prefix": text }),
            Self::PrefixIgnoreCase(text) => json!({ "prefix": { "equals-ignore-case": text } }),
            Self::Suffix(text) => json!({ "suffix": text }),
            Self::SuffixIgnoreCase(text) => json!({ "suffix": { "equals-ignore-case": text } }),
            Self::IgnoreCase(text) => json!({ "equals-ignore-case": text }),
            Self::Wildcard(text) => json!({ "wildcard": text }),
            Self::Exists(wanted) => json!({ "exists": wanted }),
            Self::AnythingBut(matchers) => {
                let list: Vec<_> = matchers.iter().map(Self::to_json).collect();
                json!({ "anything-but": list })
            }
            Self::Numeric(comparisons) => {
                let list: Vec<Value> = comparisons
                    .iter()
                    .flat_map(|(comparison, bound)| [json!(comparison.sign()), json!(bound)])
                    .collect();
                json!({ "numeric": list })
            }
        }
    }
}

/// Numbers are equal by value (`300` and `300.0`), everything else as it stands.
fn equal(wanted: &Value, value: &Value) -> bool {
    match (wanted, value) {
        (Value::Number(wanted), Value::Number(value)) => wanted.as_f64() == value.as_f64(),
        _ => wanted == value,
    }
}

/// `*` stands for any number of characters; `\*` and `\\` for themselves.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut pieces = vec![String::new()];
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' => pieces.push(String::new()),
            '\\' => pieces.last_mut().into_iter().for_each(|piece| piece.extend(characters.next())),
            other => pieces.last_mut().into_iter().for_each(|piece| piece.push(other)),
        }
    }
    let [first, middle @ .., last] = pieces.as_slice() else { return pieces.concat() == text };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for piece in middle {
        match rest.find(piece.as_str()) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}
