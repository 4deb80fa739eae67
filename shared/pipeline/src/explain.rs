//! What is this run waiting for, in one sentence.

use jiff::Timestamp;

use crate::effect::{Effect, Pending};
use crate::phase::Phase;
use crate::run::Run;
use crate::run::state::{Stage, StageWork};

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
    match (&state.reason, run.pending.len()) {
        (Some(reason), 0) => format!("{}: {reason}", state.phase),
        (None, 0) => state.phase.to_string(),
        (_, open) => format!("{}; {open} effects are still to be carried out", state.phase),
    }
}

fn of_jobs(run: &Run, stage: &Stage, now: Timestamp) -> String {
    let open = stage.jobs.iter().filter(|job| !job.phase.is_terminal());
    let parts: Vec<String> = open
        .filter_map(|job| {
            let attempt = job.attempts.last()?;
            let doing = match attempt.phase {
                Phase::Pending => submission(run, stage, job.name.as_str(), attempt.number, now),
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

fn submission(run: &Run, stage: &Stage, job: &str, number: u32, now: Timestamp) -> String {
    let mine = |pending: &&Pending| match &pending.effect {
        Effect::Submit(submission) => {
            let id = &submission.attempt;
            id.stage == stage.name && id.job.as_str() == job && id.number == number
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
