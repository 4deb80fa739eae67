//! A run's loop: load, decide, put, perform.
//!
//! What happened is told to a [`Runs`]; the core decides what follows, one conditional put makes it
//! durable together with leases on the effects, and only the invocation whose put won performs
//! them. What the effects bring about is told again, until nothing is left to be done here.

use std::fmt;

use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EventId, PipelineName, RunId};
use signalbox_pipeline::platform::Platform;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::{Rejection, Run};

use crate::chance::Chance;
use crate::clients::Clients;
use crate::clock::Clock;
use crate::config::{Buckets, Jobs};
use crate::effects::{Batch, Notices, Registry};
use crate::fault::Fault;
use crate::store::{Artifacts, Documents, Markers};

mod answer;
mod definition;
mod hand;
mod inspect;
mod kept;
mod packages;
mod perform;
mod place;
mod report;
mod step;
mod telling;
mod wake;

use kept::Kept;
use telling::Base;

/// Which run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunKey {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The run.
    pub run: RunId,
}

impl RunKey {
    fn document(&self) -> String {
        keys::state::run(&self.pipeline, &self.run)
    }

    fn marker(&self) -> String {
        keys::index::active_run(&self.pipeline, &self.run)
    }
}

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.pipeline, self.run)
    }
}

/// What is told about a run.
#[derive(Clone, Debug)]
pub struct News {
    /// The event that all of it follows from.
    pub cause: EventId,
    /// What happened, in the order in which it is told.
    pub occurrences: Vec<Occurrence>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The run as it stands now.
    pub run: Run,
    /// How many puts it took.
    pub puts: u32,
    /// What cannot be, each with its reason.
    pub rejections: Vec<Rejection>,
}

impl Told {
    /// One line for each thing that cannot be, and one for what the run has come to.
    pub fn log(&self, key: &RunKey) {
        for rejection in &self.rejections {
            tracing::info!(run = %key, reason = %rejection, "not taken");
        }
        if self.puts > 0 {
            let state = &self.run.state;
            let stage = state.stage().map_or("", |stage| stage.name.as_str());
            tracing::info!(run = %key, phase = %state.phase, %stage, puts = self.puts, "advanced");
        }
    }
}

/// All runs, and everything that is needed to advance one.
#[derive(Debug)]
pub struct Runs {
    /// The documents.
    pub documents: Documents,
    /// The markers of what `tick` has to look at.
    pub markers: Markers,
    /// What jobs are given and what they deliver.
    pub artifacts: Artifacts,
    /// Where jobs run.
    pub batch: Batch,
    /// Where images lie.
    pub registry: Registry,
    /// Where people are told.
    pub notices: Notices,
    /// What ops deployed.
    pub platform: Platform,
    /// The time.
    pub clock: Clock,
    kept: Kept<RunKey, Run>,
    /// As they were when a run entered them, by their keys: a release is put on top.
    environments: Kept<String, Environment>,
}

impl Runs {
    /// Runs behind `clients`, as `jobs` configures them.
    #[must_use]
    pub fn connect(
        clients: &Clients,
        buckets: &Buckets,
        jobs: &Jobs,
        clock: Clock,
        chance: Chance,
    ) -> Self {
        let s3 = clients.s3();
        Self {
            documents: Documents::new(s3.clone(), &buckets.state, chance),
            markers: Markers::new(s3.clone(), &buckets.index),
            artifacts: Artifacts::new(s3, &buckets.artifacts),
            batch: Batch::new(clients.batch(), clients.batch_json()),
            registry: Registry::new(clients.ecr(), clients.ecr_json()),
            notices: Notices::new(clients.sqs(), &jobs.notifications),
            platform: jobs.platform(&buckets.artifacts),
            clock,
            kept: Kept::default(),
            environments: Kept::default(),
        }
    }

    /// Opens the connections that the first event will need, while Lambda gives the full processor
    /// to the start of a function. A failure is left to the first event that meets it.
    pub async fn warm(&self) {
        tokio::join!(
            self.documents.warm(),
            self.artifacts.warm(),
            self.batch.warm(&self.platform.queue)
        );
    }

    /// Begins the run `key` with `news`, whose first occurrence is its trigger. A run that was
    /// begun already is taken over where it was left.
    ///
    /// # Errors
    /// What the message is to become follows from the fault.
    pub async fn begin(&self, key: &RunKey, news: News) -> Result<Told, Fault> {
        // The marker comes first: a run that nobody can find would never be healed.
        self.mark(key).await?;
        self.begin_marked(key, news).await
    }

    /// Marks the run `key`, which is about to begin, so that `tick` finds it.
    ///
    /// # Errors
    /// When S3 does not take the marker.
    pub async fn mark(&self, key: &RunKey) -> Result<(), Fault> {
        Ok(self.markers.mark(&key.marker()).await?)
    }

    /// As [`Runs::begin`], of a run that is marked already.
    ///
    /// # Errors
    /// What the message is to become follows from the fault.
    pub async fn begin_marked(&self, key: &RunKey, news: News) -> Result<Told, Fault> {
        let told = self.carry(key, news, Base::Absent).await?;
        if told.puts == 0 && told.run.is_settled() {
            self.retire(key).await?;
        }
        Ok(told)
    }

    /// Tells `news` to the run `key`; with nothing new, its effects in nobody's hands are
    /// performed all the same.
    ///
    /// # Errors
    /// What the message is to become follows from the fault; [`Fault::NotOurs`] where there is no
    /// such run.
    pub async fn tell(&self, key: &RunKey, news: News) -> Result<Told, Fault> {
        let base = self.kept.take(key).map_or(Base::Unknown, |kept| Base::Kept(Box::new(kept)));
        self.carry(key, news, base).await
    }

    /// Tells what a batch of messages brought about the run `key`, and logs what came of it.
    ///
    /// # Errors
    /// As [`Runs::tell`].
    pub async fn hear(&self, key: &RunKey, occurrences: Vec<Occurrence>) -> Result<(), Fault> {
        let Some(first) = occurrences.first() else { return Ok(()) };
        let news = News { cause: first.event.clone(), occurrences };
        self.tell(key, news).await?.log(key);
        Ok(())
    }

    /// Removes the marker of the run `key`, which was settled or not there when it was looked at.
    /// One that has come alive since, before the removal was carried out, is marked again.
    ///
    /// # Errors
    /// When S3 does not remove the marker, or does not say how the run stands.
    pub async fn retire(&self, key: &RunKey) -> Result<(), Fault> {
        self.markers.unmark(&key.marker()).await?;
        if self.load(key).await?.is_some_and(|run| !run.is_settled()) {
            self.markers.mark(&key.marker()).await?;
        }
        Ok(())
    }

    /// The run `key` as it stands now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn load(&self, key: &RunKey) -> Result<Option<Run>, Fault> {
        let found = self.documents.load::<Run>(&key.document()).await?;
        Ok(found.map(|found| found.document))
    }
}

#[cfg(test)]
mod tests;
