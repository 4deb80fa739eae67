//! Why a job ended that did not end well, where the platform's words tell.

use serde::{Deserialize, Serialize};

/// What ended a job, told apart from what its own command did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The machine under it was taken away, as Spot does.
    Reclaimed,
    /// Its image could not be pulled.
    ImagePull,
    /// It used more memory than it had asked for.
    OutOfMemory,
    /// It took longer than Batch lets it.
    TimedOut,
    /// No machine was to be had for it.
    NoCapacity,
}

impl Cause {
    /// The first version of the run document that knows it.
    pub(super) fn schema(self) -> u32 {
        match self {
            Self::Reclaimed | Self::ImagePull | Self::OutOfMemory => 3,
            Self::TimedOut | Self::NoCapacity => 5,
        }
    }
}
