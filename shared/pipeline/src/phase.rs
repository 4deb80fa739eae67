//! How far something has come.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The phase of a run, a stage, a job or an attempt.
///
/// `failed` means that the user's work failed; `errored` that our machinery or the platform did.
/// The two notify, retry and count differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Not begun.
    Pending,
    /// Begun, not ended.
    Running,
    /// Ended well.
    Succeeded,
    /// The user's work failed.
    Failed,
    /// Our machinery or the platform failed.
    Errored,
    /// Ended by a person.
    Cancelled,
    /// Given up for a newer run.
    Superseded,
    /// Left out.
    Skipped,
}

impl Phase {
    /// Whether nothing follows any more.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }

    /// The phase in lower case, as it stands in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Errored => "errored",
            Self::Cancelled => "cancelled",
            Self::Superseded => "superseded",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
