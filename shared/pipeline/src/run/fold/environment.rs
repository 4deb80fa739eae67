//! What is told about an environment: by it, by people, by who waits for it.

use jiff::Timestamp;

use super::Applied::{self, Changed, Unchanged};
use super::{Rejection, unasked};
use crate::names::EnvironmentName;
use crate::phase::Phase;
use crate::run::approving::Tally;
use crate::run::fact::{Decided, Entered, Expired, Inspected, Left, Place, Released, RollingOut};
use crate::run::inspecting::is_its_turn;
use crate::run::state::{Stage, StageWork, State};
use crate::run::{admission, progress};

/// Where the stage with this work stands, once it was begun.
fn begun(state: &State, work: &StageWork, fact: &'static str) -> Result<usize, Rejection> {
    let index = state.stages.iter().position(|stage| stage.work == *work);
    let begun = index.filter(|&index| state.stages[index].phase != Phase::Pending);
    begun.ok_or_else(|| unasked(fact, format!("{} is not due", work.name())))
}

pub(super) fn entered(state: &mut State, fact: &Entered) -> Result<Applied, Rejection> {
    let environment = || fact.environment.clone();
    if fact.standing.is_none() {
        return let_in(state, fact);
    }
    let index = begun(state, &StageWork::Validate { environment: environment() }, "an entry")?;
    let approve = StageWork::Approve { environment: environment() };
    let approve = state.stages.iter().position(|stage| stage.work == approve);
    let known = state.stages[index].entered.as_ref();
    if state.phase.is_terminal() && known.is_none() {
        // It had asked before its end, and has to give back what it got.
        state.stages[index].entered = Some(fact.clone());
        return Ok(Changed);
    }
    // What was begun there goes on with what it was begun with.
    let Some(approve) = approve.filter(|&at| !state.stages[at].phase.is_terminal()) else {
        return Ok(Unchanged);
    };
    // So does a job that tries what the settings name.
    let is_begun = !state.stages[index].jobs.is_empty();
    let settings = known.filter(|_| is_begun && !state.stages[index].phase.is_terminal());
    let settings = settings.map_or(&fact.settings, |known| &known.settings).clone();
    let fact = &Entered { settings, ..fact.clone() };
    let is_known = known.is_some_and(|known| known.leads_where(fact));
    let was_complete = state.tally(&state.stages[approve]) == Some(Tally::Complete);
    let is_confirmed = |stage: &Stage| stage.approving.as_ref().is_some_and(|one| one.confirmed);
    let confirms = was_complete && !is_confirmed(&state.stages[approve]);
    if is_known && !confirms {
        return Ok(Unchanged);
    }
    state.stages[index].entered = Some(fact.clone());
    // Approvals of what the settings made of the release before do not count any more.
    let is_complete = state.tally(&state.stages[approve]) == Some(Tally::Complete);
    if let Some(approving) = state.stages[approve].approving.as_mut() {
        approving.confirmed = is_complete;
    }
    Ok(Changed)
}

/// What was found last counts, until nothing is open: from then on it holds for these settings.
pub(super) fn inspected(
    state: &mut State,
    fact: &Inspected,
    at: Timestamp,
) -> Result<Applied, Rejection> {
    let work = StageWork::Validate { environment: fact.environment.clone() };
    let index = begun(state, &work, "an inspection")?;
    let approve = StageWork::Approve { environment: fact.environment.clone() };
    let approve = state.stages.iter().find(|stage| stage.work == approve);
    let is_past = state.phase.is_terminal() || approve.is_none_or(|one| one.phase.is_terminal());
    let stage = &mut state.stages[index];
    let turn = stage.entered.as_ref().filter(|entered| is_its_turn(entered));
    let settings = turn.and_then(|entered| entered.settings.as_ref());
    let is_asked = settings.is_some_and(|settings| settings.digest() == fact.settings);
    let Some(inspection) = stage.inspection.as_deref_mut().filter(|_| is_asked && !is_past) else {
        return Ok(Unchanged);
    };
    let same = inspection.settings.as_ref() == Some(&fact.settings);
    if same && (!inspection.is_open() || inspection.findings == fact.findings) {
        return Ok(Unchanged);
    }
    inspection.since = inspection.since.filter(|_| same).or(Some(at));
    inspection.settings = Some(fact.settings.clone());
    inspection.findings.clone_from(&fact.findings);
    Ok(Changed)
}

/// As runs of the first flow enter: in the stage `verify`, without a place.
fn let_in(state: &mut State, fact: &Entered) -> Result<Applied, Rejection> {
    let work = StageWork::Verify { environment: fact.environment.clone() };
    let index = begun(state, &work, "an environment")?;
    let stage = &state.stages[index];
    if stage.entered.is_some() || stage.phase.is_terminal() || state.entry(stage).is_some() {
        return Ok(Unchanged);
    }
    let definition = state.definition.as_ref().map(|defined| &*defined.content);
    let jobs = work.jobs(definition);
    let refused = admission::refusal(state, fact).is_some();
    let stage = &mut state.stages[index];
    if !refused {
        stage.jobs = jobs;
    }
    stage.entered = Some(fact.clone());
    Ok(Changed)
}

pub(super) fn decided(state: &mut State, fact: &Decided) -> Result<Applied, Rejection> {
    let work = StageWork::Approve { environment: fact.environment.clone() };
    let index = begun(state, &work, "a decision")?;
    let stage = &state.stages[index];
    if stage.phase.is_terminal() {
        return Ok(Unchanged);
    }
    let release = state.release(stage);
    if release.as_ref() != Some(&fact.release) {
        let release = release.map_or_else(|| "none yet".to_owned(), |it| it.to_string());
        return Err(unasked("a decision about another release", format!("its own is {release}")));
    }
    let taken = state.stages[index].approving.get_or_insert_default().take(fact);
    Ok(if taken { Changed } else { Unchanged })
}

pub(super) fn expired(
    state: &mut State,
    fact: &Expired,
    at: Timestamp,
) -> Result<Applied, Rejection> {
    let works = [
        (StageWork::Validate { environment: fact.environment.clone() }, Phase::Errored),
        (StageWork::Approve { environment: fact.environment.clone() }, Phase::Failed),
    ];
    for (work, phase) in works {
        let index = begun(state, &work, "a deadline")?;
        let stage = &state.stages[index];
        if stage.phase == Phase::Running && !state.phase.is_terminal() {
            let reason = format!("{}: {}", stage.name, fact.reason);
            progress::abort(state, phase, &reason, at);
            return Ok(Changed);
        }
    }
    Ok(Unchanged)
}

pub(super) fn released(
    state: &mut State,
    fact: &Released,
    at: Timestamp,
) -> Result<Applied, Rejection> {
    let work = StageWork::Release { environment: fact.environment.clone() };
    let index = begun(state, &work, "a release")?;
    let stage = &mut state.stages[index];
    if stage.phase.is_terminal() {
        return Ok(Unchanged);
    }
    stage.ended_at = Some(at);
    if let Some(refused) = &fact.refused {
        stage.phase = Phase::Failed;
        stage.reason = Some(refused.clone());
        if !state.phase.is_terminal() {
            let reason = format!("{}: {refused}", state.stages[index].name);
            progress::abort(state, Phase::Failed, &reason, at);
        }
        return Ok(Changed);
    }
    stage.phase = Phase::Succeeded;
    stage.reason = fact.behind.as_ref().map(|run| format!("the newer release of {run} stays live"));
    Ok(Changed)
}

/// The weight of a rollout only rises.
pub(super) fn rolling_out(state: &mut State, fact: &RollingOut) -> Result<Applied, Rejection> {
    let work = StageWork::Release { environment: fact.environment.clone() };
    let index = begun(state, &work, "a rollout")?;
    let stage = &mut state.stages[index];
    if stage.phase.is_terminal() || stage.rolling.is_some_and(|weight| weight >= fact.weight) {
        return Ok(Unchanged);
    }
    stage.rolling = Some(fact.weight);
    Ok(Changed)
}

pub(super) fn left(state: &mut State, fact: &Left) -> Result<Applied, Rejection> {
    let work = StageWork::Validate { environment: fact.environment.clone() };
    let index = begun(state, &work, "a leave")?;
    Ok(if leave(&mut state.stages[index]) { Changed } else { Unchanged })
}

fn leave(stage: &mut Stage) -> bool {
    let standing = stage.entered.as_mut().and_then(|entered| entered.standing.as_mut());
    let Some(standing) = standing.filter(|standing| standing.place != Place::Gone) else {
        return false;
    };
    standing.place = Place::Gone;
    true
}

/// The environments in which a run that is over still has a place, or waits for one.
pub(crate) fn places(state: &State) -> impl Iterator<Item = &EnvironmentName> {
    let over = state.phase.is_terminal();
    state.stages.iter().filter(move |_| over).filter_map(|stage| {
        let StageWork::Validate { environment } = &stage.work else { return None };
        let standing = stage.entered.as_ref()?.standing.as_ref()?;
        let release = StageWork::Release { environment: environment.clone() };
        let release = state.stages.iter().find(|stage| stage.work == release)?;
        // A release gives the place back with the same put that records it.
        let gives_back = matches!(release.phase, Phase::Running | Phase::Succeeded);
        (standing.place != Place::Gone && !gives_back).then_some(environment)
    })
}
