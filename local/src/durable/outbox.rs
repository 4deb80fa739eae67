//! Events that are written with the change they report, and put on the bus after it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::Tasks;
use crate::events::EventSink;

const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Documents that hold events not yet on the bus.
pub(crate) trait Pending: Send + Sync + 'static {
    /// The oldest event of the document `key` that is not yet on the bus.
    fn first(&self, key: &str) -> Option<Value>;

    /// Notes that the oldest event of `key` is on the bus.
    fn emitted(&self, key: &str);
}

/// Puts the events of each document on the bus, in order, each at least once.
pub(crate) struct Outbox {
    sink: Arc<dyn EventSink>,
    /// The documents that a task is looking after.
    busy: Mutex<HashSet<String>>,
}

impl Outbox {
    pub(crate) fn new(sink: Arc<dyn EventSink>) -> Self {
        Self { sink, busy: Mutex::default() }
    }

    /// Puts what `key` holds on the bus, in the background.
    pub(crate) fn flush<P: Pending>(
        self: &Arc<Self>,
        tasks: &Tasks,
        documents: Arc<P>,
        key: String,
    ) {
        if self.take(&key) {
            let outbox = Arc::clone(self);
            tasks.spawn(async move {
                loop {
                    outbox.drain(&*documents, &key).await;
                    outbox.leave(&key);
                    // An event that came between the last look and the leave has nobody else.
                    if documents.first(&key).is_none() || !outbox.take(&key) {
                        return;
                    }
                }
            });
        }
    }

    async fn drain<P: Pending>(&self, documents: &P, key: &str) {
        let mut wait = FIRST_WAIT;
        while let Some(event) = documents.first(key) {
            match self.sink.put(event).await {
                Ok(()) => {
                    documents.emitted(key);
                    wait = FIRST_WAIT;
                }
                Err(error) => {
                    tracing::warn!(key, error = format!("{error:#}"), "an event waits for the bus");
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
        }
    }

    fn take(&self, key: &str) -> bool {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned())
    }

    fn leave(&self, key: &str) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}
