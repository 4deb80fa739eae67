//! What a template says, in types: the part of a stack that the engine carries out.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::events::Pattern;

/// Everything that the engine builds from one template.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// The buckets.
    pub buckets: Vec<Bucket>,
    /// The queues, dead-letter queues among them.
    pub queues: Vec<Queue>,
    /// The rules of the event bus.
    pub rules: Vec<Rule>,
    /// The functions.
    pub functions: Vec<Function>,
    /// The image repositories.
    pub repositories: Vec<Repository>,
    /// Batch job queues that the template itself creates.
    pub job_queues: Vec<JobQueue>,
    /// The outputs, resolved.
    pub outputs: BTreeMap<String, String>,
    /// The parameters as they were in the end; a list is joined by commas.
    pub parameters: BTreeMap<String, String>,
}

/// A bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its logical id.
    pub logical_id: String,
    /// Its name.
    pub name: String,
    /// Whether it keeps versions.
    pub versioned: bool,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Its logical id.
    pub logical_id: String,
    /// Its name.
    pub name: String,
    /// How long a received message stays hidden.
    pub visibility: Duration,
    /// How long a message is kept.
    pub retention: Duration,
    /// Where messages go that were received too often.
    pub redrive: Option<Redrive>,
}

/// A queue's redrive policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// The name of the dead-letter queue.
    pub target: String,
    /// How often a message is received before it is moved.
    pub max_receive_count: u32,
}

/// A rule of the event bus.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its logical id.
    pub logical_id: String,
    /// What an event must look like.
    pub pattern: Pattern,
    /// The names of the queues that get it.
    pub targets: Vec<String>,
}

/// A Lambda function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its logical id.
    pub logical_id: String,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The binary that it runs, such as `commit`.
    pub binary: String,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Its memory in MiB.
    pub memory: u32,
    /// Its variables, resolved.
    pub environment: BTreeMap<String, String>,
    /// The queues that it reads.
    pub sources: Vec<QueueSource>,
    /// When it is started by the clock.
    pub schedules: Vec<Schedule>,
    /// The ARN of its role.
    pub role_arn: String,
    /// The id of its role, `AROA…`.
    pub role_id: String,
}

/// A queue that a function reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSource {
    /// The queue's name.
    pub queue: String,
    /// Messages per invocation at most.
    pub batch_size: u32,
    /// How long a batch is gathered.
    pub window: Duration,
    /// Whether the function reports single messages as failed.
    pub report_batch_item_failures: bool,
    /// Invocations at the same time at most.
    pub maximum_concurrency: Option<u32>,
}

/// A schedule of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// The time between two invocations.
    pub rate: Duration,
    /// What the function is given; EventBridge Scheduler's own default where there is none.
    pub input: Option<String>,
}

/// An image repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Its logical id.
    pub logical_id: String,
    /// Its name.
    pub name: String,
}

/// A Batch job queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobQueue {
    /// Its logical id.
    pub logical_id: String,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

impl Stack {
    /// The queue of that logical id.
    #[must_use]
    pub fn queue(&self, logical_id: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.logical_id == logical_id)
    }

    /// The function of that logical id.
    #[must_use]
    pub fn function(&self, logical_id: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.logical_id == logical_id)
    }
}
