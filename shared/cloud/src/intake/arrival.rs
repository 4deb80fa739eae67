//! A push on its way in.

use jiff::Timestamp;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EventId, RunId};
use signalbox_pipeline::run::fact::Origin;

use crate::ingest::codecommit::Push;

/// A push, and who brings it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// What was pushed.
    pub push: Push,
    /// How it comes in.
    pub origin: Origin,
    /// The event or decision that makes the run: the run's id follows from this.
    pub cause: EventId,
    /// When that happened.
    pub at: Timestamp,
    /// Whose event or decision it is.
    pub actor: String,
    /// The event as it was received, to be archived.
    pub received: Option<String>,
}

impl Arrival {
    /// The code host's event, with its text as it was `received`.
    #[must_use]
    pub fn pushed(push: Push, received: String) -> Self {
        let actor = push.actor.clone().unwrap_or_else(|| "aws.codecommit".to_owned());
        let (cause, at) = (push.event.clone(), push.at);
        Self { push, origin: Origin::Push, cause, at, actor, received: Some(received) }
    }

    /// A commit that `tick` saw at the head of its branch: `push` bears an id made up for it, and
    /// the time at which it was seen.
    #[must_use]
    pub fn found(push: Push) -> Self {
        let (cause, at, actor) = (push.event.clone(), push.at, "signalbox".to_owned());
        Self { push, origin: Origin::Found, cause, at, actor, received: None }
    }

    /// The event of `push`, replayed by `actor`'s decision, whose id is `decision` and which was
    /// made `at`.
    #[must_use]
    pub fn replayed(push: Push, decision: EventId, at: Timestamp, actor: String) -> Self {
        let origin = Origin::Replay { of: push.event.clone() };
        Self { push, origin, cause: decision, at, actor, received: None }
    }

    /// The run that it makes, and no other trigger.
    #[must_use]
    pub fn run(&self) -> RunId {
        keys::run_id(self.at, &self.push.commit, &self.cause)
    }

    /// Pushes to one branch are taken in by this order.
    #[must_use]
    pub fn order(&self) -> (Timestamp, &EventId) {
        (self.push.at, &self.push.event)
    }
}
