//! The event bus: rules read from the template route events to queues.

use futures_util::future::BoxFuture;
use serde_json::Value;

mod bus;
mod envelope;
mod knobs;
mod mailbox;
mod nearest;
mod pattern;
mod pending;
#[cfg(test)]
mod tests;

pub use bus::Bus;
pub(crate) use envelope::envelope;
pub use knobs::Knobs;
pub use mailbox::{Mailbox, QueueMailbox};
pub use pattern::{Mismatch, Pattern, PatternError};

/// Takes an EventBridge envelope; returns when every target that matches holds it durably.
pub trait EventSink: Send + Sync {
    /// Puts `event` on the bus.
    fn put(&self, event: Value) -> BoxFuture<'_, anyhow::Result<()>>;
}
