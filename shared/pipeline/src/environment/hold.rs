//! Holds: releases are kept out of an environment.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Environment;
use super::history::{Noted, What};
use super::rollout::SIGNALBOX;
use crate::names::RunId;

/// Releases are kept out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Counts the holds of the environment: who lifts one says which.
    pub number: u64,
    /// Since when.
    pub at: Timestamp,
    /// Whose it is: a principal, or Signalbox itself.
    pub by: String,
    /// Why.
    pub reason: String,
    /// A run that is newer than this one is let in all the same; nobody, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_newer_than: Option<RunId>,
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "releases are on hold (number {}, by {}): {}", self.number, self.by, self.reason)
    }
}

impl Environment {
    /// Why `run` may not be released, where a hold says so.
    #[must_use]
    pub fn keeps_out(&self, run: &RunId) -> Option<&Hold> {
        let is_newer = |hold: &Hold| hold.until_newer_than.as_ref().is_some_and(|it| run > it);
        self.hold.as_ref().filter(|hold| !is_newer(hold))
    }

    pub(super) fn set_hold(&mut self, by: &str, why: &str, newer: Option<RunId>, now: Timestamp) {
        self.holds = self.holds.saturating_add(1);
        let run = newer.as_ref();
        self.note(Noted { by, what: What::Held, run, why: Some(why), live: None }, now);
        self.hold = Some(Hold {
            number: self.holds,
            at: now,
            by: by.to_owned(),
            reason: why.to_owned(),
            until_newer_than: newer,
        });
    }

    /// A hold that does not keep `run` out is over once `run` is released.
    pub(super) fn lift_passed(&mut self, run: &RunId, now: Timestamp) {
        if self.hold.is_some() && self.keeps_out(run).is_none() {
            self.hold = None;
            let (what, why) = (What::Resumed, Some("a newer commit arrived"));
            self.note(Noted { by: SIGNALBOX, what, run: Some(run), why, live: None }, now);
        }
    }
}
