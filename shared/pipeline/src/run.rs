//! The run document: a register of facts, the state that they fold to, and the pending effects.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::digest::sha256;
use crate::effect::{self, Effect, EffectId, Lease, Pending};
use crate::names::{PipelineName, RunId, Sha256};
use crate::platform::Platform;
use crate::register::{Entry, Occurrence, Register};
use crate::shared::Shared;

mod admission;
pub(crate) mod again;
pub mod approving;
pub(crate) mod attempts;
mod budget;
mod entry;
pub mod fact;
mod fold;
pub mod inspecting;
mod progress;
mod question;
pub mod state;
mod verdict;

pub(crate) use budget::Budget;
pub use fact::Fact;
pub use fold::Rejection;
pub(crate) use fold::places;
pub use question::Question;
pub use state::State;

use fold::Applied;

/// The newest version of the run document that this code writes. A document bears the first one
/// that can hold its facts, so that during a deploy older code goes on with what it knows.
pub const SCHEMA: u32 = 5;

/// `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The version of the document.
    pub schema: u32,
    /// Counts the writes, from 1.
    pub revision: u64,
    /// Names the write, so that a writer with an unclear answer recognises its own.
    pub write_id: String,
    /// The id of the run.
    pub id: RunId,
    /// The pipeline that it is a run of.
    pub pipeline: PipelineName,
    /// What the register folds to.
    pub state: State,
    /// Every fact that the run took.
    pub register: Register,
    /// What was decided and is not known to be done.
    pub pending: Vec<Pending>,
    /// The hash of what neither the register's chain nor its fold covers; see [`Run::sealed`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Sha256>,
}

/// What a fact does to a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The run goes on so.
    Advance(Box<Run>),
    /// Nothing changes: the fact was known, or nothing depends on it any more.
    AlreadyApplied,
    /// The fact cannot be.
    Rejected(Rejection),
}

/// A first fact that is not a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a run begins with a trigger")]
pub struct NotATrigger;

impl Run {
    /// Begins a run with its first fact, a trigger.
    ///
    /// # Errors
    /// When the fact is not a trigger.
    pub fn begin(
        id: RunId,
        pipeline: PipelineName,
        first: Occurrence,
        platform: &Platform,
        now: Timestamp,
    ) -> Result<Self, NotATrigger> {
        let Fact::Triggered(trigger) = &first.fact else { return Err(NotATrigger) };
        let state = fold::begin(trigger, now);
        let schema = first.fact.schema();
        let mut register = Register::default();
        register.append(first, now);
        let (revision, write_id) = (0, String::new());
        let (pending, seal) = (Vec::new(), None);
        let mut run =
            Self { schema, revision, write_id, id, pipeline, state, register, pending, seal };
        run.pending = effect::pending(&run, platform, now);
        Ok(run)
    }

    /// Decides what `occurrence` does to the run. Pure: the same arguments, the same decision.
    #[must_use]
    pub fn decide(&self, occurrence: &Occurrence, platform: &Platform, now: Timestamp) -> Decision {
        if let Err(rejection) = effect::believe(self, &occurrence.fact) {
            return Decision::Rejected(rejection);
        }
        let mut state = self.state.clone();
        match fold::apply(&mut state, &occurrence.fact, now) {
            Err(rejection) => Decision::Rejected(rejection),
            Ok(Applied::Unchanged) => Decision::AlreadyApplied,
            Ok(Applied::Changed) => {
                let mut next = Self {
                    schema: self.schema.max(occurrence.fact.schema()),
                    revision: self.revision,
                    write_id: self.write_id.clone(),
                    id: self.id.clone(),
                    pipeline: self.pipeline.clone(),
                    state,
                    register: self.register.clone(),
                    pending: self.pending.clone(),
                    seal: None,
                };
                next.register.append(occurrence.clone(), now);
                next.pending = effect::pending(&next, platform, now);
                Decision::Advance(Box::new(next))
            }
        }
    }

    /// Folds a register; the state of every stored run equals this.
    ///
    /// # Errors
    /// When the first entry is not a trigger, or a later one cannot follow.
    pub fn fold(entries: &[Shared<Entry>]) -> Result<State, FoldError> {
        let mut entries = entries.iter();
        let first = entries.next().ok_or(FoldError::Begin(NotATrigger))?;
        let Fact::Triggered(trigger) = &first.fact else {
            return Err(FoldError::Begin(NotATrigger));
        };
        let mut state = fold::begin(trigger, first.at);
        for entry in entries {
            fold::apply(&mut state, &entry.fact, entry.at)
                .map_err(|source| FoldError::Entry { seq: entry.seq, source })?;
        }
        Ok(state)
    }

    /// Whether some pending effect is in nobody's hands: unleased, or its lease has run out.
    #[must_use]
    pub fn has_work(&self, now: Timestamp) -> bool {
        self.pending.iter().any(|pending| pending.is_free(now))
    }

    /// The submissions in nobody's hands that somebody had leased: they may have been carried out.
    pub fn abandoned(&self, now: Timestamp) -> impl Iterator<Item = &Pending> {
        self.pending.iter().filter(move |pending| {
            let submitted = matches!(pending.effect, Effect::Submit(_));
            submitted && pending.lease.is_some() && pending.is_free(now)
        })
    }

    /// Makes the run ready to be written: the next revision under `write_id`, every effect that is
    /// in nobody's hands leased to the writer. Returns the effects that the writer has to perform
    /// once it has won.
    pub fn seal(&mut self, write_id: &str, now: Timestamp, lease: SignedDuration) -> Vec<EffectId> {
        self.revision = self.revision.saturating_add(1);
        write_id.clone_into(&mut self.write_id);
        let until = now.saturating_add(lease).unwrap_or(Timestamp::MAX);
        let mut mine = Vec::new();
        for pending in self.pending.iter_mut().filter(|pending| pending.is_free(now)) {
            pending.lease = Some(Lease { owner: write_id.to_owned(), until });
            mine.push(pending.id.clone());
        }
        self.seal = Some(self.sealed());
        mine
    }

    /// The hash of what neither the register's chain nor its fold covers: the envelope, the pending
    /// effects, and the last entry, which no later one holds. Without it a damaged byte there would
    /// go unseen.
    #[must_use]
    pub fn sealed(&self) -> Sha256 {
        let Self { schema, revision, write_id, id, pipeline, register, pending, .. } = self;
        let open = (schema, revision, write_id, id, pipeline, register.head(), pending);
        // All of it has a JSON form: it is stored as such.
        sha256(&serde_json::to_vec(&open).unwrap_or_default())
    }

    /// Whether nothing is open: the run is over and no effect is pending. So every job of it was
    /// seen to end, and no submission can come any more.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.state.phase.is_terminal() && self.pending.is_empty()
    }
}

/// A register that does not fold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// It does not begin with a trigger.
    #[error(transparent)]
    Begin(NotATrigger),
    /// An entry cannot follow those before it.
    #[error("entry {seq} cannot follow those before it")]
    Entry {
        /// The number of the entry.
        seq: u64,
        /// Why not.
        source: Rejection,
    },
}

#[cfg(test)]
mod tests;
