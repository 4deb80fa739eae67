//! A run's place in an environment: asked for, given back, and given to the next.

use signalbox_pipeline::environment::{Environment, Release};
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EnvironmentName, PipelineName, RunId};
use signalbox_pipeline::run::fact::Entered;
use signalbox_pipeline::settings::Settings;
use signalbox_pipeline::shared::Shared;

use super::wake::{Wake, Why};
use super::{RunKey, Runs};
use crate::fault::Fault;
use crate::store::{Step, Versioned};

impl Runs {
    /// Asks for the place of the run `key` in `environment`, and says how it finds that. The request
    /// is the run's own name: asked again, it changes nothing.
    ///
    /// # Errors
    /// When settings or document cannot be read, or the request cannot be written.
    pub async fn entering(
        &self,
        key: &RunKey,
        environment: &EnvironmentName,
    ) -> Result<Entered, Fault> {
        let RunKey { pipeline, run } = key;
        let placed = self.change(pipeline, environment, |found, write_id| {
            let entry = found.enter(run, write_id);
            (entry.next.map(|next| *next), entry.standing)
        });
        let (settings, placed) = tokio::join!(self.settings(environment), placed);
        let (settings, (mut standing, found)) = (settings?, placed?);
        standing.frozen = settings.as_ref().and_then(|it| it.frozen(self.clock.now()));
        let current = found.and_then(|found| found.document.current);
        Ok(Entered {
            environment: environment.clone(),
            settings,
            current: current.map(|release| release.live()),
            standing: Some(standing),
        })
    }

    /// The same for runs of the first flow, which take no place.
    pub(super) async fn found(
        &self,
        pipeline: &PipelineName,
        environment: &EnvironmentName,
    ) -> Result<Entered, Fault> {
        let key = keys::state::environment(pipeline, environment);
        let (settings, found) =
            tokio::join!(self.settings(environment), self.documents.load::<Environment>(&key));
        let current = found?.and_then(|found| found.document.current);
        Ok(Entered {
            environment: environment.clone(),
            settings: settings?,
            current: current.map(|release| release.live()),
            standing: None,
        })
    }

    /// Records the release of the run `key` and gives its place to the next. Gives the newer run
    /// whose release stays live, where there is one.
    pub(super) async fn record(
        &self,
        key: &RunKey,
        environment: &EnvironmentName,
        release: &Release,
    ) -> Result<(Option<RunId>, Option<Wake>), Fault> {
        let recorded = self.change(&key.pipeline, environment, |found, write_id| {
            let recording = found.record(release, write_id);
            (recording.next.map(|next| *next), recording.behind)
        });
        let (behind, found) = recorded.await?;
        Ok((behind, next(key, environment, found)))
    }

    /// Gives the place of the run `key` back, or ends its wait for one.
    ///
    /// # Errors
    /// When the document cannot be read or written.
    pub async fn evict(&self, key: &RunKey, environment: &EnvironmentName) -> Result<(), Fault> {
        self.leave(key, environment).await.map(|_| ())
    }

    pub(super) async fn leave(
        &self,
        key: &RunKey,
        environment: &EnvironmentName,
    ) -> Result<Option<Wake>, Fault> {
        let left = self.change(&key.pipeline, environment, |found, write_id| {
            (found.leave(&key.run, write_id), ())
        });
        let ((), found) = left.await?;
        Ok(next(key, environment, found))
    }

    /// Changes the document of an environment, on the version that this instance saw last.
    async fn change<T>(
        &self,
        pipeline: &PipelineName,
        environment: &EnvironmentName,
        mut decide: impl FnMut(&Environment, &str) -> (Option<Environment>, T),
    ) -> Result<(T, Option<Versioned<Environment>>), Fault> {
        let key = keys::state::environment(pipeline, environment);
        let write_id = self.documents.chance().token();
        let kept = self.environments.take(&key);
        let changed = self.documents.transact_on(kept, &key, |found: Option<&Environment>| {
            let (next, answer) = match found {
                Some(found) => decide(found, &write_id),
                None => decide(&Environment::new(pipeline.clone(), environment.clone()), &write_id),
            };
            Ok(match next {
                Some(next) => Step::Put(next, answer),
                None => Step::Keep(answer),
            })
        });
        let (answer, found) = changed.await?;
        if let Some(found) = &found {
            self.environments.put(&key, found.clone());
        }
        Ok((answer, found))
    }

    async fn settings(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Option<Shared<Settings>>, Fault> {
        let found = self.documents.load::<Settings>(&keys::state::settings(environment)).await?;
        Ok(found.map(|found| Shared::new(found.document)))
    }
}

/// Whose place it is after `key` has left.
fn next(
    key: &RunKey,
    environment: &EnvironmentName,
    found: Option<Versioned<Environment>>,
) -> Option<Wake> {
    let run = found?.document.holder.filter(|holder| *holder != key.run)?;
    let run = RunKey { pipeline: key.pipeline.clone(), run };
    Some(Wake { run, why: Why::Environment(environment.clone()) })
}
