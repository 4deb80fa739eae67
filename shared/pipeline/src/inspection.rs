//! What is looked at before anything of a release runs in an environment: named checks, each with
//! its outcome and its evidence.
//!
//! All of them are looked at, whatever one finds, so that whoever has to mend something learns of
//! everything at once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::names::Sha256;

mod compute;
mod image;
mod scan;
mod seen;

pub use compute::Asking;
pub use scan::Bounds;
pub use seen::{ComputeEnvironment, Manifest, Queue, Scan, Seen};

pub(crate) use compute::{processors, queue};
pub(crate) use image::image;
pub(crate) use scan::scan;

/// A check and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// What came of it.
    pub outcome: Outcome,
    /// What was seen, in one sentence; and what to change, where it failed.
    pub evidence: String,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Whether the pipeline may enter.
    Pipeline,
    /// Whether the branch may.
    Branch,
    /// Whether a required check has passed.
    RequiredCheck,
    /// Whether the image is as small as it has to be.
    ImageSize,
    /// Whether the registry holds the image.
    Image,
    /// Whether the image is for the machines that jobs run on.
    Platform,
    /// Whether the job queue takes jobs.
    Queue,
    /// Whether what is behind the queue can hold what the jobs ask for.
    Compute,
    /// Whether the registry's scan of the image found no more than it may.
    Scan,
    /// Whether the jobs' role reads a location of data.
    Data,
    /// Whether a job is given a secret.
    Secret,
    /// Whether a job has the role that it is to have.
    Role,
}

impl std::fmt::Display for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pipeline => "pipeline",
            Self::Branch => "branch",
            Self::RequiredCheck => "required-check",
            Self::ImageSize => "image-size",
            Self::Image => "image",
            Self::Platform => "platform",
            Self::Queue => "queue",
            Self::Compute => "compute",
            Self::Scan => "scan",
            Self::Data => "data",
            Self::Secret => "secret",
            Self::Role => "role",
        })
    }
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All is as it has to be.
    Passed,
    /// The release may not go on.
    Failed,
    /// It is not known yet: it is looked at again.
    Open,
}

impl Finding {
    /// The most characters of its evidence.
    pub const LONGEST: usize = 500;

    /// A check that passed.
    #[must_use]
    pub fn passed(check: Check, evidence: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Passed, evidence: evidence.into() }
    }

    /// A check that did not.
    #[must_use]
    pub fn failed(check: Check, evidence: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Failed, evidence: evidence.into() }
    }

    /// A check that has to wait.
    #[must_use]
    pub fn open(check: Check, evidence: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Open, evidence: evidence.into() }
    }

    /// The same with no more words than are kept: some are a service's, or a job's.
    #[must_use]
    pub fn bounded(self) -> Self {
        Self { evidence: self.evidence.chars().take(Self::LONGEST).collect(), ..self }
    }
}

/// What the platform said of an environment when a run had come to its turn there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// The digest of the settings that it was looked at for; absent until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Sha256>,
    /// Since when it is looked at for these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// What was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The hash of what a job was given to try, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<Sha256>,
}

impl Inspection {
    /// Whether something is not known yet.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.findings.iter().any(|finding| finding.outcome == Outcome::Open)
    }

    /// Whether jobs find a place in the queue: what is wrong with the image does not matter to them.
    pub(crate) fn takes_jobs(&self) -> bool {
        let place = |finding: &&Finding| matches!(finding.check, Check::Queue | Check::Compute);
        self.findings.iter().filter(place).all(|finding| finding.outcome == Outcome::Passed)
    }
}

#[cfg(test)]
mod tests;
