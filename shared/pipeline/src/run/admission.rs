//! Whether a run may enter an environment, by the settings that it found there.

use super::fact::Entered;
use super::state::{StageWork, State};
use crate::settings::Entrant;

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
    let image_bytes = state.image.as_ref().and_then(|image| image.bytes);
    let entrant = Entrant { pipeline, branch: &state.trigger.branch, checks, image_bytes };
    let refusals = settings.admission.refusals(entrant);
    (!refusals.is_empty())
        .then(|| format!("{environment} does not let it in: {}", refusals.join("; ")))
}
