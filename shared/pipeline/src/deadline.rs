//! Deadlines: how long an attempt may be in a state that only others can end.
//!
//! A run must not wait for ever. What has outlived its deadline is a fact that `tick` tells the
//! run; the attempt then counts as *errored*, and its job is ended.

use jiff::{SignedDuration, Timestamp};

use crate::attempt::AttemptId;
use crate::effect::{self, Effect};
use crate::names::EnvironmentName;
use crate::phase::Phase;
use crate::run::Run;
use crate::run::state::{Attempt, Stage, StageWork};

/// How long Batch may take no submission of it.
pub const SUBMISSION: SignedDuration = SignedDuration::from_hours(24);
/// How long Batch may have its job without giving it a place.
pub const PLACE: SignedDuration = SignedDuration::from_hours(24);
/// How long its job may run beyond the time at which Batch ends it.
pub const OVERTIME: SignedDuration = SignedDuration::from_mins(15);
/// How long what its job left behind may be unreadable.
pub const ANSWER: SignedDuration = SignedDuration::from_hours(24);

/// How long an environment may give a run no place, or stay closed.
pub const GATE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The environments that the run has waited for too long at `now`, each with the deadline in one
/// sentence.
#[must_use]
pub fn expired(run: &Run, now: Timestamp) -> Vec<(EnvironmentName, String)> {
    let waits = run.state.waits_before().filter_map(|stage| {
        let asked = match stage.work {
            StageWork::Approve { .. } => run.state.approvals(stage),
            _ => None,
        };
        let limit = asked.map_or(GATE, |asked| {
            SignedDuration::from_secs(i64::try_from(asked.expire_seconds).unwrap_or(i64::MAX))
        });
        let what = if asked.is_some() { "nobody else approved of it" } else { "it had to wait" };
        let late = now.duration_since(stage.started_at?) > limit;
        let environment = stage.work.environment()?.clone();
        late.then(|| (environment, format!("{what} for more than {}", words(limit))))
    });
    waits.collect()
}

/// The attempts that have outlived a deadline at `now`, each with the deadline in one sentence.
#[must_use]
pub fn overdue(run: &Run, now: Timestamp) -> Vec<(AttemptId, String)> {
    if run.state.phase.is_terminal() {
        return Vec::new();
    }
    let open = run.state.attempts().filter(|(_, _, attempt)| !attempt.phase.is_terminal());
    open.filter_map(|(id, stage, attempt)| {
        let (since, limit, what) = deadline(run, &id, stage, attempt)?;
        let late = now.duration_since(since) > limit;
        let why = attempt.waiting.as_ref().map(|wait| format!(": {}", wait.reason));
        let why = why.unwrap_or_default();
        late.then(|| (id, format!("{what} for more than {}{why}", words(limit))))
    })
    .collect()
}

/// Since when the attempt is where it is, how long it may be, and what that is called.
fn deadline(
    run: &Run,
    id: &AttemptId,
    stage: &Stage,
    attempt: &Attempt,
) -> Option<(Timestamp, SignedDuration, &'static str)> {
    if let Some(ending) = &attempt.ending {
        let since = ending.stopped_at.or_else(|| heard(run, id))?;
        return Some((since, ANSWER, "its result could not be read"));
    }
    if attempt.phase == Phase::Running {
        let since = attempt.started_at.or_else(|| heard(run, id))?;
        let granted = effect::timeout_seconds(run, stage, id);
        let limit =
            SignedDuration::try_from_secs_f64(granted as f64).ok()?.saturating_add(OVERTIME);
        return Some((since, limit, "its job ran"));
    }
    if attempt.placement.is_some() {
        return Some((heard(run, id)?, PLACE, "AWS Batch gave its job no place"));
    }
    let submission = run.pending.iter().find(|pending| {
        matches!(&pending.effect, Effect::Submit(submission) if submission.attempt == *id)
    });
    Some((submission?.since, SUBMISSION, "AWS Batch did not take its submission"))
}

/// When the run first heard of the attempt from outside.
fn heard(run: &Run, id: &AttemptId) -> Option<Timestamp> {
    let mut entries = run.register.entries().iter();
    entries.find(|entry| entry.fact.attempt() == Some(id)).map(|entry| entry.at)
}

fn words(limit: SignedDuration) -> String {
    match (limit.as_hours(), limit.as_mins()) {
        (hours, _) if hours >= 48 && hours % 24 == 0 => format!("{} days", hours / 24),
        (hours, minutes) if hours * 60 == minutes => format!("{hours} hours"),
        (_, minutes) => format!("{minutes} minutes"),
    }
}

#[cfg(test)]
mod tests;
