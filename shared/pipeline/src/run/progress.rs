//! Level-triggered progress: whatever the facts say, bring jobs, stage and run to where they lead.
//!
//! Nothing here depends on which fact came last, so facts may come in any order.

use jiff::Timestamp;

use super::admission::refusal;
use super::budget::Budget;
use super::entry;
use super::fold::job::give_up;
use super::inspecting::begin_trial;
use super::state::{Attempt, Job, Stage, StageWork, State};
use crate::phase::Phase;

/// Brings the run as far as its facts allow.
pub(super) fn settle(state: &mut State, at: Timestamp) {
    while !state.phase.is_terminal() {
        let due = |stage: &Stage| !stage.phase.is_terminal() && !state.is_beside(stage);
        let Some(index) = state.stages.iter().position(due) else {
            if state.stages.iter().all(|stage| stage.phase.is_terminal()) {
                end(state, Phase::Succeeded, None, at);
            }
            return;
        };
        let stage = &state.stages[index];
        // Checks that had to wait for the run before have no jobs yet.
        let is_late = stage.work == StageWork::Checks && stage.jobs.is_empty();
        if stage.phase == Phase::Pending || is_late {
            start(state, index, at);
        }
        begin_trial(state, index);
        settle_jobs(state, index);
        let Some((phase, reason)) = conclusion(state, &state.stages[index]) else {
            if state.is_beside(&state.stages[index]) {
                continue;
            }
            return;
        };
        conclude(&mut state.stages[index], phase, reason, at);
        if phase != Phase::Succeeded {
            let stage = &state.stages[index];
            let reason = stage.reason.as_deref().unwrap_or("no reason is known");
            let reason = format!("{} {phase}: {reason}", stage.name);
            end(state, phase, Some(reason), at);
        }
    }
}

/// Ends the run once its definition is known, before anything of that is begun.
pub(super) fn leave_out(state: &mut State, phase: Phase, reason: &str, at: Timestamp) {
    for index in 0..state.stages.len() {
        settle_jobs(state, index);
        conclude(&mut state.stages[index], Phase::Succeeded, None, at);
    }
    end(state, phase, Some(reason.to_owned()), at);
}

/// Ends the run from outside: because a person wants it so, or because a release of it could not be
/// recorded. Its open attempts are given up; a release that was begun may be recorded already, so it
/// is carried through, and nothing after it. A rollout ends where it is.
pub(super) fn abort(state: &mut State, phase: Phase, reason: &str, at: Timestamp) {
    let rollouts: Vec<bool> =
        state.stages.iter().map(|stage| state.rollout(stage).is_some()).collect();
    let stages = state.stages.iter_mut().zip(rollouts);
    for (stage, is_rollout) in stages.filter(|(stage, _)| stage.phase == Phase::Running) {
        if matches!(stage.work, StageWork::Release { .. }) && !is_rollout {
            continue;
        }
        for job in stage.jobs.iter_mut().filter(|job| !job.phase.is_terminal()) {
            for attempt in job.attempts.iter_mut().filter(|a| !a.phase.is_terminal()) {
                give_up(attempt, phase, reason);
            }
            job.phase = phase;
            job.reason = Some(reason.to_owned());
        }
        conclude(stage, phase, Some(reason.to_owned()), at);
    }
    end(state, phase, Some(reason.to_owned()), at);
}

fn start(state: &mut State, index: usize, at: Timestamp) {
    let definition = state.definition.as_ref().map(|defined| &*defined.content);
    let work = &state.stages[index].work;
    // Who has to be let in first begins no job before.
    let is_let_in = state.entry(&state.stages[index]).is_some();
    let jobs = match work {
        StageWork::Verify { .. } if !is_let_in => Vec::new(),
        StageWork::Checks if state.queued_behind().is_some() => Vec::new(),
        _ => work.jobs(definition),
    };
    let stage = &mut state.stages[index];
    stage.phase = Phase::Running;
    stage.started_at = Some(at);
    stage.jobs = jobs;
}

fn settle_jobs(state: &mut State, index: usize) {
    let stage = &state.stages[index];
    let budgets: Vec<Budget> = stage.jobs.iter().map(|job| Budget::of(state, stage, job)).collect();
    for (job, budget) in state.stages[index].jobs.iter_mut().zip(budgets) {
        settle_job(job, budget);
    }
}

fn settle_job(job: &mut Job, budget: Budget) {
    if job.phase.is_terminal() {
        return;
    }
    let Some(last) = job.attempts.last().filter(|last| last.phase.is_terminal()) else { return };
    if budget.is_left(&job.attempts, last) {
        let number = last.number.saturating_add(1);
        job.attempts.push(Attempt::new(number));
    } else {
        job.phase = last.phase;
        job.reason.clone_from(&last.reason);
    }
}

/// How the stage ends, once nothing in it is open.
fn conclusion(state: &State, stage: &Stage) -> Option<(Phase, Option<String>)> {
    match &stage.work {
        StageWork::Release { .. } => None,
        StageWork::Validate { .. } => entry::validated(state, stage),
        StageWork::Approve { .. } => entry::approved(state, stage),
        // Who is kept out begins no job.
        StageWork::Verify { .. } if stage.jobs.is_empty() => {
            match refusal(state, state.entered(stage)?) {
                Some(reason) => Some((Phase::Failed, Some(reason))),
                None => of_jobs(&stage.jobs),
            }
        }
        StageWork::Checks if state.queued_behind().is_some() => None,
        StageWork::Verify { .. } | StageWork::Checkout | StageWork::Checks | StageWork::Build => {
            of_jobs(&stage.jobs)
        }
    }
}

/// All jobs are waited for, so that a developer sees every failure and not just the first.
fn of_jobs(jobs: &[Job]) -> Option<(Phase, Option<String>)> {
    if jobs.iter().any(|job| !job.phase.is_terminal()) {
        return None;
    }
    let bad = |phase| jobs.iter().filter(move |job| job.phase == phase && !job.optional);
    for phase in [Phase::Failed, Phase::Errored] {
        if bad(phase).next().is_some() {
            let reasons: Vec<String> = bad(phase).map(describe).collect();
            return Some((phase, Some(reasons.join("; "))));
        }
    }
    Some((Phase::Succeeded, None))
}

fn describe(job: &Job) -> String {
    format!("{}: {}", job.name, job.reason.as_deref().unwrap_or("no reason is known"))
}

fn conclude(stage: &mut Stage, phase: Phase, reason: Option<String>, at: Timestamp) {
    stage.phase = phase;
    if reason.is_some() {
        stage.reason = reason;
    }
    stage.ended_at = Some(at);
}

fn end(state: &mut State, phase: Phase, reason: Option<String>, at: Timestamp) {
    state.phase = phase;
    state.reason = reason;
    state.ended_at = Some(at);
    state.announced.clear();
    for stage in state.stages.iter_mut().filter(|stage| stage.phase == Phase::Pending) {
        stage.phase = Phase::Skipped;
    }
}
