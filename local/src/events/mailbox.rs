//! Where a rule's targets are reached.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::principals::Principal;
use crate::sqs::Sqs;

/// Puts a message on a queue, durably.
pub trait Mailbox: Send + Sync {
    /// Returns when the queue of that name holds `body`.
    fn send<'a>(&'a self, queue: &'a str, body: String) -> BoxFuture<'a, anyhow::Result<()>>;
}

/// The queues of the engine, in the name of the events service.
pub struct QueueMailbox {
    /// The queues.
    pub sqs: Arc<Sqs>,
    /// Who sends.
    pub sender: Principal,
}

impl Mailbox for QueueMailbox {
    fn send<'a>(&'a self, queue: &'a str, body: String) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            let attributes = BTreeMap::new();
            self.sqs.send(queue, body, attributes, &self.sender, Duration::ZERO).await?;
            Ok(())
        })
    }
}
