//! The groups of variables.

use aws_credential_types::Credentials;
use signalbox_pipeline::names::Host;
use signalbox_pipeline::platform::{Capability, Platform};

use super::{Group, Reader, check};

/// Where to call AWS and as whom: what Lambda itself sets.
#[derive(Clone, Debug)]
pub struct Account {
    /// `AWS_REGION`.
    pub region: String,
    /// The function's own short-lived credentials; their `Debug` hides the secret.
    pub credentials: Credentials,
    /// `AWS_ENDPOINT_URL`: every client calls this instead of AWS, where it is set.
    pub endpoint: Option<String>,
}

impl Group for Account {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let region = reader.required("AWS_REGION", check::region);
        let key = reader.required("AWS_ACCESS_KEY_ID", Ok);
        let secret = reader.required("AWS_SECRET_ACCESS_KEY", Ok);
        let token = reader.optional("AWS_SESSION_TOKEN");
        let endpoint = reader.optional("AWS_ENDPOINT_URL");
        Some(Self {
            region: region?,
            credentials: Credentials::new(key?, secret?, token, None, "environment"),
            endpoint,
        })
    }
}

/// The three buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets {
    /// Documents: versioned, changed only by conditional writes.
    pub state: String,
    /// Markers: what `tick` looks at.
    pub index: String,
    /// What jobs are given and what they deliver: versioned.
    pub artifacts: String,
}

impl Group for Buckets {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let state = reader.required("SIGNALBOX_STATE_BUCKET", check::bucket);
        let index = reader.required("SIGNALBOX_INDEX_BUCKET", check::bucket);
        let artifacts = reader.required("SIGNALBOX_ARTIFACTS_BUCKET", check::bucket);
        Some(Self { state: state?, index: index?, artifacts: artifacts? })
    }
}

/// Where and as what jobs run, and where people are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// The ARN of the Batch queue.
    pub queue: String,
    /// The ARN of the role that jobs run as.
    pub role: String,
    /// That role's id: the first half of every attempt's prefix in the artifacts bucket.
    pub role_id: String,
    /// The ARN of the role that pulls images and writes logs.
    pub execution_role: String,
    /// The image of the init container that brings the runner in.
    pub runner_image: String,
    /// The image of checkout, build and checks that name none.
    pub checkout_image: String,
    /// The registry that images are pushed to.
    pub registry: String,
    /// What the queue's compute environment runs on.
    pub capability: Capability,
    /// The URL of the queue of what people are told.
    pub notifications: String,
}

impl Jobs {
    /// As the core wants it, with the bucket that jobs read from and write to.
    #[must_use]
    pub fn platform(&self, artifacts_bucket: &str) -> Platform {
        Platform {
            queue: self.queue.clone(),
            job_role: self.role.clone(),
            job_role_id: self.role_id.clone(),
            execution_role: self.execution_role.clone(),
            runner_image: self.runner_image.clone(),
            registry: self.registry.clone(),
            artifacts_bucket: artifacts_bucket.to_owned(),
            capability: self.capability,
        }
    }
}

fn capability(word: &str) -> Result<Capability, String> {
    match word {
        "EC2" => Ok(Capability::Ec2),
        "FARGATE" => Ok(Capability::Fargate),
        _ => Err("must be EC2 or FARGATE".to_owned()),
    }
}

impl Group for Jobs {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let queue = reader.required("SIGNALBOX_JOB_QUEUE", check::job_queue);
        let role = reader.required("SIGNALBOX_JOB_ROLE", check::role);
        let role_id = reader.required("SIGNALBOX_JOB_ROLE_ID", check::role_id);
        let execution_role = reader.required("SIGNALBOX_EXECUTION_ROLE", check::role);
        let runner_image = reader.required("SIGNALBOX_RUNNER_IMAGE", check::image);
        let checkout_image = reader.required("SIGNALBOX_CHECKOUT_IMAGE", check::image);
        let registry = reader.required("SIGNALBOX_REGISTRY", check::registry);
        let capability = reader.required("SIGNALBOX_PLATFORM", |word| capability(&word));
        let notifications = Notifications::read(reader);
        Some(Self {
            queue: queue?,
            role: role?,
            role_id: role_id?,
            execution_role: execution_role?,
            runner_image: runner_image?,
            checkout_image: checkout_image?,
            registry: registry?,
            capability: capability?,
            notifications: notifications?.0,
        })
    }
}

/// The host that CodeCommit's repositories are registered under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeHost(pub Host);

impl Group for CodeHost {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.required("SIGNALBOX_CODE_HOST", check::host).map(Self)
    }
}

/// The function's own dead-letter queue, by URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetters(pub String);

impl Group for DeadLetters {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.required("SIGNALBOX_DEAD_LETTERS_QUEUE_URL", check::url).map(Self)
    }
}

/// The queue of what people are told, by URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notifications(pub String);

impl Group for Notifications {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.required("SIGNALBOX_NOTIFICATIONS_QUEUE_URL", check::url).map(Self)
    }
}
