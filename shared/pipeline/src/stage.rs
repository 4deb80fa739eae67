//! The stage table: which stages a run passes, and what starts in each.

use crate::definition::{self, Definition};
use crate::names::{JobKey, StageName};
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
            Self::Verify { environment } => format!("{environment}-verify"),
            Self::Release { environment } => format!("{environment}-release"),
        })
    }

    /// Whether the environment has to be read before the stage can start its jobs.
    #[must_use]
    pub fn reads_environment(&self) -> bool {
        matches!(self, Self::Verify { .. })
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
            (Self::Release { .. } | Self::Checks | Self::Verify { .. }, _) => Vec::new(),
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
            started_at: None,
            ended_at: None,
            taken_from: None,
        }
    }
}

/// All stages of a run, the checkout first.
#[must_use]
pub fn all(definition: &Definition) -> Vec<Stage> {
    let mut stages = vec![Stage::new(StageWork::Checkout)];
    stages.extend(after_checkout(definition));
    stages
}

/// The stages that follow the checkout, in the order in which they are passed.
#[must_use]
pub fn after_checkout(definition: &Definition) -> Vec<Stage> {
    let mut work = vec![StageWork::Checks];
    work.extend(definition.build.is_some().then_some(StageWork::Build));
    for deployment in &definition.deploy {
        let environment = &deployment.environment;
        work.push(StageWork::Verify { environment: environment.clone() });
        work.push(StageWork::Release { environment: environment.clone() });
    }
    work.into_iter().map(Stage::new).collect()
}
