//! The event bus.

use futures_util::future::BoxFuture;
use serde_json::Value;

/// Takes an EventBridge envelope; returns when every target that matches holds it durably.
pub trait EventSink: Send + Sync {
    /// Puts `event` on the bus.
    fn put(&self, event: Value) -> BoxFuture<'_, anyhow::Result<()>>;
}
