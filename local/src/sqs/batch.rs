//! Up to ten operations in one request, of which each succeeds or fails alone.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::input::{OfReceipt, Send, name, parse};
use super::spec::LARGEST;
use super::{Outgoing, Sqs};
use crate::principals::Principal;
use crate::wire::{Answer, WireError};

/// The parameters of a batch; the entries are read one by one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    entries: Vec<Value>,
}

impl Batch {
    fn read(body: Value) -> Result<Self, WireError> {
        let batch: Self = parse(body)?;
        let mut ids = HashSet::new();
        for entry in &batch.entries {
            let id = entry["Id"].as_str().unwrap_or_default();
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if id.is_empty() || id.len() > 80 || !id.chars().all(allowed) {
                let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.";
                return Err(WireError::client("InvalidBatchEntryId", message));
            }
            if !ids.insert(id) {
                return Err(WireError::client(
                    "BatchEntryIdsNotDistinct",
                    format!("Id {id} repeated."),
                ));
            }
        }
        match batch.entries.len() {
            0 => Err(WireError::client(
                "EmptyBatchRequest",
                "There should be at least one entry in the request.",
            )),
            1..=10 => Ok(batch),
            more => Err(WireError::client(
                "TooManyEntriesInBatchRequest",
                format!("Maximum number of entries per request are 10. You have sent {more}."),
            )),
        }
    }
}

/// What became of the entries.
#[derive(Debug, Default)]
struct Outcome {
    successful: Vec<Value>,
    failed: Vec<Value>,
}

impl Outcome {
    fn add(&mut self, id: &str, result: Result<Map<String, Value>, WireError>) {
        match result {
            Ok(mut answer) => {
                answer.insert("Id".to_owned(), id.into());
                self.successful.push(Value::Object(answer));
            }
            Err(error) => self.failed.push(json!({
                "Id": id,
                "SenderFault": error.status < 500,
                "Code": error.code,
                "Message": error.message,
            })),
        }
    }

    fn answer(self) -> Value {
        json!({ "Successful": self.successful, "Failed": self.failed })
    }
}

/// An entry's id; that it has one was checked.
fn id(entry: &Value) -> String {
    entry["Id"].as_str().unwrap_or_default().to_owned()
}

impl Sqs {
    pub(super) fn wire_send_batch(&self, body: Value, caller: &Principal) -> Answer {
        let batch = Batch::read(body)?;
        let queue = name(&batch.queue_url)?;
        self.queue(queue)?;
        let read = |entry: Value| (id(&entry), parse::<Send>(entry).and_then(Send::outgoing));
        let messages: Vec<(String, Result<Outgoing, WireError>)> =
            batch.entries.into_iter().map(read).collect();
        let size: usize =
            messages.iter().filter_map(|(_, message)| Some(message.as_ref().ok()?.size())).sum();
        if size > LARGEST {
            let message = format!(
                "Batch requests cannot be longer than {LARGEST} bytes. You have sent {size} bytes."
            );
            return Err(WireError::client("BatchRequestTooLong", message));
        }
        let mut outcome = Outcome::default();
        for (id, message) in messages {
            outcome
                .add(&id, message.and_then(|message| self.send_outgoing(queue, message, caller)));
        }
        Ok(outcome.answer())
    }

    pub(super) async fn wire_delete_batch(&self, body: Value) -> Answer {
        let batch = Batch::read(body)?;
        let queue = name(&batch.queue_url)?;
        self.queue(queue)?;
        let mut outcome = Outcome::default();
        for entry in batch.entries {
            let id = id(&entry);
            let result = async {
                let entry: OfReceipt = parse(entry)?;
                self.delete(queue, &entry.receipt_handle).await
            };
            outcome.add(&id, result.await.map(|()| Map::new()));
        }
        Ok(outcome.answer())
    }

    pub(super) async fn wire_change_visibility_batch(&self, body: Value) -> Answer {
        let batch = Batch::read(body)?;
        let queue = name(&batch.queue_url)?;
        self.queue(queue)?;
        let mut outcome = Outcome::default();
        for entry in batch.entries {
            let id = id(&entry);
            let result = async {
                let entry: OfReceipt = parse(entry)?;
                self.change_visibility(queue, &entry.receipt_handle, entry.visibility()?).await
            };
            outcome.add(&id, result.await.map(|()| Map::new()));
        }
        Ok(outcome.answer())
    }
}
