//! What a function is given, and how its answer to a batch is read.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::events::envelope;
use crate::sqs::{Attribute, Message};
use crate::template::{Schedule, queue_arn};
use crate::{ACCOUNT, REGION};

/// The event of a batch of messages.
#[must_use]
pub fn batch(queue: &str, messages: &[Message]) -> Value {
    let arn = queue_arn(queue);
    let records: Vec<Value> = messages.iter().map(|message| record(&arn, message)).collect();
    json!({ "Records": records })
}

fn record(arn: &str, message: &Message) -> Value {
    let attributes: Map<String, Value> =
        message.attributes.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
    json!({
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": message.system_attributes,
        "messageAttributes": attributes,
        "md5OfBody": message.md5_of_body,
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    })
}

fn attribute(attribute: &Attribute) -> Value {
    let value =
        if attribute.data_type.starts_with("Binary") { "binaryValue" } else { "stringValue" };
    json!({
        value: attribute.value,
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": attribute.data_type,
    })
}

/// The event of a schedule: its own input, or what EventBridge Scheduler sends without one.
#[must_use]
pub fn scheduled(schedule: &Schedule, at: Timestamp) -> Value {
    if let Some(input) = &schedule.input {
        return serde_json::from_str(input).unwrap_or_else(|_| Value::String(input.clone()));
    }
    let arn = format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{}", schedule.name);
    envelope("aws.scheduler", "Scheduled Event", at, &[&arn], &json!("{}"))
}

/// The messages that the function reports as failed; all others are done with.
///
/// # Errors
/// What is wrong with the answer, which makes the whole batch fail: text that is no JSON, an item
/// without `itemIdentifier` or with an empty one, or one that names no message of the batch.
pub fn failed<'m>(answer: &[u8], messages: &'m [Message]) -> Result<BTreeSet<&'m str>, String> {
    if answer.is_empty() {
        return Ok(BTreeSet::new());
    }
    let answer: Value =
        serde_json::from_slice(answer).map_err(|error| format!("it is no JSON ({error})"))?;
    let items = match answer.get("batchItemFailures") {
        None | Some(Value::Null) => return Ok(BTreeSet::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err("`batchItemFailures` is no list".to_owned()),
    };
    let mut failed = BTreeSet::new();
    for item in items {
        let id = match item.get("itemIdentifier").and_then(Value::as_str) {
            None | Some("") => return Err(format!("{item} has no `itemIdentifier`")),
            Some(id) => id,
        };
        match messages.iter().find(|message| message.id == id) {
            Some(message) => failed.insert(message.id.as_str()),
            None => return Err(format!("`{id}` is no message of the batch")),
        };
    }
    Ok(failed)
}
