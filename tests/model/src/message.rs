//! What invocations are told, and what they find out.

use std::marker::PhantomData;

/// As many jobs as Batch is given before the check gives up; three break every promise already.
pub(crate) const JOBS: u8 = 3;

/// A message in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// The push that begins the run.
    Trigger,
    /// A person's decision to cancel the run.
    Cancel,
    /// Some other fact about the run, so that two invocations write at once.
    Announcement,
    /// Batch: the job runs.
    Started(u8),
    /// Batch: the job is over.
    Ended(u8),
}

/// A fact, as in `run::Fact`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// The run begins.
    Triggered,
    /// A person cancelled it.
    Cancelled,
    /// Something that does not matter here.
    Announced,
    /// Batch refused the submission.
    JobRefused,
    /// The submission was never carried out, and will not be.
    Withdrawn,
    /// The job was found by its name.
    JobFound(u8),
    /// The job runs.
    JobStarted(u8),
    /// The job is over.
    JobEnded(u8),
    /// The job was told to end.
    Terminated(u8),
}

impl Message {
    pub(crate) fn fact(self) -> Fact {
        match self {
            Self::Trigger => Fact::Triggered,
            Self::Cancel => Fact::Cancelled,
            Self::Announcement => Fact::Announced,
            Self::Started(job) => Fact::JobStarted(job),
            Self::Ended(job) => Fact::JobEnded(job),
        }
    }
}

/// A set of few things, in their order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Set<T> {
    bits: u32,
    of: PhantomData<T>,
}

/// A thing that has a place among few.
pub trait Place: Copy {
    /// All of them, in order.
    fn all() -> impl Iterator<Item = Self>;
    /// Where it stands.
    fn place(self) -> u32;
}

impl<T> Clone for Set<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Set<T> {}

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self { bits: 0, of: PhantomData }
    }
}

impl<T: Place> Set<T> {
    pub(crate) fn add(&mut self, one: T) {
        self.bits |= 1 << one.place();
    }

    pub(crate) fn remove(&mut self, one: T) {
        self.bits &= !(1 << one.place());
    }

    /// Whether `one` is among them.
    #[must_use]
    pub fn has(self, one: T) -> bool {
        self.bits & (1 << one.place()) != 0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.bits == 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = T> {
        T::all().filter(move |one| self.has(*one))
    }
}

impl<T: Place> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut set = Self::default();
        items.into_iter().for_each(|one| set.add(one));
        set
    }
}

fn jobs<T>(of: fn(u8) -> T) -> impl Iterator<Item = T> {
    (0..JOBS).map(of)
}

impl Place for Message {
    fn all() -> impl Iterator<Item = Self> {
        let others = [Self::Trigger, Self::Cancel, Self::Announcement];
        others.into_iter().chain(jobs(Self::Started)).chain(jobs(Self::Ended))
    }

    fn place(self) -> u32 {
        match self {
            Self::Trigger => 0,
            Self::Cancel => 1,
            Self::Announcement => 2,
            Self::Started(job) => 3 + u32::from(job),
            Self::Ended(job) => 6 + u32::from(job),
        }
    }
}

impl Place for Fact {
    fn all() -> impl Iterator<Item = Self> {
        let others =
            [Self::Triggered, Self::Cancelled, Self::Announced, Self::JobRefused, Self::Withdrawn];
        let (found, started) = (jobs(Self::JobFound), jobs(Self::JobStarted));
        let (ended, terminated) = (jobs(Self::JobEnded), jobs(Self::Terminated));
        others.into_iter().chain(found).chain(started).chain(ended).chain(terminated)
    }

    fn place(self) -> u32 {
        match self {
            Self::Triggered => 0,
            Self::Cancelled => 1,
            Self::Announced => 2,
            Self::JobRefused => 3,
            Self::Withdrawn => 4,
            Self::JobFound(job) => 5 + u32::from(job),
            Self::JobStarted(job) => 8 + u32::from(job),
            Self::JobEnded(job) => 11 + u32::from(job),
            Self::Terminated(job) => 14 + u32::from(job),
        }
    }
}
