//! Jobs as real processes of this machine. What a test waits for is an event, or a pipe.

mod adoption;
mod api;
mod images;
mod running;
mod scripts;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Batch, BatchConfig, Executor, QueueSpec};
use crate::clock::Clock;
use crate::ecr::Ecr;
use crate::ecr::tests::{Bus, somebody};
use crate::principals::Principals;
use crate::secretsmanager::SecretsManager;
use crate::wire::{Answer, JsonService};

const DEFINITION: &str = "plain";

/// A Batch with one queue `q` of 2 vCPUs, and what it told the bus.
struct Bench {
    dir: TempDir,
    batch: Batch,
    ecr: Ecr,
    events: UnboundedReceiver<Value>,
    /// How long an event may take.
    patience: Duration,
}

/// This program, as a keeper.
fn keeper() -> Vec<OsString> {
    let exe = std::env::current_exe().unwrap();
    let test = ["batch::tests::keeper_process", "--exact", "--nocapture"].map(OsString::from);
    [exe.into_os_string()].into_iter().chain(test).collect()
}

/// Run by Batch with its folder as the last argument, and no test otherwise.
#[test]
fn keeper_process() {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.last().is_some_and(|last| Path::new(last).join("jobs.jsonl").exists()) {
        super::keep(&arguments).unwrap();
    }
}

fn role_id(_: &str) -> String {
    "AROAEXAMPLE".to_owned()
}

impl Bench {
    async fn new() -> Self {
        let dir = TempDir::new().unwrap();
        Self::open(dir).with_definition().await
    }

    async fn with_definition(self) -> Self {
        let container = json!({ "image": "public.example/base:1", "command": ["true"] });
        self.register(DEFINITION, json!({ "containerProperties": container })).await;
        self
    }

    fn open(dir: TempDir) -> Self {
        Self::with(dir, Clock::default(), Executor::Processes(keeper()))
    }

    fn with(dir: TempDir, clock: Clock, executor: Executor) -> Self {
        let (bus, events) = Bus::new();
        let ecr = Ecr::open(&dir.path().join("ecr"), clock.clone(), bus.clone(), "127.0.0.1:5000")
            .unwrap();
        let config = BatchConfig {
            endpoint: "http://127.0.0.1:4000".to_owned(),
            runner: vec![
                "sh".into(),
                "-c".into(),
                r#"echo "runner $@"; exit 7"#.into(),
                "runner".into(),
            ],
            queues: vec![QueueSpec { name: "q".to_owned(), vcpus: 2, kind: "EC2".to_owned() }],
            vcpus: 4,
            images: ecr.clone(),
            role_id,
            secrets: Arc::new(SecretsManager::open(dir.path())),
            executor,
            grace: Duration::from_millis(100),
        };
        let principals = Arc::new(Principals::open(&dir.path().join("principals")).unwrap());
        let batch = Batch::open(&dir.path().join("batch"), clock, bus, principals, config).unwrap();
        Self { dir, batch, ecr, events, patience: Duration::from_secs(20) }
    }

    /// Closes this engine and opens the next one over the same folder.
    async fn restart(self) -> Self {
        let dir = self.stop().await;
        Self::open(dir)
    }

    async fn stop(self) -> TempDir {
        self.batch.close().await;
        self.ecr.close().await;
        self.dir
    }

    async fn call(&self, operation: &str, body: Value) -> Answer {
        self.batch.call(&somebody(), operation, body).await
    }

    async fn register(&self, name: &str, mut definition: Value) {
        definition["jobDefinitionName"] = json!(name);
        definition["type"] = json!("container");
        self.call("RegisterJobDefinition", definition).await.unwrap();
    }

    async fn submit(&self, body: Value) -> String {
        let mut request = json!({ "jobName": "job", "jobQueue": "q", "jobDefinition": DEFINITION });
        for (name, value) in body.as_object().unwrap() {
            request[name] = value.clone();
        }
        let answer = self.call("SubmitJob", request).await.unwrap();
        answer["jobId"].as_str().unwrap().to_owned()
    }

    /// Submits a job that runs `script`.
    async fn run(&self, script: &str) -> String {
        self.submit(json!({ "containerOverrides": { "command": ["sh", "-c", script] } })).await
    }

    async fn event(&mut self) -> Value {
        let wait = tokio::time::timeout(self.patience, self.events.recv());
        wait.await.expect("an event comes").unwrap()
    }

    /// The next event of the job that has this status; those before it are dropped.
    async fn until(&mut self, id: &str, status: &str) -> Value {
        loop {
            let event = self.event().await;
            if event["detail"]["jobId"] == id && event["detail"]["status"] == status {
                return event["detail"].clone();
            }
        }
    }

    async fn describe(&self, id: &str) -> Value {
        self.call("DescribeJobs", json!({ "jobs": [id] })).await.unwrap()["jobs"][0].clone()
    }

    fn log(&self, id: &str) -> String {
        std::fs::read_to_string(self.batch.job_folder(id).join("log.txt")).unwrap()
    }

    /// A pipe that holds up whoever reads it until [`open_gate`].
    fn gate(&self, name: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }
}

/// Lets through whoever reads, or will read, the gate.
async fn open_gate(path: &Path) {
    let path = path.to_path_buf();
    // The open waits for the reader.
    tokio::task::spawn_blocking(move || std::fs::write(path, "go\n").unwrap()).await.unwrap();
}
