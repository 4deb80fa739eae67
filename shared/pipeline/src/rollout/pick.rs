//! Which side a launch is on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::sha256;
use crate::names::LaunchId;

/// The release that is live, or the one that is about to take its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The release that is live.
    Current,
    /// The release that is rolled out.
    Candidate,
}

/// Into how many parts all launches are split.
const PARTS: u32 = 10_000;

impl Side {
    /// The side of `launch` where the candidate has `weight` of 100. It follows from the launch's id
    /// alone: the same launch has the same side, and one that has the candidate at some weight has
    /// it at every larger one.
    #[must_use]
    pub fn of(launch: &LaunchId, weight: u32) -> Self {
        let hash = sha256(launch.as_str().as_bytes());
        // A SHA-256 is 64 hex digits.
        let first = u32::from_str_radix(&hash.as_str()[..8], 16).unwrap_or_default();
        if first % PARTS < weight.saturating_mul(PARTS / 100) {
            Self::Candidate
        } else {
            Self::Current
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Current => "current",
            Self::Candidate => "candidate",
        })
    }
}
