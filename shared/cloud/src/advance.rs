//! A run's loop: load, decide, put, perform.
//!
//! What happened is told to a [`Runs`]; the core decides what follows, one conditional put makes it
//! durable together with leases on the effects, and only the invocation whose put won performs
//! them. What the effects bring about is told again, until nothing is left to be done here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::SignedDuration;
use signalbox_pipeline::effect::EffectId;
use signalbox_pipeline::invariant;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EventId, PipelineName, RunId};
use signalbox_pipeline::platform::Platform;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::{Fact, Rejection, Run};

use crate::chance::Chance;
use crate::clients::Clients;
use crate::clock::Clock;
use crate::config::{Buckets, Jobs};
use crate::effects::{Batch, Registry};
use crate::fault::Fault;
use crate::store::{Artifacts, Documents, Markers, Put, Versioned};

mod answer;
mod definition;
mod kept;
mod perform;
mod question;
mod report;
mod step;

use kept::Kept;
use question::Question;
use step::Step;

/// How long the writer of an effect has it in hand: longer than a function's timeout of 30 s.
const LEASE: SignedDuration = SignedDuration::from_secs(45);
/// How often a put is tried before the message is left to come again.
const TRIES: u32 = 6;
/// How many puts one message may lead to; the longest chain that a run has is far shorter.
const PUTS: u32 = 20;

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
    /// What ops deployed.
    pub platform: Platform,
    /// The time.
    pub clock: Clock,
    kept: Kept,
}

/// One telling, from its first read to its last put.
struct Telling<'a> {
    runs: &'a Runs,
    key: &'a RunKey,
    cause: EventId,
    /// What is not in the document yet.
    news: Vec<Occurrence>,
    rejections: Vec<Rejection>,
    answered: BTreeMap<Question, Fact>,
    /// The ids of this telling's writes, of which an unclear one may have landed.
    writes: BTreeSet<String>,
    /// Effects that somebody else may have performed before: looked up first.
    doubtful: BTreeSet<EffectId>,
    performed: BTreeSet<EffectId>,
    puts: u32,
    /// The first fault of an effect; the others go on all the same.
    fault: Option<Fault>,
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
            batch: Batch::new(clients.batch()),
            registry: Registry::new(clients.ecr()),
            platform: jobs.platform(&buckets.artifacts),
            clock,
            kept: Kept::default(),
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
        self.markers.mark(&key.marker()).await?;
        let told = self.telling(key, news).carry(Base::Absent).await?;
        if told.puts == 0 && told.run.is_settled() {
            self.markers.unmark(&key.marker()).await?;
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
        self.telling(key, news).carry(base).await
    }

    /// Removes the marker of the run `key`, which must be settled or not there at all.
    ///
    /// # Errors
    /// When S3 does not remove it.
    pub async fn unmark(&self, key: &RunKey) -> Result<(), Fault> {
        Ok(self.markers.unmark(&key.marker()).await?)
    }

    /// The run `key` as it stands now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn load(&self, key: &RunKey) -> Result<Option<Run>, Fault> {
        let found = self.documents.load::<Run>(&key.document()).await?;
        Ok(found.map(|found| found.document))
    }

    fn telling<'a>(&'a self, key: &'a RunKey, news: News) -> Telling<'a> {
        Telling {
            runs: self,
            key,
            cause: news.cause,
            news: news.occurrences,
            rejections: Vec::new(),
            answered: BTreeMap::new(),
            writes: BTreeSet::new(),
            doubtful: BTreeSet::new(),
            performed: BTreeSet::new(),
            puts: 0,
            fault: None,
        }
    }
}

/// What a decision is made on.
enum Base {
    /// There is no document, or so it is believed: the put will tell.
    Absent,
    /// A document that this instance still held: it may only lead to a put.
    Kept(Box<Versioned<Run>>),
    /// A document that was read just now.
    Fresh(Box<Versioned<Run>>),
    /// To be read.
    Unknown,
}

impl Telling<'_> {
    async fn carry(mut self, mut base: Base) -> Result<Told, Fault> {
        let mut lost = 0;
        loop {
            if matches!(base, Base::Unknown) {
                base = self.read().await?;
            }
            let (document, fresh) = match &base {
                Base::Kept(found) => (Some(&**found), false),
                Base::Fresh(found) => (Some(&**found), true),
                Base::Absent | Base::Unknown => (None, true),
            };
            let step = self.decide(document.map(|found| &found.document)).await?;
            let Step { mut run, changed, rejections } = step;
            let now = self.runs.clock.now();
            if !changed && !run.has_work(now) {
                if !fresh {
                    base = Base::Unknown;
                    continue;
                }
                self.rejections.extend(rejections);
                let kept = document.cloned();
                return self.finish(run, kept);
            }
            if self.puts >= PUTS {
                return Err(Fault::page(
                    format!("one message led to {PUTS} writes of {}", self.key),
                    "this is a bug: please report it with the run's register",
                ));
            }
            self.doubtful.extend(run.abandoned(now).map(|pending| pending.id.clone()));
            let put = self.put(&mut run, document).await?;
            self.puts += 1;
            base = match put {
                Put::Committed(etag) => {
                    self.rejections.extend(rejections);
                    self.news = self.perform(&run).await;
                    let over = self.news.is_empty();
                    let written = Versioned { document: run, etag };
                    if over {
                        self.unmark(&written.document).await;
                        let run = written.document.clone();
                        return self.finish(run, Some(written));
                    }
                    Base::Kept(Box::new(written))
                }
                Put::Conflict | Put::Gone | Put::Indeterminate(_) => {
                    if let Put::Indeterminate(why) = put {
                        tracing::warn!(reason = %why, "it is not clear whether the run was written");
                    }
                    lost += 1;
                    if lost >= TRIES {
                        return Err(Fault::Soon(format!("others were faster {TRIES} times")));
                    }
                    self.runs.documents.pause(lost).await;
                    Base::Unknown
                }
            };
        }
    }

    /// Reads the run, and performs what an unclear write of this telling had taken in hand.
    async fn read(&mut self) -> Result<Base, Fault> {
        let found = self.runs.documents.load::<Run>(&self.key.document()).await?;
        let Some(found) = found else { return Ok(Base::Absent) };
        if !self.writes.is_empty() {
            let more = self.perform(&found.document).await;
            self.news.extend(more);
        }
        Ok(Base::Fresh(Box::new(found)))
    }

    async fn put(&mut self, run: &mut Run, base: Option<&Versioned<Run>>) -> Result<Put, Fault> {
        if let Some(base) = base {
            invariant::check(&base.document, run).map_err(|violation| {
                let message = format!("a write of {} would break an invariant", self.key);
                let mend = "this is a bug: please report it with the run's register".to_owned();
                Fault::Page { message, mend, source: Some(violation.into()) }
            })?;
        }
        let write_id = self.runs.documents.chance().token();
        run.seal(&write_id, self.runs.clock.now(), LEASE);
        self.writes.insert(write_id);
        let key = self.key.document();
        let documents = &self.runs.documents;
        Ok(match base {
            None => documents.create(&key, run).await?,
            Some(base) => {
                // A run that was over and is not any more has to be found again.
                if base.document.is_settled() && !run.is_settled() {
                    self.runs.markers.mark(&self.key.marker()).await?;
                }
                documents.replace(&key, run, &base.etag).await?
            }
        })
    }

    async fn unmark(&self, run: &Run) {
        if !run.is_settled() {
            return;
        }
        // `tick` removes the marker of a settled run where this fails.
        if let Err(error) = self.runs.markers.unmark(&self.key.marker()).await {
            tracing::warn!(reason = %Fault::from(error).chain(), "the marker stays for now");
        }
    }

    fn finish(self, run: Run, kept: Option<Versioned<Run>>) -> Result<Told, Fault> {
        if let Some(kept) = kept {
            self.runs.kept.put(self.key, kept);
        }
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(Told { run, puts: self.puts, rejections: self.rejections }),
        }
    }
}

#[cfg(test)]
mod tests;
