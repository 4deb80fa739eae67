//! Patterns of branches.

use serde::{Deserialize, Serialize};

use crate::names::BranchName;
use crate::text::parsed_text;

/// A branch, or a pattern of branches: `*` stands for anything but `/`, `**` for anything.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BranchPattern(String);

/// A text that is no pattern of branches.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a branch pattern: expected letters, digits and . _ - in segments joined by /, \
     with * for any part of a segment and ** for anything, 200 at most"
)]
pub struct PatternError(String);

const LONGEST: usize = 200;

impl BranchPattern {
    /// The pattern in `text`.
    ///
    /// # Errors
    /// When `text` could not match any branch.
    pub fn parse(text: impl Into<String>) -> Result<Self, PatternError> {
        let text = text.into();
        // A pattern is a branch name once its stars stand for letters.
        let fits = text.len() <= LONGEST
            && !text.contains("***")
            && BranchName::parse(text.replace('*', "x")).is_ok();
        if fits { Ok(Self(text)) } else { Err(PatternError(text.chars().take(60).collect())) }
    }

    /// The pattern that matches every branch.
    #[must_use]
    pub fn everything() -> Self {
        Self("**".to_owned())
    }

    /// Whether `branch` is one of those meant.
    #[must_use]
    pub fn matches(&self, branch: &BranchName) -> bool {
        matches(self.0.as_bytes(), branch.as_str().as_bytes())
    }
}

/// Goes through the pattern once, keeping which beginnings of the branch it can have matched:
/// time is the product of the lengths, whatever the pattern.
pub(super) fn matches(pattern: &[u8], branch: &[u8]) -> bool {
    let mut reached = vec![false; branch.len() + 1];
    reached[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let across = pattern[at..].starts_with(b"**");
        let mut next = vec![false; branch.len() + 1];
        if pattern[at] == b'*' {
            for end in 0..=branch.len() {
                let longer = end > 0 && next[end - 1] && (across || branch[end - 1] != b'/');
                next[end] = reached[end] || longer;
            }
        } else {
            for end in 1..=branch.len() {
                next[end] = reached[end - 1] && branch[end - 1] == pattern[at];
            }
        }
        reached = next;
        at += if across { 2 } else { 1 };
    }
    reached[branch.len()]
}

parsed_text!(BranchPattern, PatternError);
