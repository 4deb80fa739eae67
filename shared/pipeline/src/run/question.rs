//! What the state of a run asks: what has to be looked up before it can go on.

use super::Run;
use super::approving::Tally;
use super::state::{Stage, StageWork};
use crate::attempt::AttemptId;
use crate::names::{EnvironmentName, Sha256};
use crate::phase::Phase;

/// Something to look up where the truth lies; its answer is a fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// What did the attempt leave behind? Answered by [`super::fact::Reported`].
    Report(AttemptId),
    /// What did the checkout deliver? Answered by [`super::fact::Defined`].
    Definition(AttemptId),
    /// What does the registry hold under the build's tag? Answered by [`super::fact::ImageFound`].
    Image(AttemptId),
    /// How does the environment stand? Answered by [`super::fact::Entered`].
    Environment(EnvironmentName),
    /// Can the release run in the environment, under settings of this digest? Answered by
    /// [`super::fact::Inspected`].
    Inspection(EnvironmentName, Sha256),
}

impl Run {
    /// All that the run asks now; the answers may lead to further questions. A run is written only
    /// when it asks nothing, so that what is stored always waits for the world and not for a read.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        if self.state.phase.is_terminal() {
            return Vec::new();
        }
        let of_attempts = self.state.attempts().filter_map(|(id, stage, attempt)| {
            if attempt.phase.is_terminal() || attempt.ending.is_none() {
                return None;
            }
            match (&attempt.evidence, &stage.work) {
                (None, _) => Some(Question::Report(id)),
                (Some(_), StageWork::Checkout) => Some(Question::Definition(id)),
                (Some(_), StageWork::Build) => Some(Question::Image(id)),
                (Some(_), _) => None,
            }
        });
        let open = self.state.stages.iter().filter(|stage| stage.phase == Phase::Running);
        let of_stages = open.filter_map(|stage| self.asks(stage));
        of_attempts.chain(of_stages).collect()
    }

    fn asks(&self, stage: &Stage) -> Option<Question> {
        let environment = stage.work.environment()?.clone();
        if self.asks_for_environment(stage) {
            return Some(Question::Environment(environment));
        }
        let is_gate = matches!(stage.work, StageWork::Validate { .. } | StageWork::Approve { .. });
        let settings = self.state.uninspected(stage).filter(|_| is_gate)?;
        Some(Question::Inspection(environment, settings))
    }

    fn asks_for_environment(&self, stage: &Stage) -> bool {
        match &stage.work {
            StageWork::Validate { .. } => stage.entered.is_none(),
            StageWork::Approve { .. } => {
                let confirmed = stage.approving.as_ref().is_some_and(|one| one.confirmed);
                !confirmed && self.state.tally(stage) == Some(Tally::Complete)
            }
            StageWork::Verify { .. } => self.state.entered(stage).is_none(),
            StageWork::Checkout
            | StageWork::Checks
            | StageWork::Build
            | StageWork::Release { .. } => false,
        }
    }
}
