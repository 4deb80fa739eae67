//! What a run waits for that can be read right now.

use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::names::EnvironmentName;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::state::StageWork;

/// Something to look up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Question {
    /// What did the attempt leave behind?
    Report(AttemptId),
    /// What did the checkout deliver?
    Definition(AttemptId),
    /// What does the registry hold under the build's tag?
    Image(AttemptId),
    /// How does the environment stand?
    Environment(EnvironmentName),
}

/// All that the state of `run` asks now; the answers may lead to further questions.
pub(super) fn all(run: &Run) -> Vec<Question> {
    if run.state.phase.is_terminal() {
        return Vec::new();
    }
    let of_attempts = run.state.attempts().filter_map(|(id, stage, attempt)| {
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
    let of_stages = run.state.stages.iter().filter_map(|stage| match &stage.work {
        StageWork::Verify { environment }
            if stage.phase == Phase::Running && stage.entered.is_none() =>
        {
            Some(Question::Environment(environment.clone()))
        }
        _ => None,
    });
    of_attempts.chain(of_stages).collect()
}
