//! What the engine tells Batch about itself.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use super::executor::Executor;
use crate::ecr::Ecr;
use crate::secretsmanager::SecretsManager;

/// How long a container may take to end after it was asked to, as on ECS.
pub const GRACE: Duration = Duration::from_secs(30);

/// How Batch is set up.
#[derive(Clone)]
pub struct BatchConfig {
    /// Where the engine listens, as `http://127.0.0.1:port`; jobs get it as `AWS_ENDPOINT_URL`.
    pub endpoint: String,
    /// The program, with its first arguments, that an init container with the command
    /// `install <mount path>` would bring: what a command below that mount path is run by.
    pub runner: Vec<OsString>,
    /// The queues that are there from the start.
    pub queues: Vec<QueueSpec>,
    /// The vCPUs of a queue made by `CreateJobQueue` whose compute environments name none.
    pub vcpus: u32,
    /// Where images come from.
    pub images: Ecr,
    /// The unique id (`AROA…`) of the role with that ARN.
    pub role_id: fn(&str) -> String,
    /// Where the secrets of job definitions are read.
    pub secrets: Arc<SecretsManager>,
    /// What runs them.
    pub executor: Executor,
    /// How long a job may take to end after SIGTERM: [`GRACE`] unless a test says otherwise.
    pub grace: Duration,
}

/// A queue, and the vCPUs that its jobs share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSpec {
    /// Its name.
    pub name: String,
    /// How many vCPUs its jobs may take together.
    pub vcpus: u32,
    /// What is behind it: `EC2` or `FARGATE`.
    pub kind: String,
}
