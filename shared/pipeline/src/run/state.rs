//! What a run's register folds to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::approving::Approving;
use super::fact::{Ending, Entered, Evidence, Gated, ImagePushed, Package, Placement, Trigger};
use crate::definition::Definition;
use crate::inspection::Inspection;
use crate::names::{
    EnvironmentName, EventId, ImageDigest, ImageRepository, ImageTag, JobId, JobKey, RunId, Sha256,
    StageName,
};
use crate::order::Source;
use crate::phase::Phase;
use crate::shared::Shared;

mod views;

/// A run as it stands: always equal to the fold of its register.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// How far the run has come.
    pub phase: Phase,
    /// Why it ended otherwise than well, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What started it.
    pub trigger: Trigger,
    /// The pinned source, once checkout has delivered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The definition, once it has been read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Shared<Defined>>,
    /// The image, once the registry has confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// The packages that the build made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// Images that the registry announced under tags of this run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub announced: Vec<ImagePushed>,
    /// The stages, in the order in which they are passed; known in full once the definition is.
    pub stages: Vec<Stage>,
    /// The notices that were sent, in the order of their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<EventId>,
    /// The newer run of the branch that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<RunId>,
    /// Whether the run before is over, or told that it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overtook: bool,
    /// When the run began.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// A definition and its identity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Defined {
    /// The SHA-256 of `signalbox.yaml`.
    pub sha256: Sha256,
    /// What it says.
    pub content: Shared<Definition>,
}

/// The image that a run built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Where it lies.
    pub repository: ImageRepository,
    /// The tag that it was pushed under; what runs is the digest.
    pub tag: ImageTag,
    /// Its digest, as the build reported it and the registry confirmed it.
    pub digest: ImageDigest,
    /// The size of its layers, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// One stage of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Its name: `checkout`, `checks`, `build`, and for each environment `<environment>-validate`,
    /// `-approve`, `-verify`, `-release`.
    pub name: StageName,
    /// What it does.
    pub work: StageWork,
    /// How far it has come.
    pub phase: Phase,
    /// Why it ended otherwise than well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its jobs, side by side.
    pub jobs: Vec<Job>,
    /// The environment as it was on entry: held by `validate`, in runs of the first [`crate::stage::Flow`] by
    /// `verify`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered: Option<Entered>,
    /// What people decided, where the stage waits for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approving: Option<Box<Approving>>,
    /// What the platform said of the environment, where the stage asks it: in `validate`, in runs of
    /// the third [`crate::stage::Flow`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspection: Option<Box<Inspection>>,
    /// How many of 100 launches its release gets, once it is being rolled out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolling: Option<u32>,
    /// When it was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The run that passed it, where this one took it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_from: Option<RunId>,
}

/// What a stage does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StageWork {
    /// Fetch the commit, pin the source, read the definition.
    Checkout,
    /// Run the checks side by side.
    Checks,
    /// Build the image and have the registry confirm it.
    Build,
    /// Enter an environment: its place, its settings, and whether they let the run in.
    Validate {
        /// The environment.
        environment: EnvironmentName,
    },
    /// Wait for the people whom the settings of an environment ask.
    Approve {
        /// The environment.
        environment: EnvironmentName,
    },
    /// Run the verification of an environment in the release's image.
    Verify {
        /// The environment.
        environment: EnvironmentName,
    },
    /// Record the verified release in its environment.
    Release {
        /// The environment.
        environment: EnvironmentName,
    },
}

/// One job of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its name inside the stage.
    pub name: JobKey,
    /// How far it has come.
    pub phase: Phase,
    /// Whether the stage passes without it.
    pub optional: bool,
    /// Why it ended otherwise than well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its submissions, the last one being the one that counts.
    pub attempts: Vec<Attempt>,
}

/// One submission of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// How far it has come.
    pub phase: Phase,
    /// Why it ended otherwise than well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where Batch holds the believed job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<Placement>,
    /// When it began to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// What it left behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// What its conditions said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verdicts: Vec<Gated>,
    /// Jobs under the same name that are not believed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub surplus: Vec<Surplus>,
    /// Why Batch gives its job no place yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Wait>,
    /// Set where it was ended before its job's end was seen: by a person, or by a deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_up: Option<GivenUp>,
}

/// Why a job has no place yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Batch's words.
    pub reason: String,
    /// How many reasons were told so far; later ones are not taken without end.
    pub told: u32,
}

/// What is known about the job of an attempt that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GivenUp {
    /// Whether Batch has, or may still get, a job under its name has to be found out.
    InDoubt,
    /// Its job is the believed one; without one, it has none.
    Known,
}

/// A job that is not believed, and has to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surplus {
    /// Batch's id of the job.
    pub job_id: JobId,
    /// Whether it has ended, or was told to.
    pub over: bool,
}

impl Attempt {
    /// Its job, where that has not been seen to end and something depends on it.
    #[must_use]
    pub fn awaited(&self) -> Option<&Placement> {
        let open = !self.phase.is_terminal() || self.given_up.is_some();
        self.placement.as_ref().filter(|_| open && self.ending.is_none())
    }
}

impl Job {
    /// A job with its first attempt, not submitted yet.
    #[must_use]
    pub fn new(name: JobKey, optional: bool) -> Self {
        Self {
            name,
            phase: Phase::Running,
            optional,
            reason: None,
            attempts: vec![Attempt::new(1)],
        }
    }
}

impl Attempt {
    /// An attempt that is not submitted yet.
    #[must_use]
    pub fn new(number: u32) -> Self {
        Self {
            number,
            phase: Phase::Pending,
            reason: None,
            placement: None,
            started_at: None,
            ending: None,
            evidence: None,
            verdicts: Vec::new(),
            surplus: Vec::new(),
            waiting: None,
            given_up: None,
        }
    }
}
