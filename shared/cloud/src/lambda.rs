//! The Lambda shell: a batch of messages in, the failed ones out.
//!
//! A function is a [`Handler`]; everything that all of them share is here: messages of one document
//! are folded into one call, the others go on beside it, a panic costs one message, and one
//! function maps what went wrong to what becomes of the message ([`fate`]).

mod batch;
mod message;
mod queue;
mod remedy;
mod start;
pub mod telemetry;

use std::fmt;
use std::future::Future;

pub use batch::Shell;
pub use message::Message;
pub use queue::{Queue, REASON};
pub use remedy::{Fate, fate};
use signalbox_pipeline::names::EventId;
pub use start::{configure, serve, serve_schedule};

use crate::fault::{Fault, Malformed};

/// What one function does with the messages of its queue.
pub trait Handler: Send + Sync {
    /// The document that a message is about.
    type Key: Ord + Clone + fmt::Display + Send + Sync;
    /// What a message says.
    type Input: Clone + Send + Sync;

    /// Reads a message; pure.
    ///
    /// # Errors
    /// When it can never be read.
    fn parse(&self, message: &Message) -> Result<Parsed<Self::Key, Self::Input>, Malformed>;

    /// Carries all that a batch says about one document to its durable end.
    ///
    /// # Errors
    /// What to do about it decides what becomes of the messages; they share one fate.
    fn handle(
        &self,
        key: &Self::Key,
        inputs: Vec<Self::Input>,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// A message that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed<K, I> {
    /// It is about the document `key`.
    Ours {
        /// The document.
        key: K,
        /// The event that it carries.
        event: EventId,
        /// What it says.
        input: I,
    },
    /// It means nothing to us, for this reason.
    Ignored(String),
}

#[cfg(test)]
mod tests;
