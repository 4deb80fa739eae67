//! The steps of one telling, named as in `shared/cloud/src/advance`.

use crate::actions::Answer;
use crate::document::{Effect, Owner, Run, Worker};
use crate::message::{Fact, Message, Set};
use crate::parameters::{Check, Fault, Protocol};
use crate::world::{Job, Place, TICK, Telling, World};

/// One invocation's hands on the world.
pub(crate) struct Step<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) protocol: &'a Protocol,
    pub(crate) worker: Worker,
}

impl Step<'_> {
    fn telling(&mut self) -> &mut Telling {
        &mut self.world.tellings[usize::from(self.worker)]
    }

    /// A message is received; but for a trigger, which counts on creating the document, a document
    /// is taken or loaded and decided on.
    pub(crate) fn receive(&mut self, message: Message) {
        let acknowledged = self.protocol.has(Fault::AcknowledgeBeforePut);
        let telling = self.telling();
        telling.message = if acknowledged { None } else { Some(message) };
        telling.news.add(message.fact());
        let kept = telling.kept.take();
        match (message, kept) {
            (Message::Trigger, _) => self.decide(None, true),
            (_, Some(kept)) => self.decide(Some(kept), false),
            (_, None) => self.load(),
        }
    }

    /// A pass of `tick` that has something to tell.
    pub(crate) fn heal(&mut self, missed: Set<Fact>) {
        self.telling().news = missed;
        self.load();
    }

    fn load(&mut self) {
        let found = self.world.run;
        self.decide(found, true);
    }

    /// `Telling::read`: what an unclear write of this telling took in hand is performed first.
    pub(crate) fn read(&mut self) {
        let Some(found) = self.world.run else { return self.decide(None, true) };
        let ours = found.write_id == Owner::Of(self.worker);
        let held = found.effects().any(|(effect, lease)| {
            effect == Effect::Submit && lease.is_some_and(|l| l.owner == Owner::Of(self.worker))
        });
        // Whoever has taken the submission over may be about to have it accepted.
        if !held && !self.protocol.has(Fault::RefusalAfterTakeover) {
            self.telling().news.remove(Fact::JobRefused);
        }
        let mine = self.in_hand(&found);
        if mine.is_empty() || (self.protocol.has(Fault::WriteIdAlone) && !ours) {
            self.decide(Some(found), true);
        } else {
            self.telling().place = Place::Performing { run: found, mine, looked_up: false };
        }
    }

    /// `Telling::decide`, `Run::abandoned` and `Run::seal`: up to the put.
    fn decide(&mut self, base: Option<Run>, fresh: bool) {
        let (protocol, worker) = (self.protocol, self.worker);
        let news = self.telling().news;
        let mut next = match base {
            Some(run) => run,
            None if news.has(Fact::Triggered) => Run::begin(),
            None => return self.finish(None),
        };
        let changed = next.decide(news, protocol) || base.is_none();
        if !changed && !next.has_work() {
            if fresh {
                return self.finish(Some(next));
            }
            self.telling().place = Place::Reading;
            return;
        }
        let telling = self.telling();
        telling.doubtful |= next.abandoned();
        let free = next.submit != crate::document::Pending::No && next.has_work();
        if protocol.has(Fault::SubmitBeforePut) && free && !telling.performed.has(Effect::Submit) {
            telling.performed.add(Effect::Submit);
            self.world.flying.new += 1;
        }
        next.seal(worker, protocol.lease);
        self.telling().place = Place::Putting { next, base: base.map(|run| run.revision) };
    }

    /// `Documents::create` and `Documents::replace`.
    pub(crate) fn put(&mut self, answer: Answer) {
        let Place::Putting { next, base } = self.telling().place else { return };
        let matches = self.world.run.map(|run| run.revision) == base;
        if self.protocol.has(Fault::ConflictIsLost) && answer == Answer::Busy {
            return self.finish(None);
        }
        self.telling().place = Place::Reading;
        match answer {
            Answer::Clear if matches => {
                self.world.store(next);
                self.telling().news = Set::default();
                self.perform(next);
            }
            Answer::LostWritten => self.world.store(next),
            Answer::LostLanding => self.world.landing = Some((next, base)),
            Answer::Clear | Answer::Busy | Answer::LostUnwritten => {}
        }
    }

    /// `Telling::perform`: what the put that won took in hand.
    fn perform(&mut self, run: Run) {
        let mine = self.in_hand(&run);
        self.telling().place = Place::Performing { run, mine, looked_up: false };
        self.go_on();
    }

    /// `Telling::has_in_hand`, for every effect.
    fn in_hand(&mut self, run: &Run) -> Set<Effect> {
        let ours = Owner::Of(self.worker);
        let enough = if self.protocol.check == Check::Never { 0 } else { self.protocol.enough };
        let performed = self.telling().performed;
        run.effects()
            .filter(|(effect, lease)| {
                lease.is_some_and(|lease| lease.owner == ours && lease.left >= enough)
                    && !performed.has(*effect)
            })
            .map(|(effect, _)| effect)
            .collect()
    }

    /// `Telling::perform_one`, one request at a time.
    pub(crate) fn perform_one(&mut self, effect: Effect) {
        let Place::Performing { run, looked_up, .. } = self.telling().place else { return };
        match effect {
            Effect::Submit => {
                let doubtful = self.telling().doubtful && !self.protocol.has(Fault::NoLookUp);
                if doubtful && !looked_up {
                    if !self.find_by_name() {
                        self.looked_up();
                        return;
                    }
                } else {
                    self.submit(&run);
                }
            }
            Effect::Terminate(job) => {
                self.world.end_job(job);
                // Nothing but its end acknowledges that of the believed job.
                if run.placement != Some(job) {
                    self.telling().news.add(Fact::Terminated(job));
                }
            }
            Effect::Withdraw => {
                if !self.find_by_name() {
                    self.telling().news.add(Fact::Withdrawn);
                }
            }
        }
        self.done(effect);
    }

    /// `Batch::find_by_name`: whether Batch has jobs of the name, which are news then.
    fn find_by_name(&mut self) -> bool {
        let named = !self.protocol.has(Fault::NameChanges);
        let found: Vec<Fact> = self.world.known_jobs().map(Fact::JobFound).collect();
        let found = if named { found } else { Vec::new() };
        found.iter().for_each(|fact| self.telling().news.add(*fact));
        !found.is_empty()
    }

    fn looked_up(&mut self) {
        if let Place::Performing { looked_up, .. } = &mut self.telling().place {
            *looked_up = true;
        }
    }

    /// `Batch::submit`, while enough of the lease is left.
    fn submit(&mut self, run: &Run) {
        let in_hand = self.in_hand(run).has(Effect::Submit);
        if self.protocol.check == Check::EachRequest && !in_hand {
            return;
        }
        self.world.flying.new += 1;
        self.world.seen.submitted_for_cancelled |= run.cancelled;
    }

    /// The submission is refused by Batch.
    pub(crate) fn refused(&mut self) {
        self.telling().news.add(Fact::JobRefused);
        self.done(Effect::Submit);
    }

    fn done(&mut self, effect: Effect) {
        let telling = self.telling();
        telling.performed.add(effect);
        if let Place::Performing { mine, looked_up, .. } = &mut telling.place {
            mine.remove(effect);
            *looked_up = false;
        }
        self.go_on();
    }

    /// What the effects brought about is told again; with nothing new, the message is done with.
    fn go_on(&mut self) {
        let telling = self.telling();
        match telling.place {
            Place::Performing { run, mine, .. } if mine.is_empty() => {
                if telling.news.is_empty() {
                    self.finish(Some(run));
                } else {
                    self.decide(Some(run), false);
                }
            }
            _ => {}
        }
    }

    /// `Telling::finish`: the message is acknowledged.
    fn finish(&mut self, run: Option<Run>) {
        if self.protocol.kept && self.worker != TICK {
            self.telling().kept = run;
        }
        self.world.end(self.worker);
    }

    /// The invocation dies: its message comes again, and the next one holds nothing.
    pub(crate) fn crash(&mut self) {
        if let Some(message) = self.telling().message {
            self.world.waiting.add(message);
        }
        self.telling().kept = None;
        self.world.end(self.worker);
    }
}

impl World {
    /// A put lands in S3.
    pub(crate) fn store(&mut self, next: Run) {
        if let Some(old) = &self.run {
            let believed = old.placement.is_some() && old.placement != next.placement;
            let forgotten = (old.cancelled && !next.cancelled)
                || (old.announced && !next.announced)
                || (old.started && !next.started)
                || (old.ended && !next.ended)
                || (old.refused && !next.refused)
                || (old.withdrawn && !next.withdrawn)
                || old.surplus.iter().zip(&next.surplus).any(|(old, next)| old > next);
            self.seen.moved_back |= believed || forgotten;
        }
        self.run = Some(next);
    }

    /// A submission arrives.
    pub(crate) fn accept(&mut self) {
        let settled = self.run.is_some_and(|run| run.is_settled());
        self.seen.submitted_for_settled |= settled && !self.seen.unknowable;
        let Some(place) = self.jobs.iter().position(|job| *job == Job::None) else { return };
        self.jobs[place] = Job::Running;
        self.known_jobs().last().into_iter().for_each(|job| {
            self.waiting.add(Message::Started(job));
        });
    }

    /// A job ends, by itself or because it is told to.
    pub(crate) fn end_job(&mut self, job: u8) {
        let state = &mut self.jobs[usize::from(job)];
        if *state == Job::Running {
            *state = Job::Over;
            self.waiting.add(Message::Ended(job));
        }
    }

    pub(crate) fn known_jobs(&self) -> impl Iterator<Item = u8> + use<> {
        let jobs = self.jobs;
        (0..crate::message::JOBS).filter(move |job| jobs[usize::from(*job)] != Job::None)
    }

    /// What `tick` finds out where an event may have been lost: the end of the believed job, and
    /// jobs that run for nothing.
    pub(crate) fn missed(&self) -> Set<Fact> {
        let Some(run) = self.run else { return Set::default() };
        let mut missed = Set::default();
        for job in self.known_jobs() {
            let (started, ended) = (Fact::JobStarted(job), Fact::JobEnded(job));
            if self.is_on_its_way(started) || self.is_on_its_way(ended) {
                continue;
            }
            let known = run.surplus[usize::from(job)] != crate::document::Surplus::None;
            match self.jobs[usize::from(job)] {
                Job::Over if run.placement == Some(job) && !run.ended => missed.add(ended),
                Job::Running if run.is_over() && run.placement != Some(job) && !known => {
                    missed.add(started);
                }
                Job::Over | Job::Running | Job::None => {}
            }
        }
        missed
    }
}
