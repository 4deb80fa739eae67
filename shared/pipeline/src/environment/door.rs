//! Who may be in an environment: one run at a time, the others in the order in which they came.
//!
//! A request is a run's own name, so that it may be repeated. Whoever has left is remembered for a
//! while: a late request of a run that is over must not hold the place for ever.

use jiff::Timestamp;

use super::Environment;
use crate::names::RunId;
use crate::run::fact::{Place, Standing};

/// The first version of the document that knows of places.
const PLACES: u32 = 2;
/// As many runs may wait; a later one asks again until there is room.
const QUEUE_AT_MOST: usize = 100;
/// As many are remembered that have left.
const LEFT_AT_MOST: usize = 20;

/// What a request for the place comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The document as it goes on; absent where it says all of this already.
    pub next: Option<Box<Environment>>,
    /// How the run stands then.
    pub standing: Standing,
}

impl Environment {
    /// Asks for the place on behalf of `run`.
    #[must_use]
    pub fn enter(&self, run: &RunId, write_id: &str) -> Entry {
        let next = self.with(run, write_id);
        let standing = next.as_ref().unwrap_or(self).standing(run);
        Entry { next: next.map(Box::new), standing }
    }

    /// The document in which `run` holds the place or waits for it, where that is not so already.
    fn with(&self, run: &RunId, write_id: &str) -> Option<Self> {
        let is_there = self.holder.as_ref() == Some(run) || self.queue.contains(run);
        if is_there || self.left.contains(run) || self.queue.len() >= QUEUE_AT_MOST {
            return None;
        }
        let mut next = self.next(write_id);
        next.schema = next.schema.max(PLACES);
        match next.holder {
            None => next.holder = Some(run.clone()),
            Some(_) => next.queue.push(run.clone()),
        }
        Some(next)
    }

    fn standing(&self, run: &RunId) -> Standing {
        let place = match &self.holder {
            _ if self.left.contains(run) => Place::Gone,
            Some(holder) if holder == run => Place::Held,
            _ => Place::Behind,
        };
        let others = self.holder.iter().chain(&self.queue);
        Standing {
            place,
            behind: self.holder.clone().filter(|_| place == Place::Behind),
            newer: others.filter(|other| *other > run).max().cloned(),
            on_hold: self.keeps_out(run).map(|hold| hold.reason.clone()),
            frozen: None,
        }
    }

    /// Gives the place of `run` to the next in the queue, or ends its wait for one. Nothing where
    /// the document says so already.
    #[must_use]
    pub fn leave(&self, run: &RunId, write_id: &str, now: Timestamp) -> Option<Self> {
        if let Some(mut next) = self.without(run, write_id) {
            next.withdraw(run, now);
            return Some(next);
        }
        // Its request may still be on the way.
        (!self.left.contains(run)).then(|| {
            let mut next = self.next(write_id);
            next.remember(run);
            next
        })
    }

    /// The document without `run`, where that is in it.
    pub(super) fn without(&self, run: &RunId, write_id: &str) -> Option<Self> {
        let holds = self.holder.as_ref() == Some(run);
        if !holds && !self.queue.contains(run) {
            return None;
        }
        let mut next = self.next(write_id);
        next.queue.retain(|waiting| waiting != run);
        if holds {
            next.holder = (!next.queue.is_empty()).then(|| next.queue.remove(0));
        }
        next.remember(run);
        Some(next)
    }

    /// Whether `run` was here, and does not come back.
    pub(super) fn has_left(&self, run: &RunId) -> bool {
        self.left.contains(run)
    }

    fn remember(&mut self, run: &RunId) {
        self.schema = self.schema.max(PLACES);
        self.left.push(run.clone());
        let surplus = self.left.len().saturating_sub(LEFT_AT_MOST);
        self.left.drain(..surplus);
    }
}
