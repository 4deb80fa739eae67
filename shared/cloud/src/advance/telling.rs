//! One telling: from the first read to the last put.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::effect::{Effect, EffectId};
use signalbox_pipeline::invariant;
use signalbox_pipeline::names::{EventId, JobId};
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::{Fact, Question, Rejection, Run};

use super::step::Step;
use super::wake::{Wake, Why};
use super::{News, RunKey, Runs, Told};
use crate::fault::Fault;
use crate::store::{Put, Versioned};

/// How long the writer of an effect has it in hand: longer than a function's timeout of 30 s.
const LEASE: SignedDuration = SignedDuration::from_secs(45);
/// How often a put is tried before the message is left to come again.
const TRIES: u32 = 6;
/// How many puts one message may lead to; the longest chain that a run has is far shorter.
const PUTS: u32 = 20;

/// One telling, from its first read to its last put.
pub(super) struct Telling<'a> {
    pub(super) runs: &'a Runs,
    pub(super) key: &'a RunKey,
    pub(super) cause: EventId,
    /// What is not in the document yet.
    pub(super) news: Vec<Occurrence>,
    pub(super) rejections: Vec<Rejection>,
    pub(super) answered: BTreeMap<Grounds, Fact>,
    /// The ids of this telling's writes, of which an unclear one may have landed.
    pub(super) writes: BTreeSet<String>,
    /// Effects that somebody else may have performed before: looked up first.
    pub(super) doubtful: BTreeSet<EffectId>,
    pub(super) performed: BTreeSet<EffectId>,
    /// Whether it may have brought a run to life that was over, and has not marked it after that.
    revived: bool,
    /// How many writes were tried, and how many are known to have succeeded.
    tried: u32,
    puts: u32,
    /// The first fault of an effect; the others go on all the same.
    pub(super) fault: Option<Fault>,
    /// Who waits for what this telling has changed elsewhere.
    pub(super) wakes: Vec<Wake>,
}

/// What an answer rests on: the question, and the job that was believed when it was asked. Another
/// job's answer would be another's evidence.
pub(super) type Grounds = (Question, Option<JobId>);

/// What a decision is made on.
pub(super) enum Base {
    /// There is no document, or so it is believed: the put will tell.
    Absent,
    /// A document that this instance still held: it may only lead to a put.
    Kept(Box<Versioned<Run>>),
    /// A document that was read just now.
    Fresh(Box<Versioned<Run>>),
    /// To be read.
    Unknown,
}

impl Base {
    fn document(&self) -> Option<&Versioned<Run>> {
        match self {
            Self::Kept(found) | Self::Fresh(found) => Some(found),
            Self::Absent | Self::Unknown => None,
        }
    }
}

impl<'a> Telling<'a> {
    pub(super) fn new(runs: &'a Runs, key: &'a RunKey, news: News) -> Self {
        Self {
            runs,
            key,
            cause: news.cause,
            news: news.occurrences,
            rejections: Vec::new(),
            answered: BTreeMap::new(),
            writes: BTreeSet::new(),
            doubtful: BTreeSet::new(),
            performed: BTreeSet::new(),
            revived: false,
            tried: 0,
            puts: 0,
            fault: None,
            wakes: Vec::new(),
        }
    }

    /// Load, decide, put, perform; again with what the effects brought about, until nothing is new.
    pub(super) async fn carry(mut self, mut base: Base) -> Result<(Told, Vec<Wake>), Fault> {
        let mut lost = 0;
        loop {
            if matches!(base, Base::Unknown) {
                base = self.read().await?;
            }
            let document = base.document();
            let Step { mut run, changed, rejections } =
                self.decide(document.map(|found| &found.document)).await?;
            if !changed && !run.has_work(self.runs.clock.now()) {
                if matches!(base, Base::Kept(_)) {
                    base = Base::Unknown;
                    continue;
                }
                self.rejections.extend(rejections);
                let document = document.cloned();
                if self.puts > 0 {
                    self.unmark(&run).await;
                }
                return self.finish(run, document);
            }
            base = match self.put(&mut run, document).await? {
                Put::Committed(etag) => {
                    self.puts += 1;
                    self.rejections.extend(rejections);
                    self.challenge(base.document().map(|found| &found.document), &run);
                    self.call_next(base.document().map(|found| &found.document), &run).await;
                    self.news = self.perform(&run).await;
                    let written = Versioned { document: run, etag };
                    if self.news.is_empty() {
                        self.unmark(&written.document).await;
                        return self.finish(written.document.clone(), Some(written));
                    }
                    Base::Kept(Box::new(written))
                }
                unwritten => {
                    lost += 1;
                    self.lose(&unwritten, lost).await?;
                    Base::Unknown
                }
            };
        }
    }

    /// Reads the run, and performs what an unclear write of this telling had taken in hand.
    async fn read(&mut self) -> Result<Base, Fault> {
        let found = self.runs.documents.load::<Run>(&self.key.document()).await?;
        let Some(found) = found else { return Ok(Base::Absent) };
        if found.document.state.phase.is_terminal() {
            self.give_back();
        }
        if !self.writes.is_empty() {
            self.puts += u32::from(self.writes.contains(&found.document.write_id));
            self.forget_refusals(&found.document);
            self.mark_again(&found.document).await?;
            let more = self.perform(&found.document).await;
            self.news.extend(more);
        }
        Ok(Base::Fresh(Box::new(found)))
    }

    /// The run has ended while this telling asked for a place: it is told, so that it leaves again.
    fn give_back(&mut self) {
        let entered = self.answered.values().filter(|fact| match fact {
            Fact::Entered(entered) => entered.standing.is_some(),
            _ => false,
        });
        let entered: Vec<Occurrence> = entered.map(|fact| self.ours(fact.clone())).collect();
        self.news.extend(entered);
    }

    /// A run that has come to its end calls the one that was queued behind it.
    async fn call_next(&mut self, before: Option<&Run>, after: &Run) {
        let was_over = before.is_some_and(|run| run.state.phase.is_terminal());
        if was_over || !after.state.phase.is_terminal() {
            return;
        }
        match self.runs.next_in_queue(after).await {
            Ok(next) => self.wakes.extend(next),
            Err(fault) => tracing::warn!(reason = %fault.chain(), "nobody was called"),
        }
    }

    /// Whoever comes to wait behind an older run lets that one know: it may be waiting itself, and
    /// then gives way.
    fn challenge(&mut self, before: Option<&Run>, after: &Run) {
        for stage in after.state.waits_before() {
            let was = |run: &&Run| run.state.waits_before().any(|one| one.name == stage.name);
            let standing = stage.entered.as_ref().and_then(|entered| entered.standing.as_ref());
            let older = standing.and_then(|it| it.behind.as_ref()).filter(|run| **run < after.id);
            let (Some(run), Some(environment)) = (older, stage.work.environment()) else {
                continue;
            };
            if before.as_ref().is_none_or(|run| !was(run)) {
                let run = RunKey { pipeline: after.pipeline.clone(), run: run.clone() };
                self.wakes.push(Wake { run, why: Why::Environment(environment.clone()) });
            }
        }
    }

    /// That Batch refused a submission counts for as long as nobody has taken it over: theirs may be
    /// accepted, and a run that had ended by then would have a job.
    fn forget_refusals(&mut self, run: &Run) {
        let writes = &self.writes;
        let held = |attempt: &AttemptId| {
            run.pending.iter().any(|pending| {
                matches!(&pending.effect, Effect::Submit(submit) if submit.attempt == *attempt)
                    && pending.lease.as_ref().is_some_and(|lease| writes.contains(&lease.owner))
            })
        };
        self.news.retain(|occurrence| match &occurrence.fact {
            Fact::JobRefused(refused) => held(&refused.attempt),
            _ => true,
        });
    }

    async fn put(&mut self, run: &mut Run, base: Option<&Versioned<Run>>) -> Result<Put, Fault> {
        self.tried += 1;
        if self.tried > PUTS {
            return Err(self.bug(&format!("one message led to {PUTS} writes"), None));
        }
        if let Some(base) = base {
            invariant::check(&base.document, run).map_err(|violation| {
                self.bug("a write would break an invariant", Some(violation.into()))
            })?;
        }
        let now = self.runs.clock.now();
        self.doubtful.extend(run.abandoned(now).map(|pending| pending.id.clone()));
        let write_id = self.runs.documents.chance().token();
        run.seal(&write_id, now, LEASE);
        self.writes.insert(write_id);
        let (key, documents) = (self.key.document(), &self.runs.documents);
        Ok(match base {
            None => documents.create(&key, run).await?,
            Some(base) => {
                // A run that was over and is not any more has to be found again.
                if base.document.is_settled() && !run.is_settled() {
                    self.runs.mark(self.key).await?;
                    self.revived = true;
                }
                let put = documents.replace(&key, run, &base.etag).await?;
                if matches!(put, Put::Committed(_)) {
                    self.mark_again(run).await?;
                }
                put
            }
        })
    }

    /// Who saw the run over may remove the marker until the put that revives it, so that it is put
    /// once more after that.
    async fn mark_again(&mut self, run: &Run) -> Result<(), Fault> {
        if self.revived && !run.is_settled() {
            self.runs.mark(self.key).await?;
        }
        self.revived = false;
        Ok(())
    }

    async fn lose(&self, put: &Put, times: u32) -> Result<(), Fault> {
        if let Put::Indeterminate(why) = put {
            tracing::warn!(reason = %why, "it is not clear whether the run was written");
        }
        if times >= TRIES {
            return Err(Fault::Soon(format!("{} was not written in {TRIES} tries", self.key)));
        }
        self.runs.documents.pause(times - 1).await;
        Ok(())
    }

    async fn unmark(&self, run: &Run) {
        if !run.is_settled() {
            return;
        }
        // `tick` removes the marker of a settled run where this fails.
        if let Err(fault) = self.runs.retire(self.key).await {
            tracing::warn!(reason = %fault.chain(), "the marker stays for now");
        }
    }

    fn finish(self, run: Run, kept: Option<Versioned<Run>>) -> Result<(Told, Vec<Wake>), Fault> {
        if let Some(kept) = kept {
            self.runs.kept.put(self.key, kept);
        }
        match self.fault {
            Some(fault) => Err(fault),
            None => {
                let told = Told { run, puts: self.puts, rejections: self.rejections };
                Ok((told, self.wakes))
            }
        }
    }

    fn bug(&self, what: &str, source: Option<anyhow::Error>) -> Fault {
        let message = format!("{what} of {}", self.key);
        let mend = "this is a bug: please report it with the run's register".to_owned();
        Fault::Page { message, mend, source }
    }
}
