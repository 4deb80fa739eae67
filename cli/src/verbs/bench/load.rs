//! Runs, so many side by side, each begun by a commit event and followed to its end.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use signalbox_local::engine::Engine;
use signalbox_local::incident::Incident;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{CommitSha, EventId, PipelineName, RunId};
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::pipeline::REPOSITORY;
use crate::laptop::{Address, clients};

/// The event as CodeCommit sends it.
const PUSH: &str = include_str!("../../../../events/codecommit-push.json");
/// A run of jobs that do nothing has long ended by then, where nobody disturbs it.
const LONGEST: Duration = Duration::from_secs(120);

/// Begins runs and waits for them.
pub(super) struct Load<'a> {
    engine: &'a Engine,
    sqs: aws_sdk_sqs::Client,
    address: Address,
    commit: CommitSha,
    pipeline: PipelineName,
    /// How long a run may take.
    longest: Duration,
    /// Whether functions may die: they are being killed.
    deadly: bool,
}

impl<'a> Load<'a> {
    pub(super) fn new(engine: &'a Engine, address: Address, commit: &str) -> anyhow::Result<Self> {
        let (commit, pipeline) = (CommitSha::parse(commit)?, PipelineName::parse(REPOSITORY)?);
        let sqs = clients(engine).sqs().patient;
        Ok(Self { engine, sqs, address, commit, pipeline, longest: LONGEST, deadly: false })
    }

    /// The same where functions are being killed: a run may take `longest`, and a function that
    /// dies is no reason to stop.
    pub(super) fn under_fire(self, longest: Duration) -> Self {
        Self { longest, deadly: true, ..self }
    }

    /// Carries out `runs` runs, of which `concurrency` are under way at any time.
    pub(super) async fn carry_out(
        &self,
        name: &str,
        runs: usize,
        concurrency: usize,
    ) -> anyhow::Result<Vec<Run>> {
        let all = futures_util::stream::iter(0..runs);
        let all = all.map(|number| self.one(format!("bench-{name}-{number}")));
        let ended: Vec<_> = all.buffer_unordered(concurrency).collect().await;
        ended.into_iter().collect()
    }

    async fn one(&self, event: String) -> anyhow::Result<Run> {
        let now = Timestamp::now();
        // Events are stamped to the second.
        let at = Timestamp::from_second(now.as_second())?;
        let id = keys::run_id(at, &self.commit, &EventId::parse(event.as_str())?);
        let mut incidents = self.engine.incidents().subscribe();
        self.send(&event, at).await?;
        tokio::select! {
            over = tokio::time::timeout(self.longest, self.over(&id)) => {
                over.with_context(|| format!("the run {id} did not end in {:?}", self.longest))?
            }
            told = self.trouble(&mut incidents) => bail!("{}", told?),
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        }
    }

    /// The next incident that is not expected.
    async fn trouble(&self, incidents: &mut Receiver<Incident>) -> anyhow::Result<Incident> {
        loop {
            match incidents.recv().await {
                Ok(Incident::Crashed { .. } | Incident::Init { .. }) if self.deadly => {}
                // Whoever tells faster than this reads has told enough.
                Err(RecvError::Lagged(_)) if self.deadly => {}
                told => return Ok(told?),
            }
        }
    }

    async fn send(&self, event: &str, at: Timestamp) -> anyhow::Result<()> {
        let mut body: Value = serde_json::from_str(PUSH)?;
        body["id"] = json!(event);
        body["time"] = json!(at.to_string());
        body["detail"]["repositoryName"] = json!(REPOSITORY);
        body["detail"]["commitId"] = json!(self.commit);
        let send = self.sqs.send_message().queue_url(self.address.commits());
        let sent = send.message_body(body.to_string()).send().await;
        sent.context("cannot send the commit event")?;
        Ok(())
    }

    /// Woken by the markers only, one written before the run and one removed after it: whoever
    /// measures should not be in the way.
    async fn over(&self, id: &RunId) -> anyhow::Result<Run> {
        let s3 = self.engine.s3();
        let (state, index) = (self.address.state(), self.address.index());
        let marker = keys::index::active_run(&self.pipeline, id);
        let key = keys::state::run(&self.pipeline, id);
        let mut changes = s3.writes(index).context("there is no index bucket")?;
        loop {
            if s3.has(state, &key) && !s3.has(index, &marker) {
                let bytes = s3.peek(state, &key)?.context("the run is gone")?;
                let run: Run = serde_json::from_slice(&bytes)?;
                let (phase, reason) = (run.state.phase, run.state.reason.as_deref());
                ensure!(phase == Phase::Succeeded, "{id} {phase}: {}", reason.unwrap_or_default());
                return Ok(run);
            }
            changes.changed().await?;
        }
    }
}
