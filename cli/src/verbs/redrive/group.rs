//! Letters that are here for one reason.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Fate;
use super::letter::{Cause, Letter};

/// So many ids of messages are kept of each group.
const NAMED: usize = 5;

/// Letters with one reason and one fate.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Group {
    /// Why they are here, in the words of the first.
    pub(super) reason: String,
    /// The same, in a word.
    pub(super) cause: Cause,
    /// What becomes of them.
    pub(super) fate: Fate,
    /// How many they are.
    pub(super) count: usize,
    /// When the oldest was sent, in milliseconds of the epoch.
    pub(super) oldest: i64,
    /// How often the most tried of them was received.
    pub(super) receives: u32,
    /// The ids of the first few.
    pub(super) messages: Vec<String>,
}

/// All letters, by reason.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: BTreeMap<(Fate, Cause, String), Group>,
    trouble: Option<String>,
}

impl Groups {
    /// Counts a letter in.
    pub(super) fn add(&mut self, letter: &Letter, fate: Fate) {
        let key = (fate, letter.cause, alike(&letter.reason));
        let group = self.groups.entry(key).or_insert_with(|| Group {
            reason: letter.reason.clone(),
            cause: letter.cause,
            fate,
            count: 0,
            oldest: letter.sent,
            receives: 0,
            messages: Vec::new(),
        });
        group.count += 1;
        group.oldest = group.oldest.min(letter.sent);
        group.receives = group.receives.max(letter.receives);
        group.messages.extend((group.messages.len() < NAMED).then(|| letter.id.clone()));
    }

    /// Remembers why a letter was not taken back; the first reason is told.
    pub(super) fn trouble(&mut self, why: &str) {
        self.trouble.get_or_insert_with(|| why.to_owned());
    }

    /// Why the first letter that was not taken back was not.
    pub(super) fn first_trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// The groups: what moves first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// How many letters have this fate.
    pub(super) fn count(&self, fate: Fate) -> usize {
        self.all().filter(|group| group.fate == fate).map(|group| group.count).sum()
    }

    /// How many letters there were.
    pub(super) fn total(&self) -> usize {
        self.all().map(|group| group.count).sum()
    }

    /// How many should have gone back and were not taken.
    pub(super) fn refused(&self) -> usize {
        self.count(Fate::Refused)
    }
}

/// What two reasons that differ only in ids and numbers have in common.
fn alike(reason: &str) -> String {
    let words = reason
        .split_whitespace()
        .map(|word| if word.bytes().any(|byte| byte.is_ascii_digit()) { "#" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_differ_in_ids_and_numbers_are_one() {
        let (one, other) = ("line 1 column 7: no run 2026-a", "line 2 column 30: no run 2027-b");
        assert_eq!(alike(one), alike(other));
        assert_ne!(alike("not an event"), alike("not a branch"));
    }
}
