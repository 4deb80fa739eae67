//! What a person decides: the messages of the queue `decisions`.
//!
//! Its author is not in the message but is the principal that SQS saw sending it.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use signalbox_pipeline::environment::Generation;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EnvironmentName, EventId, PipelineName, RunId, Sha256, StageName};
use signalbox_pipeline::run::Run;

use crate::advance::RunKey;
use crate::fault::Malformed;

mod retry;
mod wire;

pub use retry::{begun, current};
pub use wire::LONGEST_ENVELOPE;

/// The longest time in which a decision may be carried out.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// By so much the clock of whoever decided may be ahead.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// How to mend a decision.
const MEND: &str = "decide with `signalbox cancel`, `retry`, `replay`, `approve`, `reject`, `rollback`, \
     `hold` or `resume`, or as events/README.md shows";

/// A decision of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its id, drawn by whoever decides: carried out once, however often it comes.
    pub id: EventId,
    /// When it was made.
    pub at: Timestamp,
    /// From here on it changes nothing.
    pub expires: Timestamp,
    /// What is decided.
    pub what: What,
}

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A run is to end.
    Cancel(Cancel),
    /// What a run was for is to be tried again, by a new run.
    Retry(Retry),
    /// An event is to make another run.
    Replay(Replay),
    /// A release may go on.
    Approve(Verdict),
    /// A release may not.
    Reject(Verdict),
    /// An older release is to be live again, and releases are to be kept out.
    Rollback(Steer),
    /// Releases are to be kept out.
    Hold(Steer),
    /// Releases are to be let in again.
    Resume(Steer),
}

/// A person's hand on an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steer {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The state that it is meant for: in any other it changes nothing.
    pub meant_for: Generation,
    /// The run whose release is to be live; the one before, where absent. Only a rollback has it.
    pub to: Option<RunId>,
    /// Why, in the person's words.
    pub reason: Option<String>,
}

/// A person's word on a release that waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The run that wants to make it.
    pub run: RunKey,
    /// Where.
    pub environment: EnvironmentName,
    /// The digest of the release: whatever else waits there by now is not meant.
    pub release: Sha256,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// Whether it stands for all that are asked; only an approval can, and only with a reason.
    pub break_glass: bool,
}

/// A run is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancel {
    /// The run.
    pub run: RunKey,
    /// Why, in the person's words.
    pub reason: Option<String>,
}

/// What a run was for is to be tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The run, which is over.
    pub run: RunKey,
    /// The stage to begin with; the one that did not succeed, where absent.
    pub from: Option<StageName>,
    /// What the new run follows.
    pub definition: Follow,
}

/// Which definition a retry follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    /// That of the run before.
    #[default]
    Original,
    /// That of the run which owns the branch now.
    Current,
}

/// Which event is to make another run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// One that was archived.
    Archived {
        /// The day that it is archived under.
        day: Date,
        /// Its id.
        event: EventId,
    },
    /// This one.
    Inline(String),
}

impl Decision {
    /// Reads a message, strictly: what is not understood to the last key changes nothing.
    ///
    /// # Errors
    /// When it is not a decision.
    pub fn parse(body: &str) -> Result<Self, Malformed> {
        let decision = wire::parse(body)?;
        let life = decision.expires.duration_since(decision.at);
        if life <= SignedDuration::ZERO || life > LONGEST_LIFE {
            let what = format!(
                "it was made at {} and expires at {}: a decision lives for 24 hours at most",
                decision.at, decision.expires
            );
            return Err(Malformed::new(what, "expires", MEND));
        }
        Ok(decision)
    }

    /// The message.
    ///
    /// # Errors
    /// When an event that it holds is not JSON, or is longer than [`LONGEST_ENVELOPE`].
    pub fn message(&self) -> Result<String, Malformed> {
        wire::message(self)
    }

    /// Whether it may be carried out `now`.
    ///
    /// # Errors
    /// When it has expired, or comes from the future.
    pub fn holds(&self, now: Timestamp) -> Result<(), Malformed> {
        let Self { id, at, expires, .. } = self;
        if *expires <= now {
            let what = format!("the decision {id} expired at {expires}: nothing was changed");
            return Err(Malformed::new(what, "expires", "decide again"));
        }
        if at.duration_since(now) > SKEW {
            let what = format!("the decision {id} says that it was made at {at}, and it is {now}");
            return Err(Malformed::new(what, "at", "set the clock right, then decide again"));
        }
        Ok(())
    }

    /// The run that a retry of `run` makes by this decision.
    #[must_use]
    pub fn retried(&self, run: &Run) -> RunId {
        keys::run_id(self.at, &run.state.trigger.commit, &self.id)
    }
}

#[cfg(test)]
mod tests;
