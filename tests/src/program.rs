//! `signalbox local` as a process: how it is started, and what it tells about itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Longer than any start takes, on however busy a machine.
const START: Duration = Duration::from_secs(60);

/// How the engine is started.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where it keeps everything.
    pub dir: PathBuf,
    /// Whether the repository `rain` is to be registered; once is enough.
    pub example: bool,
    /// The template that it carries out.
    pub template: PathBuf,
    /// The minute of its schedules.
    pub tick: Duration,
    /// The request at which it kills itself.
    pub kill_at: Option<u64>,
    /// The probability that an event comes twice.
    pub duplicate: f64,
    /// The probability that an event is held back.
    pub reorder: f64,
    /// How long an event is held back at most.
    pub delay: Duration,
    /// What chance depends on.
    pub seed: u64,
    /// People with keys of their own.
    pub users: Vec<String>,
}

impl Setup {
    /// An engine that is kind to events and whose minute is longer than any test.
    #[must_use]
    pub fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            example: true,
            template: root().join("template.yaml"),
            tick: Duration::from_secs(3600),
            kill_at: None,
            duplicate: 0.0,
            reorder: 0.0,
            delay: Duration::ZERO,
            seed: 0,
            users: Vec::new(),
        }
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["local".to_owned()];
        if self.example {
            arguments.push("--example".to_owned());
        }
        let mut set = |name: &str, value: String| arguments.extend([format!("--{name}"), value]);
        set("dir", self.dir.display().to_string());
        set("template", self.template.display().to_string());
        set("tick", millis(self.tick));
        set("duplicate", self.duplicate.to_string());
        set("reorder", self.reorder.to_string());
        set("delay", millis(self.delay));
        set("seed", self.seed.to_string());
        for user in &self.users {
            set("user", user.clone());
        }
        if let Some(number) = self.kill_at {
            set("kill-at", number.to_string());
        }
        arguments
    }
}

fn millis(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}

/// The first line that the engine prints.
#[derive(Clone, Debug, Deserialize)]
pub struct Facts {
    /// Where the services answer.
    pub endpoint: String,
    /// Where the repository is pushed to.
    pub git_remote: PathBuf,
    /// Where images are pushed to.
    pub registry: String,
    /// The buckets' names.
    pub buckets: Buckets,
    /// The queues' URLs.
    pub queues: Queues,
    /// The operator's keys.
    pub credentials: Keys,
    /// Everybody with keys of their own, the operator among them.
    pub users: BTreeMap<String, User>,
}

/// The buckets' names.
#[derive(Clone, Debug, Deserialize)]
pub struct Buckets {
    /// Documents.
    pub state: String,
    /// Markers.
    pub index: String,
    /// What jobs are given and what they deliver.
    pub artifacts: String,
}

/// The queues' URLs.
#[derive(Clone, Debug, Deserialize)]
pub struct Queues {
    /// Pushes.
    pub commits: String,
    /// Images.
    pub images: String,
    /// Jobs.
    pub jobs: String,
    /// What people decide.
    pub decisions: String,
}

/// A person with keys of their own.
#[derive(Clone, Debug, Deserialize)]
pub struct User {
    /// What SQS calls them.
    pub user_id: String,
    /// What CodeCommit calls them.
    pub arn: String,
    /// The id of their key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
}

/// An access key.
#[derive(Clone, Debug, Deserialize)]
pub struct Keys {
    /// Its id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// The region of everything.
    pub region: String,
}

/// A running engine. Dropping it kills the process; its functions end by themselves, and its jobs
/// when they have done their little work.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// What it tells about itself.
    pub facts: Facts,
}

impl Process {
    /// Starts `program` as an engine; what it says goes to the end of `log`.
    ///
    /// # Errors
    /// When it does not start, with its log.
    pub async fn start(program: &str, setup: &Setup, log: &Path) -> anyhow::Result<Self> {
        let append = std::fs::File::options().create(true).append(true).open(log)?;
        let mut child = Command::new(program)
            .args(setup.arguments())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(append)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let stdout = child.stdout.take().context("its output is not piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = tokio::time::timeout(START, lines.next_line()).await??;
        let Some(line) = line else {
            bail!("the engine did not start:\n{}", std::fs::read_to_string(log)?);
        };
        Ok(Self { child, facts: serde_json::from_str(&line)? })
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Stops it in good order.
    ///
    /// # Errors
    /// When it ends otherwise than well.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let id = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        kill_process(id.context("the engine has ended already")?, Signal::TERM)?;
        let status = tokio::time::timeout(START, self.child.wait()).await??;
        anyhow::ensure!(status.success(), "the engine ended with {status}");
        Ok(())
    }
}

/// The root of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}
