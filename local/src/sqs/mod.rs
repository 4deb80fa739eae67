//! SQS: standard queues with visibility, redrive and `SenderId`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::clock::Clock;
use crate::principals::Principal;
use crate::wire::{Answer, JsonService, WireError};

/// What a queue is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct QueueSpec {
    /// Its name.
    pub name: String,
    /// How long a received message stays hidden.
    pub visibility: Duration,
    /// How long a message is kept.
    pub retention: Duration,
    /// Where messages go that were received too often.
    pub redrive: Option<Redrive>,
}

impl QueueSpec {
    /// A queue with the settings that AWS gives when none are named: 30 seconds hidden, kept for four days.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            visibility: Duration::from_secs(30),
            retention: Duration::from_secs(4 * 24 * 3600),
            redrive: None,
        }
    }
}

/// When a message leaves for the dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Redrive {
    /// The dead-letter queue's name.
    pub dead_letter: String,
    /// After so many receives.
    pub max_receive_count: u32,
}

/// A message attribute.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Attribute {
    /// `String`, `Number` or `Binary`, with an optional `.label`.
    pub data_type: String,
    /// The value; of a `Binary` in base64, as on the wire.
    pub value: String,
}

/// A message as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The message's id.
    pub id: String,
    /// What deletes it or changes its visibility.
    pub receipt_handle: String,
    /// Its body.
    pub body: String,
    /// `SenderId`, `SentTimestamp`, `ApproximateReceiveCount`, `ApproximateFirstReceiveTimestamp`.
    pub system_attributes: BTreeMap<String, String>,
    /// What the sender attached.
    pub attributes: BTreeMap<String, Attribute>,
    /// MD5 of the body, in hex.
    pub md5_of_body: String,
}

/// The queues.
#[derive(Debug)]
pub struct Sqs {}

impl Sqs {
    /// Opens the queues below `dir`; `endpoint` is what queue URLs begin with, such as `http://127.0.0.1:4566`.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn open(_dir: &Path, _clock: Clock, _endpoint: &str) -> std::io::Result<Arc<Self>> {
        Ok(Arc::new(Self {}))
    }

    /// Makes the queue, or gives the one of that name these settings.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create_queue(&self, _spec: QueueSpec) -> Result<(), WireError> {
        Ok(())
    }

    /// Puts a message on the queue and returns its id once it is on disk.
    ///
    /// # Errors
    /// When there is no such queue, or the message is too large or cannot be written.
    pub async fn send(
        &self,
        _queue: &str,
        _body: String,
        _attributes: BTreeMap<String, Attribute>,
        _sender: &Principal,
        _delay: Duration,
    ) -> Result<String, WireError> {
        Ok(String::new())
    }

    /// Waits until the queue has a visible message, then receives up to `max` of them.
    ///
    /// # Errors
    /// When there is no such queue.
    pub async fn receive_wait(&self, _queue: &str, _max: usize) -> Result<Vec<Message>, WireError> {
        Ok(Vec::new())
    }

    /// Deletes a received message; deleting twice is no error.
    ///
    /// # Errors
    /// When there is no such queue or the handle is none.
    pub async fn delete(&self, _queue: &str, _receipt_handle: &str) -> Result<(), WireError> {
        Ok(())
    }

    /// Hides a received message for `visibility` from now; zero shows it at once.
    ///
    /// # Errors
    /// When there is no such queue or message.
    pub async fn change_visibility(
        &self,
        _queue: &str,
        _receipt_handle: &str,
        _visibility: Duration,
    ) -> Result<(), WireError> {
        Ok(())
    }
}

impl JsonService for Sqs {
    fn call<'a>(&'a self, _: &'a Principal, operation: &'a str, _: Value) -> BoxFuture<'a, Answer> {
        let error = WireError::client("UnsupportedOperation", operation);
        Box::pin(async { Err(error) })
    }
}
