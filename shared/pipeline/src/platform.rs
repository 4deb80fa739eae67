//! What ops had deployed when something was decided: frozen into every submission.

use crate::names::ImageRepository;

/// Where jobs run, under which roles, from which images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// The ARN of the default job queue.
    pub queue: String,
    /// The ARN of the role that jobs have.
    pub job_role: String,
    /// The id of that role: the first half of `aws:userid` in every task.
    pub job_role_id: String,
    /// The ARN of the role that pulls images and writes logs.
    pub execution_role: String,
    /// The image that brings the runner in.
    pub runner_image: String,
    /// The registry of the images that are built.
    pub registry: String,
    /// The bucket of sources and results.
    pub artifacts_bucket: String,
    /// Where tasks run.
    pub capability: Capability,
}

/// Where tasks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Capability {
    /// On instances of the account.
    Ec2,
    /// On Fargate.
    Fargate,
}

impl Platform {
    /// The ARN of a queue that settings name beside the default one.
    #[must_use]
    pub fn queue_named(&self, name: &str) -> String {
        match self.queue.rsplit_once('/') {
            Some((account, _)) if !name.starts_with("arn:") => format!("{account}/{name}"),
            _ => name.to_owned(),
        }
    }

    /// How a container names an image of ours.
    #[must_use]
    pub fn image(&self, repository: &ImageRepository, reference: &str) -> String {
        format!("{}/{repository}{reference}", self.registry)
    }
}
