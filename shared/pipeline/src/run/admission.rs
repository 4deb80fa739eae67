//! Whether a run may enter an environment, by the settings that it found there.

use super::fact::Entered;
use super::state::{StageWork, State};

/// Everything that keeps the run out, in one sentence.
pub(super) fn refusal(state: &State, entered: &Entered) -> Option<String> {
    let environment = &entered.environment;
    let Some(settings) = &entered.settings else {
        return Some(format!(
            "the environment {environment} has no settings: ops apply them with \
             `signalbox env apply {environment}.yaml`"
        ));
    };
    let pipeline = &state.definition.as_ref()?.content.pipeline;
    let checks = state.stages.iter().find(|stage| stage.work == StageWork::Checks);
    let checks = checks.map_or(&[][..], |stage| &stage.jobs);
    let refusals = settings.admission.refusals(pipeline, &state.trigger.branch, checks);
    (!refusals.is_empty())
        .then(|| format!("{environment} does not let it in: {}", refusals.join("; ")))
}
