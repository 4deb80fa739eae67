//! Following a run from inside the engine's process: woken by its writes, without a request.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use signalbox_local::engine::Engine;
use signalbox_local::incident::Incident;
use signalbox_pipeline::explain::explain;
use signalbox_pipeline::keys;
use signalbox_pipeline::run::Run;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use super::{address, example};
use crate::exit::Exit;
use crate::view::time;

/// How long the last marker of a run that is over may take to go.
const TIDYING: Duration = Duration::from_secs(5);
/// When nobody has asked anything of the engine for this long, the last message is handled.
const QUIET: Duration = Duration::from_millis(100);

/// Follows a run of the example.
pub(crate) struct Follow<'a> {
    engine: &'a Engine,
    state: String,
    index: String,
    writes: watch::Receiver<()>,
    incidents: broadcast::Receiver<Incident>,
    patience: Duration,
}

impl<'a> Follow<'a> {
    /// Listens from now on; gives up after `patience` without news.
    ///
    /// # Errors
    /// When the template does not give out the names of its buckets, or something went wrong with
    /// the engine already.
    pub(crate) fn new(engine: &'a Engine, patience: Duration) -> anyhow::Result<Self> {
        let incidents = engine.incidents().subscribe();
        if let Some(incident) = engine.incidents().all().first() {
            return Err(broken(incident));
        }
        let buckets = address::buckets(engine)?;
        let writes = engine.s3().writes(&buckets.state).context("there is no state bucket")?;
        let (state, index) = (buckets.state, buckets.index);
        Ok(Self { engine, state, index, writes, incidents, patience })
    }

    /// Waits until `stops` says so of the run of that commit, or until it is over and tidied up, and
    /// shows every version of it.
    ///
    /// # Errors
    /// When something goes wrong with the engine, or there is no news for too long.
    pub(crate) async fn until(
        &mut self,
        commit: &str,
        stops: impl Fn(&Run) -> bool,
        mut show: impl FnMut(&Run, Timestamp),
    ) -> anyhow::Result<Run> {
        let mut last: Option<Run> = None;
        let mut deadline = Instant::now() + self.patience;
        loop {
            if let Some(run) = self.news(commit, last.as_ref())? {
                show(&run, Timestamp::now());
                if run.is_settled() {
                    self.tidied(&run).await;
                    return Ok(run);
                }
                if stops(&run) {
                    return Ok(run);
                }
                deadline = Instant::now() + self.patience;
                last = Some(run);
            }
            if !self.written_by(deadline).await? {
                return Err(self.stuck(last.as_ref()));
            }
        }
    }

    /// Waits until something was written to the state bucket; whether that was before `deadline`.
    ///
    /// # Errors
    /// When something goes wrong with the engine, or the user interrupts.
    pub(crate) async fn written_by(&mut self, deadline: Instant) -> anyhow::Result<bool> {
        loop {
            tokio::select! {
                changed = self.writes.changed() => {
                    changed.context("the object store is gone")?;
                    return Ok(true);
                }
                told = self.incidents.recv() => match told {
                    Ok(incident) => return Err(broken(&incident)),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => bail!("the engine is gone"),
                },
                () = tokio::time::sleep_until(deadline) => return Ok(false),
                _ = tokio::signal::ctrl_c() => bail!("interrupted"),
            }
        }
    }

    /// A document of the state bucket, without a request.
    ///
    /// # Errors
    /// When it is damaged.
    pub(crate) fn document<T: DeserializeOwned>(&self, key: &str) -> anyhow::Result<Option<T>> {
        super::document(self.engine, key)
    }

    /// The run of that commit, if it is newer than `known`.
    fn news(&self, commit: &str, known: Option<&Run>) -> anyhow::Result<Option<Run>> {
        if let Some(known) = known {
            let run = self.document::<Run>(&keys::state::run(&known.pipeline, &known.id))?;
            return Ok(run.filter(|run| run.revision > known.revision));
        }
        let prefix = format!("pipelines/{}/runs/", example::REPOSITORY);
        for key in self.engine.s3().keys(&self.state, &prefix) {
            let run = self.document::<Run>(&key)?;
            if let Some(run) = run.filter(|run| run.state.trigger.commit.as_str() == commit) {
                return Ok(Some(run));
            }
        }
        Ok(None)
    }

    /// Waits until no marker says any more that somebody has to look after the run.
    async fn tidied(&self, run: &Run) {
        let Some(mut changes) = self.engine.s3().writes(&self.index) else { return };
        let marker = keys::index::active_run(&run.pipeline, &run.id);
        let gone = async {
            while self.engine.s3().has(&self.index, &marker) {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        // The run is over either way: `tick` removes what was left behind.
        let _ = tokio::time::timeout(TIDYING, async { tokio::join!(gone, self.quiet()) }).await;
    }

    /// Late copies of events are still handled, and counted.
    async fn quiet(&self) {
        let mut counts = self.engine.counts();
        loop {
            tokio::time::sleep(QUIET).await;
            let now = self.engine.counts();
            if now == counts {
                return;
            }
            counts = now;
        }
    }

    fn stuck(&self, last: Option<&Run>) -> anyhow::Error {
        let waited = time::took(self.patience.as_secs_f64());
        Exit::Errored.because(match last {
            None => format!(
                "no run began within {waited} of the push; functions/CommitFunction.log in the \
                 engine's folder says what the commit function did"
            ),
            Some(run) => format!(
                "nothing happened for {waited}; the run is {}",
                explain(run, Timestamp::now())
            ),
        })
    }
}

/// The incident as an error. A function tells why it did not start twice, for machines and for
/// people: the line for machines stays in its log.
fn broken(incident: &Incident) -> anyhow::Error {
    let mut incident = incident.clone();
    if let Incident::Init { last_lines, .. } | Incident::Crashed { last_lines, .. } = &mut incident
        && last_lines.iter().any(|line| !line.starts_with('{'))
    {
        last_lines.retain(|line| !line.starts_with('{'));
    }
    anyhow!("{incident}")
}
