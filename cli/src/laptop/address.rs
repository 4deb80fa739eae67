//! How any AWS client reaches a running engine: the first line of `signalbox local`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use signalbox_cloud::config::Buckets as BucketNames;
use signalbox_local::REGION;
use signalbox_local::engine::Engine;
use signalbox_local::principals::{Principal, user_arn};

use super::example;

/// Where a running engine is, and with which keys.
#[derive(Debug, Serialize)]
pub(crate) struct Address {
    /// S3, SQS, Batch and ECR.
    endpoint: String,
    /// The clone address of the repository `rain`; the others lie beside it.
    git_remote: PathBuf,
    /// The OCI registry, as `host:port`.
    registry: String,
    buckets: Buckets,
    queues: Queues,
    credentials: Credentials,
    /// Everybody with keys of their own, the operator among them.
    users: BTreeMap<String, User>,
    /// The folder with a log per function.
    functions_log: PathBuf,
    /// The variables of each function, as `sam local invoke --env-vars` takes them.
    functions: BTreeMap<String, BTreeMap<String, String>>,
    dir: PathBuf,
}

#[derive(Debug, Serialize)]
struct Buckets {
    state: String,
    index: String,
    artifacts: String,
}

/// The queues' URLs.
#[derive(Debug, Serialize)]
struct Queues {
    commits: String,
    images: String,
    jobs: String,
    decisions: String,
    notifications: String,
    launches: String,
}

#[derive(Debug, Serialize)]
struct User {
    /// What SQS attaches to messages of theirs as `SenderId`.
    user_id: String,
    /// Who they are in the events of CodeCommit.
    arn: String,
    access_key_id: String,
    secret_access_key: String,
}

#[derive(Debug, Serialize)]
struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    region: &'static str,
}

impl From<Principal> for User {
    fn from(user: Principal) -> Self {
        let Principal { name, user_id, access_key_id, secret_access_key, .. } = user;
        Self { user_id, arn: user_arn(&name), access_key_id, secret_access_key }
    }
}

impl Address {
    /// The address of `engine`, whose folder is `dir`.
    ///
    /// # Errors
    /// When the template lacks an output that everybody relies on.
    pub(crate) fn of(engine: &Engine, dir: &Path) -> anyhow::Result<Self> {
        let BucketNames { state, index, artifacts } = buckets(engine)?;
        let keys = engine.credentials();
        let dir = dir.canonicalize()?;
        Ok(Self {
            endpoint: engine.endpoint().to_owned(),
            git_remote: dir.join("git").join(format!("{}.git", example::REPOSITORY)),
            registry: engine.registry().to_owned(),
            buckets: Buckets { state, index, artifacts },
            queues: Queues {
                commits: output(engine, "CommitsQueueUrl")?,
                images: output(engine, "ImagesQueueUrl")?,
                jobs: output(engine, "JobsQueueUrl")?,
                decisions: output(engine, "DecisionsQueueUrl")?,
                notifications: output(engine, "NotificationsQueueUrl")?,
                launches: output(engine, "LaunchesQueueUrl")?,
            },
            credentials: Credentials {
                access_key_id: keys.access_key_id.clone(),
                secret_access_key: keys.secret_access_key.clone(),
                region: REGION,
            },
            users: engine
                .users()
                .into_iter()
                .map(|user| (user.name.clone(), user.into()))
                .collect(),
            functions_log: dir.join("functions"),
            functions: engine
                .stack()
                .functions
                .iter()
                .map(|function| (function.logical_id.clone(), function.environment.clone()))
                .collect(),
            dir,
        })
    }
}

impl Address {
    /// The URL of the commits queue.
    pub(crate) fn commits(&self) -> &str {
        &self.queues.commits
    }

    /// The state bucket.
    pub(crate) fn state(&self) -> &str {
        &self.buckets.state
    }

    /// The index bucket.
    pub(crate) fn index(&self) -> &str {
        &self.buckets.index
    }
}

/// The buckets' names.
///
/// # Errors
/// When the template does not give them out.
pub(super) fn buckets(engine: &Engine) -> anyhow::Result<BucketNames> {
    Ok(BucketNames {
        state: output(engine, "StateBucketName")?,
        index: output(engine, "IndexBucketName")?,
        artifacts: output(engine, "ArtifactsBucketName")?,
    })
}

fn output(engine: &Engine, name: &str) -> anyhow::Result<String> {
    let found = engine.outputs().get(name).cloned();
    found.with_context(|| format!("the template has no output `{name}`"))
}
