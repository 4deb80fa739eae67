//! The stage table: which stages a run passes, and what starts in each.

use serde::{Deserialize, Serialize};

use crate::definition::{self, Definition};
use crate::names::{EnvironmentName, JobKey, StageName};
use crate::phase::Phase;
use crate::run::state::{Job, Stage, StageWork};

impl StageWork {
    /// The name of the stage that does this work.
    #[must_use]
    pub fn name(&self) -> StageName {
        StageName::assembled(match self {
            Self::Checkout => "checkout".to_owned(),
            Self::Checks => "checks".to_owned(),
            Self::Build => "build".to_owned(),
            Self::Validate { environment } => format!("{environment}-validate"),
            Self::Approve { environment } => format!("{environment}-approve"),
            Self::Verify { environment } => format!("{environment}-verify"),
            Self::Release { environment } => format!("{environment}-release"),
        })
    }

    /// The environment that the stage is about.
    #[must_use]
    pub fn environment(&self) -> Option<&EnvironmentName> {
        match self {
            Self::Checkout | Self::Checks | Self::Build => None,
            Self::Validate { environment }
            | Self::Approve { environment }
            | Self::Verify { environment }
            | Self::Release { environment } => Some(environment),
        }
    }

    /// The jobs that start side by side when the stage does.
    #[must_use]
    pub fn jobs(&self, definition: Option<&Definition>) -> Vec<Job> {
        let of = |jobs: &[definition::Job]| {
            jobs.iter().map(|job| Job::new(job.name.clone(), job.optional)).collect()
        };
        match (self, definition) {
            (Self::Checkout, _) => vec![Job::new(JobKey::checkout(), false)],
            (Self::Build, _) => vec![Job::new(JobKey::build(), false)],
            (Self::Checks, Some(definition)) => of(&definition.checks),
            (Self::Verify { environment }, Some(definition)) => definition
                .deploy
                .iter()
                .find(|deployment| deployment.environment == *environment)
                .map(|deployment| of(&deployment.verify))
                .unwrap_or_default(),
            (
                Self::Validate { .. }
                | Self::Approve { .. }
                | Self::Release { .. }
                | Self::Checks
                | Self::Verify { .. },
                _,
            ) => Vec::new(),
        }
    }
}

impl Stage {
    /// A stage that has not begun.
    #[must_use]
    pub fn new(work: StageWork) -> Self {
        Self {
            name: work.name(),
            work,
            phase: Phase::Pending,
            reason: None,
            jobs: Vec::new(),
            entered: None,
            approving: None,
            rolling: None,
            inspection: None,
            started_at: None,
            ended_at: None,
            taken_from: None,
        }
    }
}

/// Through which stages runs pass an environment. A register holds which it was: what an older
/// version began goes on as it was begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// `verify` reads the environment, and the next one is entered once `release` is recorded.
    #[default]
    First,
    /// `validate` takes a place in the environment, `approve` waits for people, and the next one is
    /// entered while the release is being recorded.
    Second,
    /// The same, and `validate` asks the platform whether the release can run there.
    Third,
}

impl Flow {
    pub(crate) fn is_first(&self) -> bool {
        *self == Self::First
    }

    /// The one that runs pass today.
    pub const NEWEST: Self = Self::Third;

    fn stages(self, environment: &EnvironmentName) -> Vec<Stage> {
        let environment = || environment.clone();
        let mut stages = match self {
            Self::First => Vec::new(),
            Self::Second | Self::Third => vec![
                StageWork::Validate { environment: environment() },
                StageWork::Approve { environment: environment() },
            ],
        };
        stages.push(StageWork::Verify { environment: environment() });
        stages.push(StageWork::Release { environment: environment() });
        stages.into_iter().map(|work| self.stage(work)).collect()
    }

    fn stage(self, work: StageWork) -> Stage {
        let inspects = self == Self::Third && matches!(work, StageWork::Validate { .. });
        Stage { inspection: inspects.then(Box::default), ..Stage::new(work) }
    }
}

/// All stages of a run, the checkout first.
#[must_use]
pub fn all(definition: &Definition, flow: Flow) -> Vec<Stage> {
    let mut stages = vec![Stage::new(StageWork::Checkout)];
    stages.extend(after_checkout(definition, flow));
    stages
}

/// The stages of a run that begins with an image: those of its environments.
#[must_use]
pub fn of_environments(definition: &Definition, flow: Flow) -> Vec<Stage> {
    let all = after_checkout(definition, flow).into_iter();
    all.filter(|stage| stage.work.environment().is_some()).collect()
}

/// The stages that follow the checkout, in the order in which they are passed.
#[must_use]
pub fn after_checkout(definition: &Definition, flow: Flow) -> Vec<Stage> {
    let mut work = vec![StageWork::Checks];
    work.extend(definition.build.is_some().then_some(StageWork::Build));
    let of_environments =
        definition.deploy.iter().flat_map(|deployment| flow.stages(&deployment.environment));
    work.into_iter().map(Stage::new).chain(of_environments).collect()
}
