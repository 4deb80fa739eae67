//! The tick function: every minute it heals what nobody redelivers.
//!
//! It looks only at runs that are not over. Effects whose lease has run out are taken over, and
//! jobs without news are asked for. One run's failure never stops the others.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt as _;
use signalbox_cloud::advance::{RunKey, Runs};
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::clock::Clock;
use signalbox_cloud::config::{Account, Buckets, Jobs};
use signalbox_cloud::lambda;
use signalbox_pipeline::keys::index;
use tracing::Instrument as _;

mod heal;

/// As many runs as one pass looks at; the next one of this instance goes on where it stopped.
const RUNS: u16 = 500;
/// As many runs as are looked at side by side.
const SIDE_BY_SIDE: usize = 8;

/// The function, with everything that it needs.
#[derive(Debug)]
pub struct Tick {
    /// The runs.
    pub runs: Runs,
    /// The marker that the last pass stopped at, where it did not see all of them.
    cursor: Mutex<Option<String>>,
}

/// What one pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Runs that were looked at.
    pub seen: usize,
    /// Runs that had to be written.
    pub healed: usize,
    /// Runs that could not be looked at.
    pub failed: usize,
}

impl Tick {
    /// The function over `runs`.
    #[must_use]
    pub fn new(runs: Runs) -> Self {
        Self { runs, cursor: Mutex::default() }
    }

    /// Looks once at the runs that are not over, a bounded number of them.
    ///
    /// # Errors
    /// When the runs cannot be listed.
    pub async fn pass(&self) -> anyhow::Result<Pass> {
        let after = self.cursor().take();
        let markers = self.runs.markers.list(index::ACTIVE_RUNS, after.as_deref(), RUNS).await?;
        if markers.len() >= usize::from(RUNS) {
            *self.cursor() = markers.last().cloned();
        }
        let keys = markers.iter().filter_map(|marker| {
            let Some((pipeline, run)) = index::marked_run(marker) else {
                tracing::warn!(%marker, "not the marker of a run: remove it");
                return None;
            };
            Some(RunKey { pipeline, run })
        });
        let looks = futures_util::stream::iter(keys).map(|key| {
            let span = tracing::info_span!("run", run = %key);
            async move { self.look(&key).await }.instrument(span)
        });
        let looks: Vec<Look> = looks.buffer_unordered(SIDE_BY_SIDE).collect().await;
        let count = |look| looks.iter().filter(|&&seen| seen == look).count();
        let pass =
            Pass { seen: looks.len(), healed: count(Look::Healed), failed: count(Look::Failed) };
        if pass.healed + pass.failed > 0 {
            tracing::info!(seen = pass.seen, healed = pass.healed, failed = pass.failed, "a pass");
        }
        Ok(pass)
    }

    fn cursor(&self) -> MutexGuard<'_, Option<String>> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look(&self, key: &RunKey) -> Look {
        match self.heal(key).await {
            Ok(look) => look,
            Err(fault) => {
                tracing::error!(reason = %fault.chain(), "the run could not be looked at");
                Look::Failed
            }
        }
    }
}

/// What looking at a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Fine,
    Healed,
    Failed,
}

/// The function as Lambda starts it.
///
/// # Errors
/// When its configuration is not complete, or the runtime's interface fails.
pub async fn run() -> anyhow::Result<()> {
    let (account, buckets, jobs) = lambda::configure::<(Account, Buckets, Jobs)>()?;
    let clients = Clients::new(account);
    let runs = Runs::connect(&clients, &buckets, &jobs, Clock::system(), Chance::system());
    let tick = Tick::new(runs);
    lambda::serve_schedule(|| async { tick.pass().await.map(|_| ()) }).await
}

#[cfg(test)]
mod tests;
