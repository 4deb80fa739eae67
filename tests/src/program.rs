//! The engine's process, seen from the test.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use crate::engine::{Facts, Setup, VERB};

/// Longer than any start takes, on however busy a machine.
const START: Duration = Duration::from_secs(60);

/// A running engine. Dropping it kills the process; its jobs and functions end by themselves.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    /// What it tells about itself.
    pub facts: Facts,
}

impl Process {
    /// Starts `program` as an engine; its log goes to the end of `engine.log` in `dir`.
    ///
    /// # Errors
    /// When it does not start, with its log.
    pub async fn start(program: &str, dir: &Path, setup: &Setup) -> anyhow::Result<Self> {
        let (file, log) = (dir.join("setup.json"), dir.join("engine.log"));
        std::fs::write(&file, serde_json::to_vec(setup)?)?;
        let append = std::fs::File::options().create(true).append(true).open(&log)?;
        let mut child = Command::new(program)
            .arg(VERB)
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(append)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("its output is not piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = tokio::time::timeout(START, lines.next_line()).await??;
        let Some(line) = line else {
            bail!("the engine did not start:\n{}", std::fs::read_to_string(&log)?);
        };
        Ok(Self { child, stdin, facts: serde_json::from_str(&line)? })
    }

    /// The process's id.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
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
        drop(self.stdin.take());
        let status = tokio::time::timeout(START, self.child.wait()).await??;
        anyhow::ensure!(status.success(), "the engine ended with {status}");
        Ok(())
    }
}
