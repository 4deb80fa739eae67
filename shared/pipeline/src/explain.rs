//! What is this run waiting for, in one sentence.

use jiff::Timestamp;

use crate::effect::{Effect, Pending, Termination};
use crate::phase::Phase;
use crate::run::Run;
use crate::run::state::{Attempt, Job, Stage, StageWork};

/// What `run` waits for at `now`, or how it ended.
#[must_use]
pub fn explain(run: &Run, now: Timestamp) -> String {
    let state = &run.state;
    if state.phase.is_terminal() {
        return ended(run);
    }
    let Some(stage) = state.stage() else { return "waiting for its next step".to_owned() };
    match &stage.work {
        StageWork::Release { environment } => {
            format!("recording the release in {environment}")
        }
        StageWork::Verify { environment } if stage.entered.is_none() => {
            format!("reading the settings of {environment}")
        }
        _ => of_jobs(run, stage, now),
    }
}

fn ended(run: &Run) -> String {
    let state = &run.state;
    let end = match &state.reason {
        Some(reason) => format!("{}: {reason}", state.phase),
        None => state.phase.to_string(),
    };
    if run.pending.is_empty() {
        return end;
    }
    let open: Vec<String> = run.pending.iter().map(|pending| still(&pending.effect)).collect();
    format!("{end}; still open: {}", open.join(", "))
}

/// What a run that is over still has to see done.
fn still(effect: &Effect) -> String {
    match effect {
        Effect::Submit(submission) => format!("the submission of {}", submission.attempt),
        Effect::Terminate(Termination { attempt, job_id, .. }) => {
            format!("the end of the job {job_id} of {attempt}")
        }
        Effect::Withdraw(withdrawal) => {
            format!("whether {} was submitted", withdrawal.attempt)
        }
        Effect::Release(releasing) => format!(
            "the release in {}, which was begun before the end of the run",
            releasing.environment
        ),
    }
}

fn of_jobs(run: &Run, stage: &Stage, now: Timestamp) -> String {
    let open = stage.jobs.iter().filter(|job| !job.phase.is_terminal());
    let parts: Vec<String> = open
        .filter_map(|job| {
            let attempt = job.attempts.last()?;
            let doing = match attempt.phase {
                Phase::Pending => pending(run, stage, job, attempt, now),
                _ if attempt.ending.is_some() => "ended, its result is being read".to_owned(),
                _ => "running".to_owned(),
            };
            let again = if attempt.number > 1 {
                format!(", attempt {}", attempt.number)
            } else {
                String::new()
            };
            Some(format!("{} ({doing}{again})", job.name))
        })
        .collect();
    format!("waiting for {} in {}", parts.join(", "), stage.name)
}

fn pending(run: &Run, stage: &Stage, job: &Job, attempt: &Attempt, now: Timestamp) -> String {
    if let Some(wait) = &attempt.waiting {
        return format!("submitted, AWS Batch gives it no place: {}", wait.reason);
    }
    let mine = |pending: &&Pending| match &pending.effect {
        Effect::Submit(submission) => {
            let id = &submission.attempt;
            id.stage == stage.name && id.job == job.name && id.number == attempt.number
        }
        _ => false,
    };
    match run.pending.iter().find(mine) {
        None => "submitted, not started".to_owned(),
        Some(pending) if pending.lease.is_none() => "about to be submitted".to_owned(),
        Some(pending) if pending.is_free(now) => {
            "nobody has heard of its submission; tick takes it over".to_owned()
        }
        Some(_) => "submitted, not started".to_owned(),
    }
}
