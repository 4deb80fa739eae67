//! Counting how launches have ended, and moving the rollout on.

use jiff::Timestamp;
use signalbox_pipeline::environment::{Environment, Moved};
use signalbox_pipeline::keys::{self, index};
use signalbox_pipeline::launch::Launch;
use signalbox_pipeline::names::{EnvironmentName, LaunchId, PipelineName};
use signalbox_pipeline::rollout::{Advance, Outcome};

use super::LaunchKey;
use crate::advance::Runs;
use crate::fault::Fault;
use crate::store::{Step, Versioned};

/// How often an environment that others change meanwhile is read again.
const TRIES: u32 = 5;

/// What was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The outcomes, which may be removed now.
    pub outcomes: Vec<Outcome>,
    /// What followed from them and from the time, where anything did.
    pub moved: Option<Moved>,
    /// Whether there are more than fit into one batch.
    pub are_there_more: bool,
}

impl Runs {
    /// Counts up to `batch` outcomes of `pipeline` in `environment`, and moves the rollout there as
    /// far as they and the time lead.
    ///
    /// # Errors
    /// When something cannot be read or written, or others were faster every time.
    pub async fn count_outcomes(
        &self,
        pipeline: &PipelineName,
        environment: &EnvironmentName,
        batch: u16,
    ) -> Result<Counted, Fault> {
        let key = keys::state::environment(pipeline, environment);
        for round in 0..TRIES {
            // In this order: what is found now is not counted yet by the environment as it was read,
            // unless it says so.
            let found = self.documents.load::<Environment>(&key).await?;
            let listed = self.list_outcomes(pipeline, environment, batch).await?;
            let are_there_more = listed.len() >= usize::from(batch);
            let counted = |moved| Counted { outcomes: listed.clone(), moved, are_there_more };
            let Some(found) = found.filter(|found| found.document.candidate.is_some()) else {
                return Ok(counted(None));
            };
            let seen = Seen { listed: &listed, are_there_more, now: self.clock.now() };
            if let Some(moved) = self.move_on(&key, found, &seen).await? {
                return Ok(counted(moved));
            }
            self.documents.pause(round).await;
        }
        Err(Fault::Soon(format!("others changed {key} {TRIES} times in a row")))
    }

    /// Writes what follows; nothing where somebody else has changed the environment meanwhile.
    async fn move_on(
        &self,
        key: &str,
        found: Versioned<Environment>,
        seen: &Seen<'_>,
    ) -> Result<Option<Option<Moved>>, Fault> {
        let told = self.told_by_worst(&found.document, seen).await?;
        let was = found.document.write_id.clone();
        let write_id = self.documents.chance().token();
        let of_worst = |_: &LaunchId| told.clone();
        let (moved, found) = self
            .documents
            .transact_on(Some(found), key, |found: Option<&Environment>| {
                let Some(found) = found.filter(|found| found.write_id == was) else {
                    return Ok(Step::Keep(None));
                };
                let Seen { listed, are_there_more, now } = *seen;
                let looked =
                    found.look_at_rollout(listed, are_there_more, of_worst, &write_id, now);
                Ok(match looked {
                    Some((next, moved)) => Step::Put(next, Some(Some(moved))),
                    None => Step::Keep(Some(None)),
                })
            })
            .await?;
        match &moved {
            Some(Some(Moved::FellBack(reason))) => tracing::warn!(%reason, "a release fell back"),
            Some(Some(moved)) => tracing::info!(?moved, "a rollout moved"),
            Some(None) | None => {}
        }
        if let Some(found) = found {
            self.archive(key, &found.document).await;
        }
        Ok(moved)
    }

    /// What the launch that told most against the candidate came to, where it is about to fall back.
    async fn told_by_worst(
        &self,
        found: &Environment,
        seen: &Seen<'_>,
    ) -> Result<Option<String>, Fault> {
        let Some(candidate) = &found.candidate else { return Ok(None) };
        let mut ramp = candidate.ramp.clone();
        ramp.fold(seen.listed, seen.are_there_more);
        let Advance::FallsBack(evidence) = ramp.advance(seen.now) else { return Ok(None) };
        let Some(launch) = evidence.launch else { return Ok(None) };
        let (pipeline, environment) = (found.pipeline.clone(), found.environment.clone());
        let key = LaunchKey { pipeline, environment, launch };
        let launch = self.load_launch(&key).await?;
        Ok(launch.and_then(|Launch { breaks, reason, .. }| breaks.or(reason)))
    }

    async fn list_outcomes(
        &self,
        pipeline: &PipelineName,
        environment: &EnvironmentName,
        batch: u16,
    ) -> Result<Vec<Outcome>, Fault> {
        let prefix = index::outcomes(environment, pipeline);
        let found = self.markers.list(&prefix, None, batch).await?;
        let outcomes = found.into_iter().filter_map(|marker| {
            let outcome = marker.key.strip_prefix(index::OUTCOMES).map(Outcome::parse)?;
            let problem = |problem| tracing::warn!(key = %marker.key, %problem, "not an outcome");
            outcome.map_err(problem).ok()
        });
        Ok(outcomes.collect())
    }
}

/// What is decided on.
struct Seen<'a> {
    listed: &'a [Outcome],
    are_there_more: bool,
    now: Timestamp,
}
