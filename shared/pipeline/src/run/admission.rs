//! Whether a run may enter an environment, by the settings that it found there.

use super::fact::Entered;
use super::state::{StageWork, State};
use crate::inspection::{Finding, Outcome};
use crate::settings::Entrant;

/// Everything that keeps the run out, in one sentence.
pub(super) fn refusal(state: &State, entered: &Entered) -> Option<String> {
    let environment = &entered.environment;
    if entered.settings.is_none() {
        return Some(format!(
            "the environment {environment} has no settings: ops apply them with \
             `signalbox env apply {environment}.yaml`"
        ));
    }
    let findings = state.admission(entered).into_iter();
    let refusals = findings.filter(|finding| finding.outcome == Outcome::Failed);
    let refusals: Vec<String> = refusals.map(|finding| finding.evidence).collect();
    (!refusals.is_empty())
        .then(|| format!("{environment} does not let it in: {}", refusals.join("; ")))
}

impl State {
    /// What the settings of an environment say of the run.
    pub(super) fn admission(&self, entered: &Entered) -> Vec<Finding> {
        let (Some(settings), Some(definition)) = (&entered.settings, &self.definition) else {
            return Vec::new();
        };
        let checks = self.stages.iter().find(|stage| stage.work == StageWork::Checks);
        let checks = checks.map_or(&[][..], |stage| &stage.jobs);
        settings.admission.findings(Entrant {
            pipeline: &definition.content.pipeline,
            branch: (!self.is_from_outside()).then_some(&self.trigger.branch),
            checks,
            image_bytes: self.image.as_ref().and_then(|image| image.bytes),
        })
    }
}
