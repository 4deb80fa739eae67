//! What has become of an environment: who changed what, when and why.
//!
//! The document holds the newest changes; older ones move to segments, which never change. A
//! segment holds the changes of fixed numbers, so whoever writes it writes the same.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Environment, Release};
use crate::names::{ImageDigest, RunId};

/// How many changes a segment holds.
pub const SEGMENT: usize = 20;
/// From so many changes on, the oldest move to a segment.
const MOST: usize = 2 * SEGMENT;
/// As much of somebody's words as is kept, in characters.
const LONGEST_WORDS: usize = 500;

/// The version of a segment that this code writes.
pub const SCHEMA: u32 = 1;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Counted from 1, without a gap.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who: a principal, or Signalbox itself.
    pub by: String,
    /// What.
    pub what: What,
    /// The run whose release it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Why, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What is live since then, where that has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Live>,
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A release went live.
    Released,
    /// A release began to be rolled out.
    Began,
    /// A rollout came to its next step.
    Stepped,
    /// A release was worse than it may be, and fell back.
    FellBack,
    /// A rollout was given up before its end.
    Withdrawn,
    /// A person brought an older release back.
    RolledBack,
    /// Releases are kept out from here on.
    Held,
    /// They are not any more.
    Resumed,
}

/// A release that is live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// Its run.
    pub run: RunId,
    /// Its image.
    pub image: ImageDigest,
}

/// Older changes, as one object holds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// The version of the document.
    pub schema: u32,
    /// Its number, counted from 1.
    pub number: u64,
    /// The changes, the oldest first.
    pub changes: Vec<Change>,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Released => "released",
            Self::Began => "rollout began",
            Self::Stepped => "next step",
            Self::FellBack => "fell back",
            Self::Withdrawn => "rollout given up",
            Self::RolledBack => "rolled back",
            Self::Held => "held",
            Self::Resumed => "resumed",
        })
    }
}

impl From<&Release> for Live {
    fn from(release: &Release) -> Self {
        Self { run: release.run.clone(), image: release.image.clone() }
    }
}

impl Environment {
    /// The segment that the oldest changes are to move to, where there are too many.
    #[must_use]
    pub fn full_segment(&self) -> Option<Segment> {
        let changes = self.changes.get(..SEGMENT).filter(|_| self.changes.len() >= MOST)?;
        let number = changes.last()?.seq / SEGMENT as u64;
        Some(Segment { schema: SCHEMA, number, changes: changes.to_vec() })
    }

    /// Forgets the changes of `segment`, which is kept elsewhere; nothing where they are gone.
    #[must_use]
    pub fn without_segment(&self, segment: &Segment, write_id: &str) -> Option<Self> {
        let mut next = self.rewritten(write_id);
        let is_there = next.changes.starts_with(&segment.changes);
        next.changes.drain(..if is_there { segment.changes.len() } else { 0 });
        is_there.then_some(next)
    }

    pub(super) fn note(&mut self, noted: Noted<'_>, at: Timestamp) {
        let Noted { by, what, run, why, live } = noted;
        let words = |text: &str| text.chars().take(LONGEST_WORDS).collect();
        // The number of the last change is kept where all of them are in segments; they never are.
        let seq = self.changes.last().map_or(0, |last| last.seq).saturating_add(1);
        self.changes.push(Change {
            seq,
            at,
            by: words(by),
            what,
            run: run.cloned(),
            why: why.map(words),
            live: live.map(Live::from),
        });
    }
}

/// A change before it has its number.
#[derive(Clone, Copy)]
pub(super) struct Noted<'a> {
    pub(super) by: &'a str,
    pub(super) what: What,
    pub(super) run: Option<&'a RunId>,
    pub(super) why: Option<&'a str>,
    pub(super) live: Option<&'a Release>,
}
