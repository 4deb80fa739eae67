//! What is told about a job: by Batch, by who submitted it, by who waits for it.

use jiff::Timestamp;

use super::Applied::{self, Changed, Unchanged};
use crate::phase::Phase;
use crate::run::fact::{JobEnded, JobRefused, Overdue, Placement, Terminated, Waiting};
use crate::run::state::{Attempt, GivenUp, Surplus, Wait};
use crate::run::verdict;

/// How often Batch's reason for a job without a place is taken: what a queue that wavers says must
/// not make the register grow without end.
const REASONS_AT_MOST: u32 = 8;

/// Records where Batch holds the attempt. The first job is believed; any other is a surplus, and so
/// is one that turns up for an attempt that Batch had refused.
pub(in crate::run) fn place(attempt: &mut Attempt, placement: &Placement, over: bool) -> Applied {
    match &attempt.placement {
        Some(believed) if believed.job_id == placement.job_id => Unchanged,
        None if believes(attempt, placement) => {
            attempt.placement = Some(placement.clone());
            known(attempt);
            Changed
        }
        _ => surplus(attempt, placement, over),
    }
}

fn surplus(attempt: &mut Attempt, placement: &Placement, over: bool) -> Applied {
    let known = attempt.surplus.iter_mut().find(|surplus| surplus.job_id == placement.job_id);
    match known {
        Some(known) if over && !known.over => known.over = true,
        Some(_) => return Unchanged,
        None => attempt.surplus.push(Surplus { job_id: placement.job_id.clone(), over }),
    }
    Changed
}

/// Whether the job is the attempt's, or would be. One that was given up still believes its job: it
/// waits for the end of it.
fn believes(attempt: &Attempt, placement: &Placement) -> bool {
    match &attempt.placement {
        Some(believed) => believed.job_id == placement.job_id,
        None => !attempt.phase.is_terminal() || attempt.given_up.is_some(),
    }
}

pub(in crate::run) fn started(
    attempt: &mut Attempt,
    placement: &Placement,
    at: Option<Timestamp>,
) -> Applied {
    let believed = believes(attempt, placement);
    let mut applied = place(attempt, placement, false);
    if !believed {
        return applied;
    }
    // Where the end came first and did not say, so that it does not matter which came first.
    if attempt.started_at.is_none() && at.is_some() {
        attempt.started_at = at;
        applied = Changed;
    }
    if attempt.phase == Phase::Pending {
        attempt.phase = Phase::Running;
        attempt.waiting = None;
        applied = Changed;
    }
    applied
}

pub(in crate::run) fn ended(attempt: &mut Attempt, fact: &JobEnded) -> Applied {
    if !believes(attempt, &fact.placement) {
        return place(attempt, &fact.placement, true);
    }
    if attempt.ending.is_some() {
        return Unchanged;
    }
    place(attempt, &fact.placement, false);
    // The end knows best, so that it does not matter which of the two events came first.
    attempt.started_at = fact.ending.started_at.or(attempt.started_at);
    attempt.ending = Some(fact.ending.clone());
    attempt.waiting = None;
    if attempt.phase.is_terminal() {
        // It was given up: that it has ended is all that was waited for.
        return Changed;
    }
    attempt.phase = Phase::Running;
    if fact.ending.task.is_none() {
        let reason = verdict::never_ran(&fact.ending);
        conclude(attempt, Phase::Errored, Some(reason));
    }
    Changed
}

pub(in crate::run) fn refused(attempt: &mut Attempt, fact: &JobRefused) -> Applied {
    if attempt.given_up.is_some() {
        return known(attempt);
    }
    if attempt.phase.is_terminal() || attempt.placement.is_some() {
        return Unchanged;
    }
    let reason = format!("AWS Batch refused the submission: {}", fact.reason);
    conclude(attempt, Phase::Errored, Some(reason));
    Changed
}

/// Nothing was submitted, and nobody can do so any more.
pub(in crate::run) fn withdrawn(attempt: &mut Attempt) -> Applied {
    known(attempt)
}

fn known(attempt: &mut Attempt) -> Applied {
    if attempt.given_up != Some(GivenUp::InDoubt) {
        return Unchanged;
    }
    attempt.given_up = Some(GivenUp::Known);
    Changed
}

/// The last reason counts; nothing depends on it once the job runs.
pub(in crate::run) fn waiting(attempt: &mut Attempt, fact: &Waiting) -> Applied {
    let reason = verdict::cut(&fact.reason);
    let told = attempt.waiting.as_ref().map_or(0, |wait| wait.told);
    let same = attempt.waiting.as_ref().is_some_and(|wait| wait.reason == reason);
    if attempt.phase != Phase::Pending || same || told >= REASONS_AT_MOST {
        return Unchanged;
    }
    attempt.waiting = Some(Wait { reason, told: told.saturating_add(1) });
    Changed
}

pub(in crate::run) fn overdue(attempt: &mut Attempt, fact: &Overdue) -> Applied {
    if attempt.phase.is_terminal() {
        return Unchanged;
    }
    give_up(attempt, Phase::Errored, &fact.reason);
    Changed
}

pub(in crate::run) fn terminated(attempt: &mut Attempt, fact: &Terminated) -> Applied {
    let surplus = attempt.surplus.iter_mut().find(|surplus| surplus.job_id == fact.job_id);
    match surplus {
        Some(surplus) if !surplus.over => {
            surplus.over = true;
            Changed
        }
        _ => Unchanged,
    }
}

/// Ends the attempt before its job's end was seen. Its job, if it has one, has to go; whether it
/// has one may still have to be found out.
pub(in crate::run) fn give_up(attempt: &mut Attempt, phase: Phase, reason: &str) {
    conclude(attempt, phase, Some(verdict::cut(reason)));
    let known = attempt.placement.is_some();
    attempt.given_up = Some(if known { GivenUp::Known } else { GivenUp::InDoubt });
}

pub(in crate::run) fn conclude(attempt: &mut Attempt, phase: Phase, reason: Option<String>) {
    attempt.phase = phase;
    attempt.reason = reason;
    attempt.waiting = None;
}
