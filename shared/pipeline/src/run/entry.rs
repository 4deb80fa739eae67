//! How the stages end that let a run into an environment.

use super::admission::refusal;
use super::approving::Tally;
use super::fact::{Entered, Place, Standing};
use super::inspecting::{self, is_its_turn};
use super::state::{Stage, State};
use crate::phase::Phase;

/// An end, and why it is not a good one.
pub(super) type End = (Phase, Option<String>);

/// How `validate` ends: the run has its place, and nothing keeps it out. Who may not come in at all
/// is not kept waiting; whose turn it is learns of everything that keeps it out.
pub(super) fn validated(state: &State, stage: &Stage) -> Option<End> {
    if stage.jobs.iter().any(|job| !job.phase.is_terminal()) {
        return None;
    }
    let entered = stage.entered.as_ref()?;
    let inspects = stage.inspection.is_some() && entered.settings.is_some();
    if !(inspects && is_its_turn(entered))
        && let Some(reason) = refusal(state, entered)
    {
        return Some((Phase::Failed, Some(reason)));
    }
    let standing = entered.standing.as_ref()?;
    let is_gate = state.approvals(stage).is_some() || closed(standing);
    match standing.place {
        Place::Gone => Some((Phase::Errored, Some(gone(entered)))),
        _ if is_gate && standing.newer.is_some() => Some(superseded(standing)),
        Place::Behind => None,
        Place::Held if closed(standing) => None,
        Place::Held if inspects => inspecting::conclusion(state, stage),
        Place::Held => Some((Phase::Succeeded, None)),
    }
}

/// How `approve` ends. The environment is looked at once more after the last approval: what it
/// found before may be days old.
pub(super) fn approved(state: &State, stage: &Stage) -> Option<End> {
    let entered = state.entered(stage)?;
    // Where settings were taken away, nobody is asked any more: they have to be there first.
    if let Some(reason) = refusal(state, entered) {
        return Some((Phase::Failed, Some(reason)));
    }
    let Some(tally) = state.tally(stage) else { return Some((Phase::Succeeded, None)) };
    let standing = entered.standing.as_ref()?;
    let confirmed = stage.approving.as_ref().is_some_and(|approving| approving.confirmed);
    match &tally {
        Tally::Rejected(decided) => {
            let why = decided.reason.as_ref();
            let why = why.map(|reason| format!(": {reason}")).unwrap_or_default();
            Some((Phase::Failed, Some(format!("{} rejected it{why}", decided.person))))
        }
        _ if standing.place != Place::Held => Some((Phase::Errored, Some(gone(entered)))),
        _ if standing.newer.is_some() => Some(superseded(standing)),
        // Other settings than it was let in with ask for a look of their own.
        _ if state.inspection(stage).is_some() && !closed(standing) => {
            let inspected = inspecting::conclusion(state, stage)?;
            let passes = inspected.0 != Phase::Succeeded || (tally == Tally::Complete && confirmed);
            passes.then_some(inspected)
        }
        Tally::Complete if confirmed && !closed(standing) => Some((Phase::Succeeded, None)),
        Tally::Complete | Tally::Open { .. } => None,
    }
}

/// Whether nothing may go on there now, whoever's turn it is.
pub(super) fn closed(standing: &Standing) -> bool {
    standing.on_hold.is_some() || standing.frozen.is_some()
}

fn gone(entered: &Entered) -> String {
    format!("the run has left {} and does not come back: retry it", entered.environment)
}

/// A newer run waits there too, or is further: this one does not wait any longer.
fn superseded(standing: &Standing) -> End {
    let newer = standing.newer.as_ref().map(ToString::to_string).unwrap_or_default();
    (Phase::Superseded, Some(format!("{newer}, which is newer, has come as far")))
}
