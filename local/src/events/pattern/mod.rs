//! Event patterns: the part of EventBridge's language that the engine knows.
//!
//! Known are exact values, `null`, `prefix`, `suffix`, `equals-ignore-case`, `wildcard`,
//! `anything-but`, `exists`, `numeric` and `$or`. Anything else is refused when the pattern is
//! read, because a condition that is passed over would match what AWS does not.

use serde_json::{Map, Value};

mod matcher;
mod mismatch;
mod parse;
#[cfg(test)]
mod tests;

use matcher::Matcher;
pub use mismatch::Mismatch;
pub use parse::PatternError;

/// A pattern that was read and understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern(Object);

/// All fields must match, and one of each group of alternatives.
#[derive(Clone, Debug, Default, PartialEq)]
struct Object {
    fields: Vec<(String, Field)>,
    alternatives: Vec<Vec<Object>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Field {
    Object(Object),
    /// One of these must match.
    Values(Vec<Matcher>),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it is no pattern, or asks for what the engine does not know; the error says where.
    pub fn parse(pattern: &Value) -> Result<Self, PatternError> {
        parse::object(pattern, &mut Vec::new()).map(Self)
    }

    /// Whether `event` matches.
    #[must_use]
    pub fn matches(&self, event: &Value) -> bool {
        self.0.matches(Some(event))
    }
}

impl Object {
    fn matches(&self, value: Option<&Value>) -> bool {
        match value {
            // Inside an array one element must satisfy the whole.
            Some(Value::Array(items)) => items.iter().any(|item| self.matches(Some(item))),
            Some(Value::Object(map)) => self.matches_map(map),
            _ => self.matches_map(&Map::new()),
        }
    }

    fn matches_map(&self, map: &Map<String, Value>) -> bool {
        self.fields.iter().all(|(key, field)| field.matches(map.get(key)))
            && self.alternatives.iter().all(|group| group.iter().any(|one| one.matches_map(map)))
    }
}

impl Field {
    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Object(object) => object.matches(value),
            Self::Values(matchers) => matchers.iter().any(|matcher| matcher.matches(value)),
        }
    }
}
