//! Batch Job State Change: a job of ours runs, or has ended. Batch Job Queue Blocked: it gets no place.
//!
//! The event's detail has the shape of DescribeJobs' answer, so that `tick`, which asks, makes the
//! same facts as the events that may be lost.

use std::collections::BTreeMap;

use jiff::Timestamp;
use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::launch::Launch;
use signalbox_pipeline::names::{
    EnvironmentName, EventId, JobId, JobName, LaunchId, PipelineName, RunId, TaskId,
};
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::Fact;
use signalbox_pipeline::run::fact::{Cause, Ending, JobEnded, JobStarted, Placement, Waiting};

use super::{Envelope, Read};
use crate::fault::Malformed;

mod cause;
mod described;
mod detail;
mod executor;

pub use described::Described;
use detail::Detail;

const SOURCE: &str = "aws.batch";
const DETAIL_TYPE: &str = "Batch Job State Change";
/// The first job of a queue gets no place, and everything behind it waits.
const BLOCKED: &str = "Batch Job Queue Blocked";
/// The prefix of the names of our job definitions.
pub const DEFINITIONS: &str = "signalbox-";
/// As much of a reason as is kept.
const LONGEST_REASON: usize = 500;

/// Whose job it is, from the parameters that it was submitted with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// What it was submitted for.
    pub of: Of,
    /// The attempt inside of that.
    pub attempt: AttemptId,
}

/// What a job was submitted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// A stage of a run.
    Run(RunId),
    /// A launch.
    Launch(EnvironmentName, LaunchId),
}

impl Owner {
    /// The name that the job was submitted under.
    fn job_name(&self) -> JobName {
        match &self.of {
            Of::Run(run) => self.attempt.job_name(&self.pipeline, run),
            Of::Launch(environment, launch) => {
                self.attempt.launch_name(&self.pipeline, environment, launch)
            }
        }
    }
}

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobStatus {
    /// It waits for a place, and Batch says why.
    Runnable,
    /// Its containers run.
    Running,
    /// It ended with exit code 0.
    Succeeded,
    /// It ended otherwise, or never ran.
    Failed,
}

/// What Batch says about a job of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEvent {
    /// The event that says so.
    pub event: EventId,
    /// When it said so.
    pub at: Timestamp,
    /// Batch's id of the job.
    pub job_id: JobId,
    /// Its name.
    pub name: JobName,
    /// The ARN of its queue.
    pub queue: String,
    /// The name of its job definition.
    pub definition: String,
    /// The revision of its job definition.
    pub revision: Option<u32>,
    /// Whose it is.
    pub owner: Owner,
    /// How far it has come.
    pub status: JobStatus,
    /// The task of the last try.
    pub task: Option<TaskId>,
    /// The exit code of the main container.
    pub exit_code: Option<i32>,
    /// The main container's reason.
    pub reason: Option<String>,
    /// The job's reason.
    pub status_reason: Option<String>,
    /// When it was submitted.
    pub submitted_at: Option<Timestamp>,
    /// When the last try began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub stopped_at: Option<Timestamp>,
}

impl JobEvent {
    /// What it tells the run.
    #[must_use]
    pub fn occurrence(self) -> Occurrence {
        let (attempt, started_at) = (self.owner.attempt, self.started_at);
        let placement =
            Placement { job_id: self.job_id, definition: self.definition, queue: self.queue };
        let succeeded = self.status == JobStatus::Succeeded;
        let cause = cause::of(self.status_reason.as_deref(), self.reason.as_deref());
        let cause = cause.filter(|_| !succeeded);
        let reason = match cause {
            // The container tells of its end only, not of the machine's.
            Some(Cause::Reclaimed | Cause::TimedOut | Cause::NoCapacity) => {
                self.status_reason.or(self.reason)
            }
            _ => self.reason.or(self.status_reason),
        };
        let ending = |reason| Ending {
            succeeded,
            cause,
            exit_code: self.exit_code,
            reason,
            task: self.task,
            started_at,
            stopped_at: self.stopped_at,
        };
        let fact = match self.status {
            JobStatus::Runnable => {
                let reason = reason.unwrap_or_default();
                Fact::Waiting(Waiting { attempt, reason })
            }
            JobStatus::Running => Fact::JobStarted(JobStarted { attempt, placement, started_at }),
            JobStatus::Succeeded | JobStatus::Failed => {
                let ending = ending(reason);
                Fact::JobEnded(JobEnded { attempt, placement, ending })
            }
        };
        Occurrence { event: self.event, actor: SOURCE.to_owned(), fact }
    }
}

/// Reads what happened to a job of ours out of `envelope`.
///
/// # Errors
/// When it names one of our definitions and is still not a job's event.
pub fn read(envelope: &Envelope<'_>) -> Result<Read<JobEvent>, Malformed> {
    let blocked = envelope.is(SOURCE, BLOCKED);
    if !blocked && !envelope.is(SOURCE, DETAIL_TYPE) {
        return Ok(Read::Ignored(envelope.other_kind(DETAIL_TYPE)));
    }
    Ok(match interpret(envelope.detail()?, envelope.id.clone(), envelope.at)? {
        // Every job is in this state for a while: only that it stays there is worth a word.
        Read::Event(job) if job.status == JobStatus::Runnable && !blocked => {
            Read::Ignored("nothing depends on the state RUNNABLE".to_owned())
        }
        read => read,
    })
}

/// Whose job it is and where, in whatever state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its name.
    pub name: JobName,
    /// The revision of its job definition.
    pub revision: Option<u32>,
    /// Where Batch holds it.
    pub placement: Placement,
    /// Whose it is.
    pub owner: Owner,
}

fn identify(detail: &Detail) -> Result<Read<Identity>, Malformed> {
    let (definition, revision) = definition(&detail.job_definition);
    if !definition.starts_with(DEFINITIONS) {
        let reason = "the job's definition is not one of signalbox-*: it is somebody else's";
        return Ok(Read::Ignored(reason.to_owned()));
    }
    let name: JobName = super::name(&detail.job_name, "detail.jobName")?;
    let owner = match owner(&detail.parameters) {
        Ok(owner) => owner,
        Err(problem) => return Ok(Read::Ignored(somebody_elses(&problem))),
    };
    if owner.job_name() != name {
        return Ok(Read::Ignored(somebody_elses("its name does not follow from its parameters")));
    }
    let job_id = super::name(&detail.job_id, "detail.jobId")?;
    let (definition, queue) = (definition.to_owned(), detail.job_queue.clone());
    let placement = Placement { job_id, definition, queue };
    Ok(Read::Event(Identity { name, revision, placement, owner }))
}

fn interpret(detail: Detail, event: EventId, at: Timestamp) -> Result<Read<JobEvent>, Malformed> {
    let Identity { name, revision, placement, owner } = match identify(&detail)? {
        Read::Event(identity) => identity,
        Read::Ignored(reason) => return Ok(Read::Ignored(reason)),
    };
    let Some(status) = status(&detail) else {
        return Ok(Read::Ignored(format!("nothing depends on the state {}", detail.status)));
    };
    let outcome = match executor::outcome(&detail) {
        Ok(outcome) => outcome,
        Err(unsupported) => return Ok(Read::Ignored(unsupported)),
    };
    let last = detail.attempts.last();
    Ok(Read::Event(JobEvent {
        event,
        at,
        job_id: placement.job_id,
        name,
        queue: placement.queue,
        definition: placement.definition,
        revision,
        owner,
        status,
        task: outcome.task_arn.as_deref().map(task).transpose()?,
        exit_code: outcome.exit_code,
        reason: outcome.reason.map(bounded),
        status_reason: detail.status_reason.map(bounded),
        submitted_at: time(detail.created_at),
        started_at: time(last.and_then(|try_| try_.started_at).or(detail.started_at)),
        stopped_at: time(last.and_then(|try_| try_.stopped_at).or(detail.stopped_at)),
    }))
}

fn somebody_elses(problem: &str) -> String {
    format!("the job is not one that a run submitted: {problem}")
}

fn status(detail: &Detail) -> Option<JobStatus> {
    match detail.status.as_str() {
        "RUNNABLE" => detail.status_reason.as_ref().map(|_| JobStatus::Runnable),
        "RUNNING" => Some(JobStatus::Running),
        "SUCCEEDED" => Some(JobStatus::Succeeded),
        "FAILED" => Some(JobStatus::Failed),
        _ => None,
    }
}

/// `arn:…:job-definition/name:revision`, or `name:revision`, as name and revision.
fn definition(text: &str) -> (&str, Option<u32>) {
    let short = text.rsplit('/').next().unwrap_or(text);
    match short.rsplit_once(':') {
        Some((name, revision)) => (name, revision.parse().ok()),
        None => (short, None),
    }
}

fn owner(parameters: &BTreeMap<String, String>) -> Result<Owner, String> {
    let get = |name: &str| {
        let value = parameters.get(name).map(String::as_str);
        value.ok_or_else(|| format!("it has no parameter {name}"))
    };
    let text = |error: signalbox_pipeline::names::NameError| error.to_string();
    let number = get("attempt")?.parse().map_err(|_| "its attempt is not a number".to_owned())?;
    let pipeline = get("pipeline")?.parse().map_err(text)?;
    if let Ok(launch) = get("launch") {
        let environment = get("environment")?.parse().map_err(text)?;
        let of = Of::Launch(environment, launch.parse().map_err(text)?);
        return Ok(Owner { pipeline, of, attempt: Launch::attempt_id(number) });
    }
    Ok(Owner {
        pipeline,
        of: Of::Run(get("run")?.parse().map_err(text)?),
        attempt: AttemptId {
            stage: get("stage")?.parse().map_err(text)?,
            job: get("job")?.parse().map_err(text)?,
            number,
        },
    })
}

/// The task's id: the last segment of `arn:aws:ecs:<region>:<account>:task/<cluster>/<task id>`.
fn task(arn: &str) -> Result<TaskId, Malformed> {
    super::name(arn.rsplit('/').next().unwrap_or(arn), "the task's ARN")
}

fn time(millis: Option<i64>) -> Option<Timestamp> {
    // Where it has no such time yet, Batch may leave it out or say 0.
    let millis = millis.filter(|&millis| millis > 0);
    millis.and_then(|millis| Timestamp::from_millisecond(millis).ok())
}

fn bounded(reason: String) -> String {
    if reason.len() <= LONGEST_REASON {
        reason
    } else {
        reason.chars().take(LONGEST_REASON).collect()
    }
}

#[cfg(test)]
mod tests;
