//! A run's place in an environment: asked for, given back, and given to the next.

use signalbox_pipeline::environment::{Beginning, Environment, Release, Whereabouts};
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EnvironmentName, PipelineName};
use signalbox_pipeline::rollout::Plan;
use signalbox_pipeline::run::Fact;
use signalbox_pipeline::run::fact::{Entered, Released, RollingOut};
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

    /// Records the release of the run `key` and gives its place to the next.
    pub(super) async fn record(
        &self,
        key: &RunKey,
        environment: &EnvironmentName,
        release: &Release,
    ) -> Result<(Fact, Option<Wake>), Fault> {
        let now = self.clock.now();
        let recorded = self.change(&key.pipeline, environment, |found, write_id| {
            let recording = found.record(release, write_id, now);
            (recording.next.map(|next| *next), (recording.behind, recording.refused))
        });
        let ((behind, refused), found) = recorded.await?;
        let released = Released { environment: environment.clone(), behind, refused };
        Ok((Fact::Released(released), next(key, environment, found)))
    }

    /// Begins to roll the release of the run `key` out, or says how it stands.
    pub(super) async fn roll_out(
        &self,
        key: &RunKey,
        environment: &EnvironmentName,
        release: &Release,
        plan: &Plan,
    ) -> Result<(Fact, Option<Wake>), Fault> {
        let now = self.clock.now();
        let begun = self.change(&key.pipeline, environment, |found, write_id| {
            match found.begin_rollout(release, plan, write_id, now) {
                Beginning::Begun(next) => (Some(*next), Whereabouts::OnItsWay),
                Beginning::Live(next) => (Some(*next), Whereabouts::Live),
                Beginning::Known(known) => (None, known),
            }
        });
        let (whereabouts, found) = begun.await?;
        let weight = found.as_ref().and_then(|found| found.document.candidate.as_ref());
        let weight = weight.map_or(0, |candidate| candidate.ramp.weight());
        let fact = told(environment, whereabouts).unwrap_or_else(|| {
            Fact::RollingOut(RollingOut { environment: environment.clone(), weight })
        });
        Ok((fact, next(key, environment, found)))
    }

    /// What the run `key`, whose release is being rolled out, is to be told about that.
    ///
    /// # Errors
    /// When the environment cannot be read.
    pub async fn rollout_of(
        &self,
        key: &RunKey,
        environment: &EnvironmentName,
    ) -> Result<Option<Fact>, Fault> {
        let document = keys::state::environment(&key.pipeline, environment);
        let Some(found) = self.documents.load::<Environment>(&document).await? else {
            return Ok(None);
        };
        let found = found.document;
        Ok(match found.whereabouts(&key.run) {
            Whereabouts::OnItsWay => found.candidate.map(|candidate| {
                let (environment, weight) = (environment.clone(), candidate.ramp.weight());
                Fact::RollingOut(RollingOut { environment, weight })
            }),
            // Nobody else takes out what was put in.
            Whereabouts::Unknown => {
                told(environment, Whereabouts::Out("a newer release took its place".to_owned()))
            }
            known => told(environment, known),
        })
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
        let now = self.clock.now();
        let left = self.change(&key.pipeline, environment, |found, write_id| {
            (found.leave(&key.run, write_id, now), ())
        });
        let ((), found) = left.await?;
        Ok(next(key, environment, found))
    }

    /// Changes the document of an environment, on the version that this instance saw last.
    ///
    /// # Errors
    /// When the document cannot be read or written.
    pub async fn change<T>(
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
            self.archive(&key, &found.document).await;
            self.environments.put(&key, found.clone());
        }
        Ok((answer, found))
    }

    /// What ops want of an environment now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn settings(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Option<Shared<Settings>>, Fault> {
        let found = self.documents.load::<Settings>(&keys::state::settings(environment)).await?;
        Ok(found.map(|found| Shared::new(found.document)))
    }
}

/// The end of a release that has come to `whereabouts`, where it has come to one.
fn told(environment: &EnvironmentName, whereabouts: Whereabouts) -> Option<Fact> {
    let (behind, refused) = match whereabouts {
        Whereabouts::OnItsWay | Whereabouts::Unknown => return None,
        Whereabouts::Live => (None, None),
        Whereabouts::Behind(run) => (Some(run), None),
        Whereabouts::Out(reason) => (None, Some(reason)),
    };
    Some(Fact::Released(Released { environment: environment.clone(), behind, refused }))
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
