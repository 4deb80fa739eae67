//! SQS: standard queues with visibility, redrive and `SenderId`.
//!
//! A queue is a folder with its definition and a journal of its messages, which is ahead of every
//! answer. Visibility lives in memory alone.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;

use crate::ACCOUNT;
use crate::clock::Clock;
use crate::principals::Principal;
use crate::random;
use crate::wire::WireError;

mod api;
mod batch;
mod error;
mod input;
mod message;
mod queue;
mod spec;
#[cfg(test)]
mod tests;

pub(crate) use error::{error_type, query_error};
pub use message::{Attribute, Message};
use message::{Handle, Record};
pub use queue::Depth;
use queue::{Definition, Queue, later};
pub use spec::{QueueSpec, Redrive, arn};

/// The queues.
#[derive(Debug)]
pub struct Sqs {
    folder: PathBuf,
    clock: Clock,
    endpoint: String,
    queues: RwLock<BTreeMap<String, Arc<Queue>>>,
}

impl Sqs {
    /// Opens the queues below `dir`; `endpoint` is what queue URLs begin with, such as
    /// `http://127.0.0.1:4566`.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn open(dir: &Path, clock: Clock, endpoint: &str) -> io::Result<Arc<Self>> {
        fs::create_dir_all(dir)?;
        let mut queues = BTreeMap::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if let Some(queue) = Queue::open(&entry.path())? {
                queues.insert(entry.file_name().to_string_lossy().into_owned(), Arc::new(queue));
            }
        }
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        Ok(Arc::new(Self { folder: dir.to_owned(), clock, endpoint, queues: RwLock::new(queues) }))
    }

    /// Makes the queue, or gives the one of that name these settings.
    ///
    /// # Errors
    /// When the name is none, or the queue cannot be written.
    pub fn create_queue(&self, spec: QueueSpec) -> Result<(), WireError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if spec.name.is_empty() || spec.name.len() > 80 || !spec.name.chars().all(allowed) {
            return Err(error::invalid(
                "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
            ));
        }
        let now = self.clock.now();
        let mut queues = self.queues.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.get(&spec.name) {
            return queue.redefine(spec, now).map_err(WireError::internal);
        }
        let name = spec.name.clone();
        let definition = Definition { created: now, modified: now, spec };
        let queue =
            Queue::create(&self.folder.join(&name), definition).map_err(WireError::internal)?;
        queues.insert(name, Arc::new(queue));
        Ok(())
    }

    /// Puts a message on the queue and returns its id once it is on disk.
    ///
    /// # Errors
    /// When there is no such queue, or the message is too large or cannot be written.
    pub async fn send(
        &self,
        queue: &str,
        body: String,
        attributes: BTreeMap<String, Attribute>,
        sender: &Principal,
        delay: Duration,
    ) -> Result<String, WireError> {
        let system = BTreeMap::new();
        self.put(queue, Outgoing { body, attributes, system, delay: Some(delay) }, sender)
    }

    fn put(&self, queue: &str, message: Outgoing, sender: &Principal) -> Result<String, WireError> {
        let queue = self.queue(queue)?;
        let spec = queue.definition().spec;
        message.check(spec.largest)?;
        let now = self.clock.now();
        let mut system_attributes = message.system;
        system_attributes.insert("SenderId".to_owned(), sender.user_id.clone());
        let record = Record {
            id: random::uuid(),
            body: message.body,
            attributes: message.attributes,
            system_attributes,
            sent: now,
            due: later(now, message.delay.unwrap_or(spec.delay)),
            receive_count: 0,
            first_receive: None,
        };
        let id = record.id.clone();
        queue.put(record).map_err(WireError::internal)?;
        Ok(id)
    }

    /// Waits until the queue has a visible message, then receives up to `max` of them.
    ///
    /// # Errors
    /// When there is no such queue, or it cannot be read or written.
    pub async fn receive_wait(&self, queue: &str, max: usize) -> Result<Vec<Message>, WireError> {
        self.receive(queue, max.max(1), None, Timestamp::MAX).await
    }

    /// Receives what is visible, waiting for the first message until `deadline`.
    async fn receive(
        &self,
        name: &str,
        max: usize,
        visibility: Option<Duration>,
        deadline: Timestamp,
    ) -> Result<Vec<Message>, WireError> {
        let queue = self.queue(name)?;
        loop {
            let mut changed = std::pin::pin!(queue.changed());
            // From here on a change is not missed, though nobody waits yet.
            changed.as_mut().enable();
            let grave = self.grave(&queue);
            let limit = grave.as_ref().map(|(_, limit)| *limit);
            let received = queue
                .receive(self.clock.now(), max, visibility, limit)
                .map_err(WireError::internal)?;
            if let Some((grave, _)) = grave {
                self.bury(&queue, name, received.dead, &grave).map_err(WireError::internal)?;
            }
            if !received.messages.is_empty() || self.clock.now() >= deadline {
                return Ok(received.messages);
            }
            let until = received.next.map_or(deadline, |next| next.min(deadline));
            tokio::select! {
                () = changed => {}
                () = self.clock.until(until) => {}
            }
        }
    }

    /// The dead-letter queue and after how many receives a message goes there.
    fn grave(&self, queue: &Queue) -> Option<(Arc<Queue>, u32)> {
        let redrive = queue.definition().spec.redrive?;
        Some((self.queue(&redrive.dead_letter).ok()?, redrive.max_receive_count))
    }

    /// Moves messages to the dead-letter queue: first they are there, then they leave.
    fn bury(&self, queue: &Queue, name: &str, dead: Vec<Record>, grave: &Queue) -> io::Result<()> {
        for mut record in dead {
            let id = record.id.clone();
            record.due = self.clock.now();
            record.system_attributes.insert("DeadLetterQueueSourceArn".to_owned(), arn(name));
            grave.put(record)?;
            queue.moved(&id)?;
        }
        Ok(())
    }

    /// Deletes a received message; deleting twice is no error.
    ///
    /// # Errors
    /// When there is no such queue or the handle is none.
    pub async fn delete(&self, queue: &str, receipt_handle: &str) -> Result<(), WireError> {
        self.queue(queue)?.delete(Handle::read(receipt_handle)?).map_err(WireError::internal)
    }

    /// Hides a received message for `visibility` from now; zero shows it at once.
    ///
    /// # Errors
    /// When there is no such queue, or the message is not in flight.
    pub async fn change_visibility(
        &self,
        queue: &str,
        receipt_handle: &str,
        visibility: Duration,
    ) -> Result<(), WireError> {
        let handle = Handle::read(receipt_handle)?;
        self.queue(queue)?.change_visibility(self.clock.now(), handle, visibility)
    }

    /// How many messages the queue has.
    ///
    /// # Errors
    /// When there is no such queue.
    pub fn depth(&self, queue: &str) -> Result<Depth, WireError> {
        Ok(self.queue(queue)?.depth(self.clock.now()))
    }

    /// The queue's URL.
    #[must_use]
    pub fn url(&self, queue: &str) -> String {
        format!("{}/{ACCOUNT}/{queue}", self.endpoint)
    }

    fn queue(&self, name: &str) -> Result<Arc<Queue>, WireError> {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        queues.get(name).cloned().ok_or_else(|| error::no_such_queue(name))
    }
}

/// A message on its way in.
#[derive(Clone, Debug)]
struct Outgoing {
    body: String,
    attributes: BTreeMap<String, Attribute>,
    /// What the sender attaches for the service, such as `AWSTraceHeader`.
    system: BTreeMap<String, String>,
    /// `None` takes the queue's.
    delay: Option<Duration>,
}

impl Outgoing {
    fn size(&self) -> usize {
        message::size(&self.body, &self.attributes)
    }

    fn check(&self, largest: usize) -> Result<(), WireError> {
        if self.body.is_empty() {
            return Err(error::missing("MessageBody"));
        }
        if self.size() > largest {
            return Err(error::invalid(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {largest} bytes."
            )));
        }
        // What XML 1.0 cannot hold.
        let foreign = |c: char| {
            (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
        };
        if self.body.contains(foreign) {
            let message = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF";
            return Err(WireError::client("InvalidMessageContents", message));
        }
        if self.attributes.len() > 10 {
            return Err(error::invalid(
                "Number of message attributes exceeds the allowed maximum of 10.",
            ));
        }
        message::md5_of_attributes(&self.attributes).map(drop)
    }
}
