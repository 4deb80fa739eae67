//! What is told about a job: by Batch, by who submitted it, by who waits for it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Cause;
use crate::attempt::AttemptId;
use crate::names::{JobId, TaskId};

/// Where Batch holds an attempt: the first that is recorded is the believed one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// Batch's id of the job.
    pub job_id: JobId,
    /// The name of its job definition.
    pub definition: String,
    /// The ARN of its queue.
    pub queue: String,
}

/// An attempt is known to Batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFound {
    /// The attempt.
    pub attempt: AttemptId,
    /// Where it was found.
    pub placement: Placement,
}

/// A submission was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRefused {
    /// The attempt.
    pub attempt: AttemptId,
    /// Batch's words.
    pub reason: String,
}

/// A job began to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobStarted {
    /// The attempt.
    pub attempt: AttemptId,
    /// Where it runs.
    pub placement: Placement,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
}

/// A job ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEnded {
    /// The attempt.
    pub attempt: AttemptId,
    /// Where it ran.
    pub placement: Placement,
    /// How it ended.
    pub ending: Ending,
}

/// How a job ended, in Batch's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// Whether Batch counts it as `SUCCEEDED`.
    pub succeeded: bool,
    /// The exit code of the main container; absent where it never ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Batch's reason, the container's first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What ended it, where that was not its own command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The task that carried it: its results are read under this name only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// When it began to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Timestamp>,
}

/// A surplus job was told to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminated {
    /// The attempt that it was a surplus of.
    pub attempt: AttemptId,
    /// The job.
    pub job_id: JobId,
}

/// The name of a given-up attempt was looked up after the lease of its submission had run out, and
/// Batch has no such job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// The attempt.
    pub attempt: AttemptId,
}

/// Why Batch gives a job no place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The attempt.
    pub attempt: AttemptId,
    /// Batch's words.
    pub reason: String,
}

/// A deadline of [`crate::deadline`] has passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overdue {
    /// The attempt.
    pub attempt: AttemptId,
    /// Which deadline, in one sentence.
    pub reason: String,
}
