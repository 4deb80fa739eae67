//! What must hold between a run and the run that is to replace it, checked before every write.

use crate::effect::Effect;
use crate::phase::Phase;
use crate::run::Run;
use crate::run::state::{Attempt, GivenUp, State};

/// An invariant that a write would break: a bug of ours, and no such write is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The register is written once.
    #[error("the register would lose or change an entry")]
    RegisterRewritten,
    /// A terminal phase never changes.
    #[error("a terminal phase would change")]
    TerminalPhaseChanged,
    /// A run's stage never moves back.
    #[error("a stage would move back")]
    StageMovedBack,
    /// An attempt that Batch holds stays believed.
    #[error("another job would be believed for an attempt")]
    BeliefChanged,
    /// A run that is over submits nothing.
    #[error("a run that is over would submit a job")]
    SubmitsAfterItsEnd,
    /// A settled run has nothing open.
    #[error("the run would count as settled while {0} is open")]
    SettledWhileOpen(&'static str),
    /// A live run has a job in flight, a pending effect, or something that can be read.
    #[error("the run would wait for nothing")]
    WaitsForNothing,
}

/// Checks the step from `old` to `new`.
///
/// # Errors
/// Names the first invariant that the step would break.
pub fn check(old: &Run, new: &Run) -> Result<(), Violation> {
    if !new.register.extends(&old.register) {
        return Err(Violation::RegisterRewritten);
    }
    invariant_a_terminal_phase_never_changes(&old.state, &new.state)?;
    invariant_a_stage_never_moves_back(&old.state, &new.state)?;
    invariant_the_first_job_stays_believed(&old.state, &new.state)?;
    invariant_a_run_that_is_over_submits_nothing(new)?;
    invariant_a_settled_run_has_nothing_open(new)?;
    invariant_a_live_run_waits_for_something(new)
}

fn invariant_a_terminal_phase_never_changes(old: &State, new: &State) -> Result<(), Violation> {
    let stages = old.stages.iter().zip(&new.stages);
    let attempts = old.attempts().map(|(id, _, attempt)| {
        let now = new.attempt(&id).map_or(Phase::Pending, |attempt| attempt.phase);
        (attempt.phase, now)
    });
    let jobs = stages.clone().flat_map(|(old, new)| {
        old.jobs.iter().zip(&new.jobs).map(|(old, new)| (old.phase, new.phase))
    });
    let stages = stages.map(|(old, new)| (old.phase, new.phase));
    let mut phases = stages.chain(jobs).chain(attempts).chain([(old.phase, new.phase)]);
    if phases.any(|(old, new)| old.is_terminal() && old != new) {
        return Err(Violation::TerminalPhaseChanged);
    }
    Ok(())
}

fn invariant_a_stage_never_moves_back(old: &State, new: &State) -> Result<(), Violation> {
    let passed = |state: &State| state.stages.iter().filter(|s| s.phase.is_terminal()).count();
    let same = old.stages.iter().zip(&new.stages).all(|(old, new)| old.name == new.name);
    if !same || new.stages.len() < old.stages.len() || passed(new) < passed(old) {
        return Err(Violation::StageMovedBack);
    }
    Ok(())
}

fn invariant_the_first_job_stays_believed(old: &State, new: &State) -> Result<(), Violation> {
    let kept = old.attempts().all(|(id, _, attempt)| {
        attempt.placement.is_none()
            || new.attempt(&id).is_some_and(|now| now.placement == attempt.placement)
    });
    if kept { Ok(()) } else { Err(Violation::BeliefChanged) }
}

fn invariant_a_run_that_is_over_submits_nothing(new: &Run) -> Result<(), Violation> {
    let submits = new.pending.iter().any(|pending| matches!(pending.effect, Effect::Submit(_)));
    if new.state.phase.is_terminal() && submits {
        return Err(Violation::SubmitsAfterItsEnd);
    }
    Ok(())
}

fn invariant_a_settled_run_has_nothing_open(new: &Run) -> Result<(), Violation> {
    if !new.is_settled() {
        return Ok(());
    }
    let state = &new.state;
    let of_attempt = |attempt: &Attempt| {
        let surplus = attempt.surplus.iter().any(|surplus| !surplus.over);
        let job = attempt.awaited().is_some();
        surplus || job || !attempt.phase.is_terminal() || attempt.given_up == Some(GivenUp::InDoubt)
    };
    if state.attempts().any(|(_, _, attempt)| of_attempt(attempt)) {
        return Err(Violation::SettledWhileOpen("a job"));
    }
    if state.stages.iter().any(|stage| !stage.phase.is_terminal()) {
        return Err(Violation::SettledWhileOpen("a stage"));
    }
    Ok(())
}

fn invariant_a_live_run_waits_for_something(new: &Run) -> Result<(), Violation> {
    let in_flight = new.state.awaited().next().is_some();
    let state = &new.state;
    let waits = state.queued_behind().is_some()
        || state.waits_before().next().is_some()
        || state.rolls_out().next().is_some();
    if new.state.phase.is_terminal() || !new.pending.is_empty() || in_flight || waits {
        return Ok(());
    }
    Err(Violation::WaitsForNothing)
}
