//! What happened: the only input of a run.

use serde::{Deserialize, Serialize};

use crate::attempt::AttemptId;
use crate::definition::Definition;
use crate::gate::Verdict;
use crate::names::{
    EnvironmentName, EventId, ImageDigest, ImageRepository, ImageTag, RunId, Sha256,
};
use crate::order::Source;
use crate::report::{Commit, Report};
use crate::shared::Shared;
use crate::stage::Flow;

mod cause;
mod decided;
mod entered;
mod job;
pub mod outside;
mod trigger;

pub use cause::Cause;
pub use decided::{Choice, Decided, Expired, Left, RollingOut};
pub use entered::{Entered, Frozen, Inspected, LiveRelease, Place, Standing};
pub use job::{
    Ending, JobEnded, JobFound, JobRefused, JobStarted, Overdue, Placement, Terminated, Waiting,
    Withdrawn,
};
pub use trigger::{CannotRetry, Origin, Taken, Trigger};

/// Something that happened, as the register holds it for ever.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    /// A commit was pushed: the first entry of every register.
    Triggered(Trigger),
    /// Batch was asked for an attempt by name and knows it.
    JobFound(JobFound),
    /// Batch refused the submission for good.
    JobRefused(JobRefused),
    /// A job began to run.
    JobStarted(JobStarted),
    /// A job ended.
    JobEnded(JobEnded),
    /// What an ended attempt left behind was read.
    Reported(Reported),
    /// What checkout delivered was pinned, and the definition read.
    Defined(Defined),
    /// The registry announced an image under one of our tags.
    ImagePushed(ImagePushed),
    /// The registry was asked what it holds under the tag of a build attempt.
    ImageFound(ImageFound),
    /// The settings and the live release of an environment were read.
    Entered(Entered),
    /// The platform was asked whether the release can run in an environment.
    Inspected(Inspected),
    /// The release was recorded in its environment.
    Released(Released),
    /// A surplus job was told to end.
    Terminated(Terminated),
    /// A person ended the run.
    Cancelled(Cancelled),
    /// A submission that was given up was looked up, and never reached Batch.
    Withdrawn(Withdrawn),
    /// Batch says why a job has no place yet.
    Waiting(Waiting),
    /// An attempt has outlived its deadline.
    Overdue(Overdue),
    /// A person approved of the release, or rejected it.
    Decided(Decided),
    /// An environment was waited for too long.
    Expired(Expired),
    /// The run has no place in the environment any more.
    Left(Left),
    /// People were told.
    Notified(Notified),
    /// A newer run of the branch has ended it.
    Superseded(Superseded),
    /// The run that owned the branch before is over, or has been told that it is superseded.
    Overtaken(Overtaken),
    /// The release is being rolled out in its environment.
    RollingOut(RollingOut),
}

/// What an attempt left behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reported {
    /// The attempt.
    pub attempt: AttemptId,
    /// The evidence, or why there is none.
    pub evidence: Evidence,
    /// What the job's conditions said about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verdicts: Vec<Gated>,
}

/// A condition and its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gated {
    /// The condition as it was written.
    pub condition: String,
    /// What came of it.
    pub verdict: Verdict,
}

/// The report of an attempt, pinned by version and content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// `result.json` was read.
    Read(Shared<Found>),
    /// There is none that can be believed.
    Missing {
        /// Why, and where it was looked for.
        reason: String,
    },
}

impl Evidence {
    /// The first version of the run document that can hold all that was reported.
    pub(super) fn schema(&self) -> u32 {
        match self {
            Self::Read(found) if found.report.needs_schema_5() => 5,
            Self::Read(_) | Self::Missing { .. } => 1,
        }
    }

    /// Who made the commit, where a checkout has told it.
    #[must_use]
    pub fn commit(&self) -> Option<&Commit> {
        match self {
            Self::Read(found) => found.report.commit.as_ref(),
            Self::Missing { .. } => None,
        }
    }
}

/// A `result.json` that was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Its key in the artifacts bucket.
    pub key: String,
    /// The version of the object.
    pub version: String,
    /// The SHA-256 of its bytes.
    pub sha256: Sha256,
    /// What it says.
    pub report: Report,
}

/// The source is pinned and the definition read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Defined {
    /// The checkout attempt that delivered both.
    pub attempt: AttemptId,
    /// What came of it.
    pub outcome: DefinitionOutcome,
}

/// What came of reading the definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DefinitionOutcome {
    /// It holds.
    Accepted {
        /// The source that every later job works on.
        source: Source,
        /// The SHA-256 of `signalbox.yaml`.
        sha256: Sha256,
        /// What it says.
        definition: Shared<Definition>,
        /// Through which stages it leads.
        #[serde(default, skip_serializing_if = "Flow::is_first")]
        flow: Flow,
    },
    /// It leaves this branch out.
    Skipped {
        /// Why, in one sentence.
        reason: String,
    },
    /// It is faulty, or it is not the registered pipeline's.
    Refused {
        /// Every fault, a line each, with line and column.
        reason: String,
    },
    /// What checkout reported is not what it delivered.
    Unusable {
        /// What differs.
        reason: String,
    },
}

impl DefinitionOutcome {
    fn schema(&self) -> u32 {
        match self {
            Self::Accepted { definition, .. } => definition.schema(),
            Self::Skipped { .. } | Self::Refused { .. } | Self::Unusable { .. } => 1,
        }
    }

    fn flow(&self) -> Flow {
        match self {
            Self::Accepted { flow, .. } => *flow,
            Self::Skipped { .. } | Self::Refused { .. } | Self::Unusable { .. } => Flow::First,
        }
    }
}

/// The registry announced an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagePushed {
    /// The number of the build attempt that the tag names.
    pub number: u32,
    /// Where it was pushed.
    pub repository: ImageRepository,
    /// Under which tag.
    pub tag: ImageTag,
    /// What was pushed.
    pub digest: ImageDigest,
}

/// What the registry holds under the tag of a build attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFound {
    /// The build attempt.
    pub attempt: AttemptId,
    /// The digest; absent where the registry holds nothing under the tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<ImageDigest>,
    /// The size of its layers, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The packages that the build delivered, once they are where no job can write.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// Why a package that the build reported is not believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unbelieved: Option<String>,
}

/// A package that a build made, pinned by version and content. Its key follows from its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The name of its file.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its bytes.
    pub sha256: Sha256,
    /// The version of the object.
    pub version: String,
}

impl ImageFound {
    fn speaks_of_packages(&self) -> bool {
        !self.packages.is_empty() || self.unbelieved.is_some()
    }
}

/// A release was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// The environment.
    pub environment: EnvironmentName,
    /// The newer run whose release is live instead, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<RunId>,
    /// Why it was not recorded at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// A notice is on its way to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notified {
    /// Its id.
    pub notice: EventId,
}

/// A newer run of the branch takes the place of this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Superseded {
    /// The newer run.
    pub by: RunId,
}

/// There is nothing to wait for any more, or to be told, of the run before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overtaken {
    /// The run before.
    pub run: RunId,
}

/// A person ended the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {
    /// The id of the decision.
    pub decision: EventId,
    /// Whose decision it is: the principal that the queue itself names.
    pub by: String,
    /// Why, in that person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Fact {
    /// The first version of the run document that can hold the fact: code that knows only older
    /// ones must not touch it, or it would lose what it does not know and break the register.
    #[must_use]
    pub fn schema(&self) -> u32 {
        let content = match self {
            Self::Defined(defined) => defined.outcome.schema(),
            Self::Triggered(trigger) => trigger.schema(),
            Self::Reported(reported) => reported.evidence.schema(),
            Self::ImageFound(found) if found.speaks_of_packages() => 5,
            _ => 1,
        };
        self.kind_schema().max(content)
    }

    /// The same by what happened alone, whatever else it holds.
    fn kind_schema(&self) -> u32 {
        match self {
            Self::Inspected(_) => 5,
            Self::Defined(defined) if defined.outcome.flow() == Flow::Third => 5,
            Self::Triggered(trigger) if trigger.flow() == Flow::Third => 5,
            Self::Entered(entered) if entered.is_of_the_third_flow() => 5,
            Self::Decided(_)
            | Self::Expired(_)
            | Self::Left(_)
            | Self::Notified(_)
            | Self::Superseded(_)
            | Self::Overtaken(_)
            | Self::RollingOut(_) => 4,
            Self::Defined(defined) if defined.outcome.flow() != Flow::First => 4,
            Self::Entered(entered) if entered.is_of_the_second_flow() => 4,
            Self::Released(released) if released.refused.is_some() => 4,
            Self::Triggered(trigger) if trigger.flow() != Flow::First => 4,
            Self::Triggered(trigger) if trigger.names_people() || trigger.names_runs() => 4,
            Self::Reported(reported) if reported.evidence.commit().is_some() => 4,
            Self::Triggered(trigger) if trigger.notifies() => 4,
            Self::Entered(entered) if !entered.is_plain() => 3,
            Self::JobEnded(JobEnded { ending: Ending { cause: Some(cause), .. }, .. }) => {
                cause.schema()
            }
            Self::Triggered(trigger) if !trigger.is_plain() => 2,
            Self::Cancelled(_) | Self::Withdrawn(_) | Self::Waiting(_) | Self::Overdue(_) => 2,
            _ => 1,
        }
    }

    /// The attempt that the fact is about.
    #[must_use]
    pub fn attempt(&self) -> Option<&AttemptId> {
        match self {
            Self::JobFound(JobFound { attempt, .. })
            | Self::JobRefused(JobRefused { attempt, .. })
            | Self::JobStarted(JobStarted { attempt, .. })
            | Self::JobEnded(JobEnded { attempt, .. })
            | Self::Reported(Reported { attempt, .. })
            | Self::Defined(Defined { attempt, .. })
            | Self::ImageFound(ImageFound { attempt, .. })
            | Self::Terminated(Terminated { attempt, .. })
            | Self::Withdrawn(Withdrawn { attempt })
            | Self::Waiting(Waiting { attempt, .. })
            | Self::Overdue(Overdue { attempt, .. }) => Some(attempt),
            Self::Triggered(_)
            | Self::ImagePushed(_)
            | Self::Entered(_)
            | Self::Inspected(_)
            | Self::Released(_)
            | Self::Cancelled(_)
            | Self::Decided(_)
            | Self::Expired(_)
            | Self::Left(_)
            | Self::Notified(_)
            | Self::RollingOut(_) => None,
            Self::Superseded(_) | Self::Overtaken(_) => None,
        }
    }

    /// Where Batch says that the attempt is, for facts that come from Batch.
    #[must_use]
    pub fn placement(&self) -> Option<&Placement> {
        match self {
            Self::JobFound(JobFound { placement, .. })
            | Self::JobStarted(JobStarted { placement, .. })
            | Self::JobEnded(JobEnded { placement, .. }) => Some(placement),
            _ => None,
        }
    }
}
