//! One queue: its messages on disk and in memory, and who waits for them.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::message::{Handle, Message, Record};
use super::spec::QueueSpec;
use crate::durable::{Journal, write_json};
use crate::wire::WireError;

/// What `queue.json` holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Definition {
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
    pub(super) spec: QueueSpec,
}

/// A queue.
#[derive(Debug)]
pub(super) struct Queue {
    folder: PathBuf,
    state: Mutex<State>,
    /// Told whenever a message may have become visible sooner than a waiter thought.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    definition: Definition,
    /// The messages on disk, by their ids.
    journal: Journal,
    messages: HashMap<String, Held>,
    /// Every message by when it is visible; the oldest first.
    order: BTreeSet<(Timestamp, String)>,
}

/// A message and when it is visible. That is not written down: whoever received a message from an
/// engine that died has most likely died with it.
#[derive(Debug)]
struct Held {
    record: Record,
    visible: Timestamp,
}

/// How many messages a queue has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Ready to be received.
    pub visible: usize,
    /// Received and not yet deleted.
    pub in_flight: usize,
    /// Not yet due for their first receive.
    pub delayed: usize,
}

/// What a receive found.
#[derive(Debug, Default)]
pub(super) struct Received {
    pub(super) messages: Vec<Message>,
    /// Messages that were received too often, out of the queue's memory but still on its disk.
    pub(super) dead: Vec<Record>,
    /// When the next message will be visible.
    pub(super) next: Option<Timestamp>,
}

impl Queue {
    pub(super) fn create(folder: &Path, definition: Definition) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        write_json(&folder.join("queue.json"), &definition)?;
        Self::with_messages(folder, definition)
    }

    /// Opens the queue in `folder`, or `None` when a crash left it half made.
    pub(super) fn open(folder: &Path) -> io::Result<Option<Self>> {
        let definition: Definition = match fs::read(folder.join("queue.json")) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Self::with_messages(folder, definition).map(Some)
    }

    fn with_messages(folder: &Path, definition: Definition) -> io::Result<Self> {
        let (journal, records) = Journal::open::<Record>(&folder.join("messages.jsonl"))?;
        let (messages, order) = (HashMap::new(), BTreeSet::new());
        let mut state = State { definition, journal, messages, order };
        for record in records.into_values() {
            let visible = record.due;
            state.hold(record, visible);
        }
        let (folder, changed) = (folder.to_owned(), Notify::new());
        Ok(Self { folder, state: Mutex::new(state), changed })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn definition(&self) -> Definition {
        self.state().definition.clone()
    }

    pub(super) fn redefine(&self, spec: QueueSpec, now: Timestamp) -> io::Result<()> {
        let mut state = self.state();
        if state.definition.spec == spec {
            return Ok(());
        }
        let definition = Definition { modified: now, spec, ..state.definition.clone() };
        write_json(&self.folder.join("queue.json"), &definition)?;
        state.definition = definition;
        Ok(())
    }

    /// Keeps a message: it is on disk when this returns.
    pub(super) fn put(&self, record: Record) -> io::Result<()> {
        let mut state = self.state();
        state.journal.put(&record.id, &record)?;
        let visible = record.due;
        state.hold(record, visible);
        drop(state);
        self.changed.notify_waiters();
        Ok(())
    }

    /// Receives up to `max` messages that are visible, and hides them for `visibility`. With `limit`
    /// a message that was received so often is dead.
    pub(super) fn receive(
        &self,
        now: Timestamp,
        max: usize,
        visibility: Option<Duration>,
        limit: Option<u32>,
    ) -> io::Result<Received> {
        let mut received = Received::default();
        let mut state = self.state();
        let spec = &state.definition.spec;
        let retention = spec.retention;
        let hidden = later(now, visibility.unwrap_or(spec.visibility));
        while received.messages.len() < max {
            let Some((visible, id)) = state.order.first().cloned() else { break };
            if visible > now {
                received.next = Some(visible);
                break;
            }
            let Some(mut held) = state.release(&id) else { continue };
            if later(held.record.sent, retention) <= now {
                state.journal.remove(&id)?;
                continue;
            }
            if limit.is_some_and(|limit| held.record.receive_count >= limit) {
                received.dead.push(held.record);
                continue;
            }
            held.record.receive_count += 1;
            held.record.first_receive.get_or_insert(now);
            // Best effort: without it the count starts again where it was.
            if let Err(error) = state.journal.put(&id, &held.record) {
                tracing::warn!(message = id, %error, "a message's receive count was not kept");
            }
            received.messages.push(held.record.received());
            // With no visibility at all it is visible again, but not twice in one answer.
            state.hold(held.record, hidden.max(later(now, Duration::from_nanos(1))));
        }
        Ok(received)
    }

    /// Waits for `changed` from before the look that found nothing.
    pub(super) fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }

    /// Deletes the message of this receive; one that was received again since stays.
    pub(super) fn delete(&self, handle: Handle<'_>) -> io::Result<()> {
        let mut state = self.state();
        let current = state
            .messages
            .get(handle.id)
            .is_some_and(|held| held.record.receive_count == handle.receive);
        if current {
            state.journal.remove(handle.id)?;
            state.release(handle.id);
        }
        Ok(())
    }

    /// Forgets a message that has moved to another queue.
    pub(super) fn moved(&self, id: &str) -> io::Result<()> {
        self.state().journal.remove(id)
    }

    pub(super) fn change_visibility(
        &self,
        now: Timestamp,
        handle: Handle<'_>,
        visibility: Duration,
    ) -> Result<(), WireError> {
        let mut state = self.state();
        let Some(held) = state.messages.get(handle.id) else {
            return Err(super::error::invalid(
                "Message does not exist or is not available for visibility timeout change.",
            ));
        };
        if held.visible <= now || held.record.receive_count != handle.receive {
            let message = "The specified message isn't in flight.";
            return Err(WireError::client("MessageNotInflight", message));
        }
        if let Some(held) = state.release(handle.id) {
            state.hold(held.record, later(now, visibility));
        }
        drop(state);
        self.changed.notify_waiters();
        Ok(())
    }

    pub(super) fn purge(&self) -> io::Result<()> {
        let mut state = self.state();
        let State { journal, messages, .. } = &mut *state;
        for id in messages.keys() {
            journal.remove(id)?;
        }
        state.messages.clear();
        state.order.clear();
        Ok(())
    }

    /// Removes the queue with all its messages.
    pub(super) fn destroy(&self) -> io::Result<()> {
        // Without its definition the queue is gone, whatever happens next.
        fs::remove_file(self.folder.join("queue.json"))?;
        fs::remove_dir_all(&self.folder)
    }

    pub(super) fn depth(&self, now: Timestamp) -> Depth {
        let mut depth = Depth::default();
        for held in self.state().messages.values() {
            match held.visible <= now {
                true => depth.visible += 1,
                false if held.record.receive_count == 0 => depth.delayed += 1,
                false => depth.in_flight += 1,
            }
        }
        depth
    }
}

impl State {
    fn hold(&mut self, record: Record, visible: Timestamp) {
        self.release(&record.id);
        self.order.insert((visible, record.id.clone()));
        self.messages.insert(record.id.clone(), Held { record, visible });
    }

    fn release(&mut self, id: &str) -> Option<Held> {
        let held = self.messages.remove(id)?;
        self.order.remove(&(held.visible, id.to_owned()));
        Some(held)
    }
}

/// `from` and `by` later, or as late as can be.
pub(super) fn later(from: Timestamp, by: Duration) -> Timestamp {
    from.saturating_add(by).unwrap_or(Timestamp::MAX)
}
