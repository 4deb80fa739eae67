//! How launches have ended: counted, and what follows from it for rollouts.
//!
//! An outcome lies where everybody who ends a launch can put it without meeting anybody else. Here
//! they are counted in batches, each once: the environment is read first and the outcomes are listed
//! after that, the put holds the environment to what was read, and only then are they removed.

use futures_util::stream;
use futures_util::{FutureExt as _, StreamExt as _};
use signalbox_cloud::fault::Fault;
use signalbox_cloud::launches::{Counted, LaunchKey};
use signalbox_pipeline::keys::index;
use signalbox_pipeline::names::{EnvironmentName, PipelineName};
use signalbox_pipeline::rollout::Outcome;
use tracing::Instrument as _;

use super::Tick;
use super::pass::{Budget, Pass};

/// As many outcomes as are counted in one go: what one listing gives.
const BATCH: u16 = 1000;
/// As many requests as remove what was counted side by side.
const REMOVED_SIDE_BY_SIDE: usize = 32;

impl Tick {
    /// Counts what lies there, environment by environment.
    pub(crate) async fn outcomes(&self, budget: Budget) -> Pass {
        let mut pass = Pass::default();
        let mut after: Option<String> = None;
        while budget.is_left_for_outcomes() {
            let listed = self.runs.markers.list(index::OUTCOMES, after.as_deref(), 1).await;
            let first = match listed {
                Ok(listed) => listed.into_iter().next(),
                Err(error) => {
                    pass += Pass::failed(&error.into());
                    return pass;
                }
            };
            let Some(first) = first else { break };
            let parsed = first.key.strip_prefix(index::OUTCOMES).map(Outcome::parse);
            let Some(Ok(Outcome { environment, pipeline, .. })) = parsed else {
                tracing::warn!(key = %first.key, "not an outcome: remove it");
                pass += Pass { failed: 1, ..Pass::fine() };
                after = Some(first.key);
                continue;
            };
            let span = tracing::info_span!("outcomes", %environment, %pipeline);
            let counted = self.count(&pipeline, &environment, budget).instrument(span);
            let counted = counted.boxed().await;
            pass += counted.unwrap_or_else(|fault| Pass::failed(&fault));
            // All of this environment's sort before it.
            after = Some(format!("{}~", index::outcomes(&environment, &pipeline)));
        }
        pass
    }

    /// Counts the outcomes of one environment, batch by batch.
    pub(crate) async fn count(
        &self,
        pipeline: &PipelineName,
        environment: &EnvironmentName,
        budget: Budget,
    ) -> Result<Pass, Fault> {
        let mut pass = Pass::default();
        loop {
            let counted = self.runs.count_outcomes(pipeline, environment, BATCH).await?;
            let Counted { outcomes, moved, are_there_more } = counted;
            pass += Pass { healed: usize::from(moved.is_some()), ..Pass::fine() };
            self.remove(&outcomes).await?;
            if !are_there_more || !budget.is_left_for_outcomes() {
                return Ok(pass);
            }
        }
    }

    /// Removes what was counted: the launch's marker first, and the word about its end after that,
    /// or it could be told and counted again.
    async fn remove(&self, outcomes: &[Outcome]) -> Result<(), Fault> {
        let removed = stream::iter(outcomes.to_vec()).map(|outcome| {
            let word = index::outcome(&outcome);
            let Outcome { pipeline, environment, launch, .. } = outcome;
            let marker = LaunchKey { pipeline, environment, launch }.marker();
            async move {
                self.runs.markers.unmark(&marker).await?;
                Ok::<_, Fault>(self.runs.markers.unmark(&word).await?)
            }
        });
        let removed: Vec<_> = removed.buffer_unordered(REMOVED_SIDE_BY_SIDE).collect().await;
        removed.into_iter().collect()
    }
}
