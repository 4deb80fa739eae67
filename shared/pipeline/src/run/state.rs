//! What a run's register folds to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::approving::Approving;
use super::fact::{Ending, Entered, Evidence, Gated, ImagePushed, Placement, Trigger};
use crate::attempt::AttemptId;
use crate::definition::{self, Concurrency, Definition};
use crate::names::{
    EnvironmentName, EventId, ImageDigest, ImageRepository, ImageTag, JobId, JobKey, RunId, Sha256,
    StageName,
};
use crate::order::Source;
use crate::phase::Phase;
use crate::report::Commit;
use crate::rollout::Plan;
use crate::shared::Shared;
use crate::stage::Flow;

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
    /// The environment as it was on entry: held by `validate`, in runs of the first [`Flow`] by
    /// `verify`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered: Option<Entered>,
    /// What people decided, where the stage waits for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approving: Option<Box<Approving>>,
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

impl State {
    /// The stage that the run is in: the first that is not over, and does not go on beside those
    /// that follow it.
    #[must_use]
    pub fn stage(&self) -> Option<&Stage> {
        let open = || self.stages.iter().filter(|stage| !stage.phase.is_terminal());
        open().find(|stage| !self.is_beside(stage)).or_else(|| open().next())
    }

    /// Whether `stage` is under way beside those that follow it: a release that is being recorded.
    #[must_use]
    pub fn is_beside(&self, stage: &Stage) -> bool {
        stage.phase == Phase::Running
            && matches!(stage.work, StageWork::Release { .. })
            && self.entry(stage).is_some()
            && self.rollout(stage).is_none()
    }

    /// How the release of `stage` takes the place of the live one, where not at once.
    #[must_use]
    pub fn rollout<'s>(&'s self, stage: &'s Stage) -> Option<&'s Plan> {
        let is_release = matches!(stage.work, StageWork::Release { .. });
        let settings = self.entered(stage).filter(|_| is_release)?.settings.as_ref()?;
        settings.rollout.as_ref()
    }

    /// The stages whose release is being rolled out.
    pub fn rolls_out(&self) -> impl Iterator<Item = &Stage> {
        let is_open = |stage: &&Stage| stage.phase == Phase::Running && stage.rolling.is_some();
        self.stages.iter().filter(is_open)
    }

    /// Through which stages the run passes its environments.
    #[must_use]
    pub fn flow(&self) -> Flow {
        let environments = self.stages.iter().filter(|stage| stage.work.environment().is_some());
        let mut first = environments.take(1);
        let is_first = first.any(|stage| matches!(stage.work, StageWork::Verify { .. }));
        if is_first { Flow::First } else { Flow::Second }
    }

    /// The stage in which the run enters the environment that `stage` is about; none in runs of the
    /// first [`Flow`].
    #[must_use]
    pub fn entry(&self, stage: &Stage) -> Option<&Stage> {
        let about = stage.work.environment()?;
        self.stages.iter().find(|stage| match &stage.work {
            StageWork::Validate { environment } => environment == about,
            _ => false,
        })
    }

    /// Who made the commit, by git's word as the checkout has told it.
    #[must_use]
    pub fn commit(&self) -> Option<&Commit> {
        let checkout = self.stages.iter().find(|stage| stage.work == StageWork::Checkout)?;
        checkout.jobs.first()?.attempts.last()?.evidence.as_ref()?.commit()
    }

    /// The stages in which the run waits before an environment: for its place, for people, for the
    /// end of a freeze.
    pub fn waits_before(&self) -> impl Iterator<Item = &Stage> {
        self.stages.iter().filter(|stage| {
            let is_gate =
                matches!(stage.work, StageWork::Validate { .. } | StageWork::Approve { .. });
            is_gate && stage.phase == Phase::Running && self.entered(stage).is_some()
        })
    }

    /// The run of the same branch that has to be over before this one begins its checks.
    #[must_use]
    pub fn queued_behind(&self) -> Option<&RunId> {
        let definition = &self.definition.as_ref()?.content;
        let queues = definition.concurrency == Concurrency::Queue && !self.overtook;
        let is_live = !self.phase.is_terminal();
        self.trigger.before.as_ref().filter(|_| queues && is_live)
    }

    /// The run of the same branch that this one has to end.
    #[must_use]
    pub fn supersedes(&self) -> Option<&RunId> {
        let definition = self.definition.as_ref().map(|defined| defined.content.concurrency);
        // What was superseded before its definition was known passes that on.
        let ends_it = definition == Some(Concurrency::Supersede) || self.superseded_by.is_some();
        self.trigger.before.as_ref().filter(|_| ends_it && !self.overtook)
    }

    /// How the environment was found that `stage` is about.
    #[must_use]
    pub fn entered<'s>(&'s self, stage: &'s Stage) -> Option<&'s Entered> {
        self.entry(stage).unwrap_or(stage).entered.as_ref()
    }

    /// An attempt of the run.
    #[must_use]
    pub fn attempt(&self, id: &AttemptId) -> Option<&Attempt> {
        let job = self.job(id)?;
        job.attempts.iter().find(|attempt| attempt.number == id.number)
    }

    /// The job that an attempt belongs to.
    #[must_use]
    pub fn job(&self, id: &AttemptId) -> Option<&Job> {
        let stage = self.stages.iter().find(|stage| stage.name == id.stage)?;
        stage.jobs.iter().find(|job| job.name == id.job)
    }

    /// What the definition says about a job of a stage; nothing for `checkout` and `build`, which
    /// are ours.
    #[must_use]
    pub fn specification(&self, work: &StageWork, job: &JobKey) -> Option<&definition::Job> {
        let definition = &self.definition.as_ref()?.content;
        let jobs = match work {
            StageWork::Checks => &definition.checks,
            StageWork::Verify { environment } => {
                let deployment = |d: &&definition::Deployment| d.environment == *environment;
                &definition.deploy.iter().find(deployment)?.verify
            }
            StageWork::Checkout
            | StageWork::Build
            | StageWork::Validate { .. }
            | StageWork::Approve { .. }
            | StageWork::Release { .. } => return None,
        };
        jobs.iter().find(|specification| specification.name == *job)
    }

    /// Every attempt with its stage and job.
    pub fn attempts(&self) -> impl Iterator<Item = (AttemptId, &Stage, &Attempt)> {
        self.stages.iter().flat_map(|stage| {
            stage.jobs.iter().flat_map(move |job| {
                job.attempts.iter().map(move |attempt| {
                    let id = AttemptId {
                        stage: stage.name.clone(),
                        job: job.name.clone(),
                        number: attempt.number,
                    };
                    (id, stage, attempt)
                })
            })
        })
    }
}

impl State {
    /// The believed jobs whose end was not seen yet, of a live run as of one that is over: what
    /// `tick` asks Batch about when it hears nothing.
    pub fn awaited(&self) -> impl Iterator<Item = (AttemptId, &Placement)> {
        self.attempts().filter_map(|(id, _, attempt)| Some((id, attempt.awaited()?)))
    }
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
