//! A job as it is stored, and the changes that it can go through.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{arn, detail};
use crate::events::envelope;

/// Where a job stands, in Batch's words and order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Status {
    Submitted,
    Pending,
    Runnable,
    Starting,
    Running,
    Succeeded,
    Failed,
}

impl Status {
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }

    /// Whether a process may be there.
    pub(crate) fn is_placed(self) -> bool {
        matches!(self, Self::Starting | Self::Running)
    }
}

/// What was asked for, with the definition and the overrides already put together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Spec {
    /// The container of a definition with `containerProperties`.
    pub(crate) container: Option<Value>,
    /// The one task of a definition with `ecsProperties`.
    pub(crate) task: Option<Value>,
    pub(crate) parameters: Map<String, Value>,
    pub(crate) attempts: u32,
    pub(crate) evaluate_on_exit: Value,
    pub(crate) timeout: Option<u64>,
    pub(crate) tags: Map<String, Value>,
    pub(crate) propagate_tags: bool,
    pub(crate) platform_capabilities: Value,
    pub(crate) depends_on: Vec<Value>,
    /// Thousandths of a vCPU that the container takes while it runs.
    pub(crate) millicpus: u64,
    pub(crate) gpus: u64,
}

/// The attempt that is starting or running.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// 1 for the first.
    pub(crate) number: u32,
    /// The id of its ECS task.
    pub(crate) task: String,
    /// What its containers show to get credentials.
    pub(crate) token: String,
}

/// Why a job is being ended before its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum End {
    /// Somebody asked for it, and gave this reason.
    Terminated(String),
    /// The attempt took longer than its timeout.
    TimedOut,
}

/// A job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) schema: u32,
    /// Its place in the order of submission.
    pub(crate) number: u64,
    pub(crate) id: String,
    pub(crate) name: String,
    /// The queue's ARN.
    pub(crate) queue: String,
    /// The definition's ARN, with its revision.
    pub(crate) definition: String,
    pub(crate) spec: Spec,
    pub(crate) status: Status,
    pub(crate) status_reason: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) started_at: Option<i64>,
    pub(crate) stopped_at: Option<i64>,
    pub(crate) attempt: Option<Attempt>,
    /// The attempts that are over, as DescribeJobs shows them.
    pub(crate) attempts: Vec<Value>,
    pub(crate) end: Option<End>,
    pub(crate) cancelled: bool,
    pub(crate) terminated: bool,
    /// Events that are not yet on the bus, oldest first.
    pub(crate) pending: Vec<Value>,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// Its essential container ended.
    Exited(i32),
    /// Its containers never ran; the reason says why.
    NotStarted(String),
}

const EXITED: &str = "Essential container in task exited";
const TIMED_OUT: &str = "Job attempt duration exceeded timeout";

impl Job {
    /// Moves the job on, and has the event of it wait for the bus.
    pub(crate) fn enter(&mut self, status: Status, reason: Option<&str>, at: Timestamp) {
        self.status = status;
        self.status_reason = reason.map(str::to_owned);
        let arn = arn::job(&self.id);
        let detail = detail::job(self);
        self.pending.push(envelope("aws.batch", "Batch Job State Change", at, &[&arn], &detail));
    }

    /// Begins the next attempt.
    pub(crate) fn start(&mut self, task: String, token: String, at: Timestamp) {
        let number = u32::try_from(self.attempts.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.attempt = Some(Attempt { number, task, token });
        self.enter(Status::Starting, None, at);
    }

    /// The container of the attempt runs.
    pub(crate) fn run(&mut self, at: Timestamp) {
        self.started_at = Some(at.as_millisecond());
        self.enter(Status::Running, None, at);
    }

    /// The attempt is over: the job is too, unless it may be tried again.
    pub(crate) fn finish(&mut self, outcome: &Outcome, at: Timestamp) {
        let (succeeded, reason) = match (&self.end, outcome) {
            (Some(End::Terminated(reason)), _) => (false, reason.clone()),
            (Some(End::TimedOut), _) => (false, TIMED_OUT.to_owned()),
            (None, Outcome::Exited(code)) => (*code == 0, EXITED.to_owned()),
            (None, Outcome::NotStarted(reason)) => (false, reason.clone()),
        };
        self.stopped_at = Some(at.as_millisecond());
        detail::record_attempt(self, outcome, &reason);
        self.attempt = None;
        let tries_left = self.attempts.len() < self.spec.attempts as usize;
        if succeeded {
            self.enter(Status::Succeeded, Some(&reason), at);
        } else if self.end.is_none() && tries_left {
            self.stopped_at = None;
            self.started_at = None;
            self.enter(Status::Runnable, Some(&reason), at);
        } else {
            self.terminated |= self.end.is_some();
            self.enter(Status::Failed, Some(&reason), at);
        }
    }

    /// Ends a job that never ran.
    pub(crate) fn give_up(&mut self, reason: &str, at: Timestamp) {
        self.stopped_at = Some(at.as_millisecond());
        self.enter(Status::Failed, Some(reason), at);
    }

    /// The one container that is run: the essential one.
    pub(crate) fn main(&self) -> Option<&Value> {
        match &self.spec.task {
            Some(task) => main_container(task),
            None => self.spec.container.as_ref(),
        }
    }

    /// The role that the job's containers act under.
    pub(crate) fn role(&self) -> Option<&str> {
        let role = match &self.spec.task {
            Some(task) => &task["taskRoleArn"],
            None => &self.spec.container.as_ref()?["jobRoleArn"],
        };
        role.as_str()
    }
}

/// The containers of a task.
pub(crate) fn containers(task: &Value) -> &[Value] {
    task["containers"].as_array().map_or(&[], Vec::as_slice)
}

/// The essential container of a task; the others serve it.
pub(crate) fn main_container(task: &Value) -> Option<&Value> {
    containers(task).iter().find(|container| container["essential"].as_bool().unwrap_or(true))
}
