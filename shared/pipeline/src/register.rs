//! The register: every fact that a run took, in order, each holding the hash of the one before.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::sha256;
use crate::names::{EventId, Sha256};
use crate::run::Fact;
use crate::shared::Shared;

/// One line of the register.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Counted from 1.
    pub seq: u64,
    /// When the fact was taken.
    pub at: Timestamp,
    /// The event that brought it.
    pub event: EventId,
    /// Who or what says so.
    pub actor: String,
    /// What happened.
    pub fact: Fact,
    /// The hash of the entry before; of nothing, for the first.
    pub prev: Sha256,
}

/// A fact on its way into the register.
#[derive(Clone, Debug, PartialEq)]
pub struct Occurrence {
    /// The event that brings it.
    pub event: EventId,
    /// Who or what says so.
    pub actor: String,
    /// What happened.
    pub fact: Fact,
}

/// A register that was altered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// An entry is missing, doubled or out of its place.
    #[error("entry {found} stands where entry {expected} belongs")]
    Sequence {
        /// The number that belongs there.
        expected: u64,
        /// The number that stands there.
        found: u64,
    },
    /// An entry does not hold the hash of the one before.
    #[error(
        "entry {seq} does not follow from the one before: it was altered, or the one before was"
    )]
    Chain {
        /// The number of the entry.
        seq: u64,
    },
}

/// The facts of a run, in the order in which it took them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Register(Vec<Shared<Entry>>);

impl Register {
    /// The entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Shared<Entry>] {
        &self.0
    }

    /// Adds an occurrence at `at`.
    pub(crate) fn append(&mut self, occurrence: Occurrence, at: Timestamp) {
        let Occurrence { event, actor, fact } = occurrence;
        let (seq, prev) = (self.next_seq(), self.head());
        self.0.push(Shared::new(Entry { seq, at, event, actor, fact, prev }));
    }

    /// The hash of the last entry; of nothing, where there is none.
    #[must_use]
    pub fn head(&self) -> Sha256 {
        self.0.last().map_or_else(|| sha256(b""), |last| last.hash())
    }

    /// Whether `self` holds all that `older` held, unchanged.
    #[must_use]
    pub fn extends(&self, older: &Self) -> bool {
        self.0.starts_with(&older.0)
    }

    /// Proves the chain.
    ///
    /// # Errors
    /// Names the first entry that was altered, removed or moved.
    pub fn verify(&self) -> Result<(), Broken> {
        let mut prev = sha256(b"");
        for (expected, entry) in (1..).zip(&self.0) {
            if entry.seq != expected {
                return Err(Broken::Sequence { expected, found: entry.seq });
            }
            if entry.prev != prev {
                return Err(Broken::Chain { seq: entry.seq });
            }
            prev = entry.hash();
        }
        Ok(())
    }

    fn next_seq(&self) -> u64 {
        self.0.last().map_or(1, |entry| entry.seq.saturating_add(1))
    }
}

impl Entry {
    /// The SHA-256 of the entry's JSON, its members in the order of this type.
    #[must_use]
    pub fn hash(&self) -> Sha256 {
        // An entry holds only strings, numbers and maps with string keys: it always has a JSON form.
        sha256(&serde_json::to_vec(self).unwrap_or_default())
    }
}
