//! An installation of Signalbox: an engine as a process of its own, with the repository registered.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use aws_credential_types::Credentials;
use serde_json::Value;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::config::Account;
use tempfile::TempDir;

use crate::program::{Buckets, Facts, Process, Setup};
use crate::repository::Repository;
use crate::requests::{self, Request};

/// The host that repositories are registered under.
pub const HOST: &str = "codecommit.eu-west-1.amazonaws.com";
/// The ARN of the Batch queue.
pub const JOB_QUEUE: &str = "arn:aws:batch:eu-west-1:123456789012:job-queue/signalbox";
/// Longer than a run takes, on however busy a machine, with one lease to run out in the middle.
pub const RUN: Duration = Duration::from_secs(150);
/// What the engine says.
const LOG: &str = "engine.log";
/// As much of a function's log as a failed test shows.
const SHOWN: usize = 20;

/// An engine with the repository registered and the environment `test` set up.
#[derive(Debug)]
pub struct Installation {
    program: String,
    /// What the engine is started with.
    pub setup: Setup,
    process: Option<Process>,
    /// What the engine told.
    pub facts: Facts,
    /// The developer's clone.
    pub repository: Repository,
    clients: Clients,
    // The last, so that the folder goes when nothing writes to it any more.
    dir: TempDir,
}

impl Installation {
    /// Starts `program` as an engine, as `change` has it.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(program: &str, change: impl FnOnce(&mut Setup)) -> anyhow::Result<Self> {
        let dir = tempfile::Builder::new().prefix("signalbox-test-").tempdir()?;
        let mut setup = Setup::new(dir.path().join("engine"));
        change(&mut setup);
        let process = Process::start(program, &setup, &dir.path().join(LOG)).await?;
        let facts = process.facts.clone();
        let repository = Repository::new(dir.path().join("work"), &facts.git_remote).await?;
        let (program, clients) = (program.to_owned(), clients(&facts));
        let process = Some(process);
        Ok(Self { program, setup, process, facts, repository, clients, dir })
    }

    /// Stops the engine in good order, and starts it again as `change` has it.
    ///
    /// # Errors
    /// When it does not stop or start.
    pub async fn restart(&mut self, change: impl FnOnce(&mut Setup)) -> anyhow::Result<()> {
        if let Some(process) = self.process.take() {
            process.stop().await?;
        }
        self.setup.example = false;
        change(&mut self.setup);
        let process =
            Process::start(&self.program, &self.setup, &self.dir.path().join(LOG)).await?;
        self.facts = process.facts.clone();
        self.clients = clients(&self.facts);
        self.process = Some(process);
        Ok(())
    }

    /// Whether the engine was killed since it was started.
    ///
    /// # Errors
    /// When it ended otherwise.
    pub fn was_killed(&mut self) -> anyhow::Result<bool> {
        use std::os::unix::process::ExitStatusExt as _;
        let Some(process) = &mut self.process else { return Ok(true) };
        let Some(status) = process.ended()? else { return Ok(false) };
        anyhow::ensure!(status.signal() == Some(9), "the engine ended with {status}");
        self.process = None;
        Ok(true)
    }

    /// S3.
    #[must_use]
    pub fn s3(&self) -> aws_sdk_s3::Client {
        self.clients.s3().patient
    }

    /// SQS.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        self.clients.sqs().patient
    }

    /// SQS, with the keys of `user`.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn sqs_as(&self, user: &str) -> anyhow::Result<aws_sdk_sqs::Client> {
        let user = self.facts.users.get(user).with_context(|| format!("no user {user}"))?;
        let mut facts = self.facts.clone();
        facts.credentials.access_key_id.clone_from(&user.access_key_id);
        facts.credentials.secret_access_key.clone_from(&user.secret_access_key);
        Ok(clients(&facts).sqs().patient)
    }

    /// Batch.
    #[must_use]
    pub fn batch(&self) -> aws_sdk_batch::Client {
        self.clients.batch().patient
    }

    /// ECR.
    #[must_use]
    pub fn ecr(&self) -> aws_sdk_ecr::Client {
        self.clients.ecr().patient
    }

    /// Puts an object.
    ///
    /// # Errors
    /// When S3 does not take it.
    pub async fn put(&self, bucket: &str, key: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        self.s3().put_object().bucket(bucket).key(key).body(bytes.into()).send().await?;
        Ok(())
    }

    /// An object's bytes.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn get(&self, bucket: &str, key: &str) -> anyhow::Result<Vec<u8>> {
        let object = self.s3().get_object().bucket(bucket).key(key).send().await;
        let object = object.with_context(|| format!("{bucket}/{key}"))?;
        Ok(object.body.collect().await?.into_bytes().to_vec())
    }

    /// Every object below `prefix`, with its tag: what must not change when nothing happens.
    ///
    /// # Errors
    /// When S3 does not list them.
    pub async fn objects(
        &self,
        bucket: &str,
        prefix: &str,
    ) -> anyhow::Result<Vec<(String, String)>> {
        let list = self.s3().list_objects_v2().bucket(bucket).prefix(prefix);
        let mut pages = list.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let objects = page?.contents.unwrap_or_default();
            found.extend(
                objects.into_iter().map(|object| {
                    (object.key.unwrap_or_default(), object.e_tag.unwrap_or_default())
                }),
            );
        }
        Ok(found)
    }

    /// Every object of every bucket.
    ///
    /// # Errors
    /// When S3 does not list them.
    pub async fn everything(&self) -> anyhow::Result<Vec<(String, String)>> {
        let mut all = Vec::new();
        let Buckets { state, index, artifacts } = &self.facts.buckets;
        for bucket in [state, index, artifacts] {
            all.extend(self.objects(bucket, "").await?);
        }
        Ok(all)
    }

    /// What was asked of the services.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn requests(&self) -> anyhow::Result<Vec<Request>> {
        requests::read(&self.setup.dir)
    }

    /// The lines that a function wrote, such as `CommitFunction`.
    #[must_use]
    pub fn log(&self, function: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.log_file(function)).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The end of every log, for whoever has to find out why a test failed.
    #[must_use]
    pub fn logs(&self) -> String {
        let mut text = String::new();
        let functions =
            ["CommitFunction", "DecisionFunction", "ImageFunction", "JobFunction", "TickFunction"];
        let files = functions.map(|function| self.log_file(function));
        for file in files.iter().chain([&self.dir.path().join(LOG)]) {
            let log = std::fs::read_to_string(file).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(SHOWN)..];
            text.push_str(&format!("\n-- {}\n{}", file.display(), last.join("\n")));
        }
        text
    }

    fn log_file(&self, function: &str) -> PathBuf {
        self.setup.dir.join("functions").join(format!("{function}.log"))
    }
}

fn clients(facts: &Facts) -> Clients {
    let keys = facts.credentials.clone();
    let (id, secret) = (keys.access_key_id, keys.secret_access_key);
    Clients::new(Account {
        region: keys.region,
        credentials: Credentials::new(id, secret, None, None, "operator"),
        endpoint: Some(facts.endpoint.clone()),
    })
}
