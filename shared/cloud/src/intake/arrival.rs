//! A push on its way in.

use jiff::Timestamp;
use signalbox_pipeline::head::{Claim, Head};
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EventId, RunId};
use signalbox_pipeline::registration::Registration;
use signalbox_pipeline::run::fact::{Origin, Trigger};

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

    /// What the head of the branch becomes, and which run carries the push: `own`, or the one that
    /// its commit has already. Nothing where `tick` found what an event has brought.
    #[must_use]
    pub fn claim(&self, head: Option<&Head>, own: &RunId, write_id: &str) -> Option<Claim> {
        let (commit, at) = (&self.push.commit, self.push.at);
        match self.origin {
            Origin::Found => Head::found(head, commit, at, own, write_id),
            // A replay is wanted beside what the commit has had: it takes no event's place.
            Origin::Replay { .. }
                if head.is_some_and(|head| head.commit == *commit || head.pushed_at >= at) =>
            {
                Some(Claim::held(own))
            }
            _ => Some(Head::pushed(head, commit, at, own, write_id)),
        }
    }

    /// The first fact of its run, by the `claim` that it has on its branch; `checkout_image` is that of jobs that name none, where the
    /// registration names none either.
    #[must_use]
    pub fn trigger(
        &self,
        registration: &Registration,
        checkout_image: &str,
        claim: &Claim,
    ) -> Trigger {
        let ours = || checkout_image.to_owned();
        let image = registration.checkout_image.as_ref().map_or_else(ours, ToString::to_string);
        let push = &self.push;
        Trigger {
            host: push.host.clone(),
            repository: push.repository.clone(),
            branch: push.branch.clone(),
            commit: push.commit.clone(),
            pushed_at: push.at,
            clone_url: registration.clone_url.clone(),
            checkout_image: image,
            origin: self.origin.clone(),
            pushed_by: push.actor.clone(),
            notify: registration.notify.clone(),
            before: claim.before.clone(),
            newer: claim.newer.clone(),
            taken: None,
        }
    }

    /// Pushes to one branch are taken in by this order.
    #[must_use]
    pub fn order(&self) -> (Timestamp, &EventId) {
        (self.push.at, &self.push.event)
    }
}

#[cfg(test)]
mod tests;
