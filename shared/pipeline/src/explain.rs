//! What is this run waiting for, in one sentence.

use jiff::Timestamp;

use crate::effect::{Effect, Pending, Termination};
use crate::inspection::Outcome;
use crate::names::{EnvironmentName, GroupName};
use crate::phase::Phase;
use crate::run::Run;
use crate::run::approving::Tally;
use crate::run::fact::Frozen;
use crate::run::state::{Attempt, Job, Stage, StageWork, State};

/// What `run` waits for at `now`, or how it ended.
#[must_use]
pub fn explain(run: &Run, now: Timestamp) -> String {
    let state = &run.state;
    if state.phase.is_terminal() {
        return ended(run);
    }
    let Some(stage) = state.stage() else { return "waiting for its next step".to_owned() };
    if let Some(before) = state.queued_behind() {
        return format!("waiting for the end of {before}, the run before it on its branch");
    }
    match &stage.work {
        StageWork::Release { environment } => match stage.rolling {
            Some(weight) => format!("rolling out in {environment}: {weight} of 100 launches"),
            None => format!("recording the release in {environment}"),
        },
        StageWork::Validate { .. } if stage.jobs.iter().any(|job| !job.phase.is_terminal()) => {
            of_jobs(run, stage, now)
        }
        StageWork::Validate { environment } => {
            finding(state, stage).unwrap_or_else(|| before(state, stage, environment, now))
        }
        StageWork::Approve { environment } => approval(state, stage, environment)
            .or_else(|| finding(state, stage))
            .unwrap_or_else(|| before(state, stage, environment, now)),
        StageWork::Verify { environment } if state.entered(stage).is_none() => {
            format!("reading the settings of {environment}")
        }
        _ => of_jobs(run, stage, now),
    }
}

/// What the run waits for before an environment.
fn before(state: &State, stage: &Stage, environment: &EnvironmentName, now: Timestamp) -> String {
    let Some(standing) = state.entered(stage).and_then(|entered| entered.standing.as_ref()) else {
        return format!("reading the settings of {environment}");
    };
    if let Some(other) = &standing.behind {
        return format!("waiting behind {other}, which is in {environment}");
    }
    if let Some(reason) = &standing.on_hold {
        return format!("{environment} is on hold: {reason}");
    }
    match &standing.frozen {
        Some(Frozen { until, reason }) if *until > now => {
            format!("{environment} is frozen until {until}: {reason}")
        }
        _ => format!("about to enter {environment}"),
    }
}

/// What is looked at and not known yet, where the run's turn has come.
fn finding(state: &State, stage: &Stage) -> Option<String> {
    let environment = stage.work.environment()?;
    state.waits_for_findings().find(|one| *one == environment)?;
    let findings = state.findings(stage).into_iter();
    let open = findings.filter(|finding| finding.outcome == Outcome::Open);
    let open: Vec<String> = open.map(|finding| finding.evidence).collect();
    Some(format!("waiting before {environment}: {}", open.join("; ")))
}

/// Whose approval the run waits for, where it does.
fn approval(state: &State, stage: &Stage, environment: &EnvironmentName) -> Option<String> {
    let Tally::Open { missing } = state.tally(stage)? else { return None };
    let asked = state.approvals(stage)?;
    let groups: Vec<&str> = asked.from.iter().map(GroupName::as_str).collect();
    let people = if missing == 1 { "one more approval" } else { "approvals" };
    let count = if missing == 1 { String::new() } else { format!("{missing} more ") };
    let groups = groups.join(", ");
    Some(format!("waiting for {count}{people} of {groups} for {environment}"))
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
        Effect::Leave(leaving) => format!("its place in {}", leaving.environment),
        Effect::Notify(notifying) => format!("the notice {}", notifying.notice.id),
        Effect::Overtake(overtaking) => {
            format!("the end of {}, which it supersedes", overtaking.run)
        }
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
        Some(Pending { not_before: Some(due), .. }) if *due > now => {
            format!("the platform ended the attempt before, tried again from {due} on")
        }
        Some(pending) if pending.lease.is_none() => "about to be submitted".to_owned(),
        Some(pending) if pending.is_free(now) => {
            "nobody has heard of its submission; tick takes it over".to_owned()
        }
        Some(_) => "submitted, not started".to_owned(),
    }
}
