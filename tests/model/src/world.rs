//! The whole world in one state: S3, the queues, Batch, and who is at work.

use crate::document::{Effect, Owner, Run, Worker};
use crate::message::{Fact, JOBS, Message, Set};
use crate::parameters::{Bounds, Protocol};

/// `tick` among the workers.
pub(crate) const TICK: Worker = 2;
/// Two invocations behind the queues, and `tick`.
pub(crate) const WORKERS: Worker = 3;

/// A job in Batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Job {
    /// There is none.
    #[default]
    None,
    /// It is on its way or runs.
    Running,
    /// It is over.
    Over,
}

/// How far an invocation has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    #[default]
    Idle,
    /// It is about to read the document, since a put did not win or what it held was old.
    Reading,
    /// Its put is on its way. `base` is the revision that it was decided on.
    Putting { next: Run, base: Option<u8> },
    /// It performs `mine` of `run`; `looked_up` once Batch has no job of the name.
    Performing { run: Run, mine: Set<Effect>, looked_up: bool },
}

/// `Telling`: an invocation of a function, or a pass of `tick`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Telling {
    pub(crate) place: Place,
    pub(crate) message: Option<Message>,
    pub(crate) news: Set<Fact>,
    pub(crate) performed: Set<Effect>,
    pub(crate) doubtful: bool,
    /// How old it is; counted only where Lambda ends it.
    pub(crate) age: u8,
    /// What it keeps between messages.
    pub(crate) kept: Option<Run>,
}

impl Telling {
    pub(crate) fn is_idle(&self) -> bool {
        self.place == Place::Idle
    }

    pub(crate) fn runs(&mut self) -> impl Iterator<Item = &mut Run> {
        let at_work = match &mut self.place {
            Place::Putting { next: run, .. } | Place::Performing { run, .. } => Some(run),
            Place::Idle | Place::Reading => None,
        };
        at_work.into_iter().chain(&mut self.kept)
    }
}

/// Submissions on their way to Batch whose sender no longer listens. Every submission is one: its
/// answer changes nothing, as an attempt is acknowledged by its first event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Flying {
    /// Sent just now.
    pub(crate) new: u8,
    /// Sent before the last unit of time: they arrive before the next, or never.
    pub(crate) old: u8,
    /// They take longer than any request is believed to take.
    pub(crate) late: u8,
}

/// What must never be, seen in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Seen {
    /// A put made another job the believed one, or took back what was known.
    pub(crate) moved_back: bool,
    /// Something was submitted by a write that knew of the cancel.
    pub(crate) submitted_for_cancelled: bool,
    /// A submission arrived for a settled run, in time.
    pub(crate) submitted_for_settled: bool,
    /// A submission took longer than any is believed to take.
    pub(crate) unknowable: bool,
}

/// One state of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct World {
    /// The document in S3.
    pub run: Option<Run>,
    /// A put without an answer that may still land, and the revision that it was decided on.
    pub(crate) landing: Option<(Run, Option<u8>)>,
    pub(crate) tellings: [Telling; WORKERS as usize],
    /// What is in the queues.
    pub waiting: Set<Message>,
    /// What Batch has.
    pub jobs: [Job; JOBS as usize],
    pub(crate) flying: Flying,
    pub(crate) left: Bounds,
    pub(crate) seen: Seen,
}

impl World {
    pub(crate) fn new(protocol: &Protocol) -> Self {
        Self {
            run: None,
            landing: None,
            tellings: [Telling::default(); WORKERS as usize],
            waiting: protocol.first(),
            jobs: [Job::None; JOBS as usize],
            flying: Flying::default(),
            left: protocol.bounds,
            seen: Seen::default(),
        }
    }

    /// Whether Batch runs a job.
    #[must_use]
    pub fn a_job_runs(&self) -> bool {
        self.jobs.contains(&Job::Running)
    }

    /// How many jobs Batch was given.
    #[must_use]
    pub fn submitted(&self) -> usize {
        self.jobs.iter().filter(|job| **job != Job::None).count()
    }

    pub(crate) fn somebody_works(&self) -> bool {
        self.tellings.iter().any(|telling| !telling.is_idle())
    }

    pub(crate) fn runs(&mut self) -> impl Iterator<Item = &mut Run> {
        let landing = self.landing.as_mut().map(|(run, _)| run);
        let held = self.tellings.iter_mut().flat_map(Telling::runs);
        self.run.iter_mut().chain(landing).chain(held)
    }

    /// Whether a message or somebody at work knows of `fact` already.
    pub(crate) fn is_on_its_way(&self, fact: Fact) -> bool {
        self.waiting.iter().any(|message| message.fact() == fact)
            || self.tellings.iter().any(|telling| telling.news.has(fact))
    }

    /// The invocation is over: its writes and leases are nobody's any more.
    pub(crate) fn end(&mut self, worker: Worker) {
        let kept = self.tellings[usize::from(worker)].kept;
        self.tellings[usize::from(worker)] = Telling { kept, ..Telling::default() };
        let name = |owner| if owner == Owner::Of(worker) { Owner::Over } else { owner };
        self.runs().for_each(|run| run.rename(name));
    }

    /// The two invocations behind the queues are alike: which is which does not matter.
    pub(crate) fn in_order(mut self) -> Self {
        let mut other = self;
        other.tellings.swap(0, 1);
        let name = |owner| match owner {
            Owner::Of(0) => Owner::Of(1),
            Owner::Of(1) => Owner::Of(0),
            owner => owner,
        };
        other.runs().for_each(|run| run.rename(name));
        if other < self {
            self = other;
        }
        self
    }
}
