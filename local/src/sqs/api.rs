//! The operations of SQS, as its JSON protocol names them.

use std::sync::PoisonError;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::error::invalid;
use super::input::{OfQueue, OfReceipt, Receive, Send, name, parse, visibility};
use super::message::{Message, md5_of_attributes, md5_of_body};
use super::queue::later;
use super::{Outgoing, QueueSpec, Sqs};
use crate::principals::Principal;
use crate::wire::{Answer, JsonService, WireError};

impl JsonService for Sqs {
    fn call<'a>(
        &'a self,
        caller: &'a Principal,
        operation: &'a str,
        body: Value,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            match operation {
                "CreateQueue" => self.wire_create(&parse(body)?),
                "GetQueueUrl" => self.wire_url(&parse(body)?),
                "ListQueues" => Ok(self.wire_list(&parse(body)?)),
                "DeleteQueue" => self.wire_destroy(&parse(body)?),
                "PurgeQueue" => self.wire_purge(&parse(body)?),
                "GetQueueAttributes" => self.wire_attributes(&parse(body)?),
                "SetQueueAttributes" => self.wire_set_attributes(&parse(body)?),
                "SendMessage" => self.wire_send(parse(body)?, caller),
                "SendMessageBatch" => self.wire_send_batch(body, caller),
                "ReceiveMessage" => self.wire_receive(parse(body)?).await,
                "DeleteMessage" => self.wire_delete(&parse(body)?).await,
                "DeleteMessageBatch" => self.wire_delete_batch(body).await,
                "ChangeMessageVisibility" => self.wire_change_visibility(&parse(body)?).await,
                "ChangeMessageVisibilityBatch" => self.wire_change_visibility_batch(body).await,
                _ => Err(WireError::client(
                    "UnsupportedOperation",
                    format!("The engine's SQS does not know {operation}."),
                )),
            }
        })
    }
}

impl Sqs {
    fn wire_create(&self, input: &OfQueue) -> Answer {
        let mut spec = QueueSpec::new(&input.queue_name);
        for (name, value) in &input.attributes {
            spec.set(name, value)?;
        }
        match self.queue(&input.queue_name) {
            Ok(known) => {
                let shown = known.definition().spec.attributes();
                let asked = spec.attributes();
                if input.attributes.keys().any(|name| shown.get(name) != asked.get(name)) {
                    let message = "A queue already exists with the same name and a different value for an attribute.";
                    return Err(WireError::client("QueueNameExists", message));
                }
            }
            Err(_) => self.create_queue(spec)?,
        }
        Ok(json!({ "QueueUrl": self.url(&input.queue_name) }))
    }

    fn wire_url(&self, input: &OfQueue) -> Answer {
        self.queue(&input.queue_name)?;
        Ok(json!({ "QueueUrl": self.url(&input.queue_name) }))
    }

    fn wire_list(&self, input: &OfQueue) -> Value {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        let names = queues.keys().filter(|name| name.starts_with(&input.queue_name_prefix));
        let urls: Vec<String> = names.map(|name| self.url(name)).collect();
        json!({ "QueueUrls": urls })
    }

    fn wire_destroy(&self, input: &OfQueue) -> Answer {
        let name = name(&input.queue_url)?;
        let mut queues = self.queues.write().unwrap_or_else(PoisonError::into_inner);
        let queue = queues.get(name).ok_or_else(|| super::error::no_such_queue(name))?;
        queue.destroy().map_err(WireError::internal)?;
        queues.remove(name);
        Ok(json!({}))
    }

    fn wire_purge(&self, input: &OfQueue) -> Answer {
        self.queue(name(&input.queue_url)?)?.purge().map_err(WireError::internal)?;
        Ok(json!({}))
    }

    fn wire_attributes(&self, input: &OfQueue) -> Answer {
        let queue = self.queue(name(&input.queue_url)?)?;
        let definition = queue.definition();
        let depth = queue.depth(self.clock.now());
        let mut shown = definition.spec.attributes();
        for (name, value) in [
            ("ApproximateNumberOfMessages", depth.visible.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", depth.in_flight.to_string()),
            ("ApproximateNumberOfMessagesDelayed", depth.delayed.to_string()),
            ("CreatedTimestamp", definition.created.as_second().to_string()),
            ("LastModifiedTimestamp", definition.modified.as_second().to_string()),
        ] {
            shown.insert(name.to_owned(), value);
        }
        shown.retain(|name, _| wanted(name, &input.attribute_names));
        Ok(json!({ "Attributes": shown }))
    }

    fn wire_set_attributes(&self, input: &OfQueue) -> Answer {
        let queue = self.queue(name(&input.queue_url)?)?;
        let mut spec = queue.definition().spec;
        for (name, value) in &input.attributes {
            spec.set(name, value)?;
        }
        queue.redefine(spec, self.clock.now()).map_err(WireError::internal)?;
        Ok(json!({}))
    }

    fn wire_send(&self, input: Send, caller: &Principal) -> Answer {
        let url = input.queue_url.clone();
        self.send_outgoing(name(&url)?, input.outgoing()?, caller).map(Value::Object)
    }

    /// Sends a message and says what was sent, as its sender can check.
    pub(super) fn send_outgoing(
        &self,
        queue: &str,
        message: Outgoing,
        caller: &Principal,
    ) -> Result<Map<String, Value>, WireError> {
        let mut answer = Map::new();
        answer.insert("MD5OfMessageBody".to_owned(), md5_of_body(&message.body).into());
        if let Some(md5) = md5_of_attributes(&message.attributes)? {
            answer.insert("MD5OfMessageAttributes".to_owned(), md5.into());
        }
        let id = self.put(queue, message, caller)?;
        answer.insert("MessageId".to_owned(), id.into());
        Ok(answer)
    }

    async fn wire_receive(&self, input: Receive) -> Answer {
        let queue = name(&input.queue_url)?;
        let max = input.max_number_of_messages.unwrap_or(1);
        if !(1..=10).contains(&max) {
            return Err(invalid("MaxNumberOfMessages must be between 1 and 10, if provided."));
        }
        if input.wait_time_seconds.is_some_and(|seconds| seconds > 20) {
            return Err(invalid("WaitTimeSeconds must be >= 0 and <= 20, if provided."));
        }
        let wait = match input.wait_time_seconds {
            Some(seconds) => Duration::from_secs(seconds),
            None => self.queue(queue)?.definition().spec.wait,
        };
        let hidden = input.visibility_timeout.map(visibility).transpose()?;
        let deadline: Timestamp = later(self.clock.now(), wait);
        let messages = self.receive(queue, max, hidden, deadline).await?;
        let shown: Result<Vec<Value>, WireError> =
            messages.into_iter().map(|message| show(message, &input)).collect();
        let shown = shown?;
        Ok(if shown.is_empty() { json!({}) } else { json!({ "Messages": shown }) })
    }

    async fn wire_delete(&self, input: &OfReceipt) -> Answer {
        self.delete(name(&input.queue_url)?, &input.receipt_handle).await?;
        Ok(json!({}))
    }

    async fn wire_change_visibility(&self, input: &OfReceipt) -> Answer {
        let visibility = input.visibility()?;
        self.change_visibility(name(&input.queue_url)?, &input.receipt_handle, visibility).await?;
        Ok(json!({}))
    }
}

/// A message with what its receiver asked for.
fn show(mut message: Message, input: &Receive) -> Answer {
    message.system_attributes.retain(|name, _| {
        wanted(name, &input.attribute_names) || wanted(name, &input.message_system_attribute_names)
    });
    message.attributes.retain(|name, _| wanted(name, &input.message_attribute_names));
    let mut shown = json!({
        "MessageId": message.id,
        "ReceiptHandle": message.receipt_handle,
        "MD5OfBody": message.md5_of_body,
        "Body": message.body,
    });
    if !message.system_attributes.is_empty() {
        shown["Attributes"] = json!(message.system_attributes);
    }
    if let Some(md5) = md5_of_attributes(&message.attributes)? {
        shown["MD5OfMessageAttributes"] = md5.into();
        let attributes = message.attributes.into_iter().map(|(name, attribute)| {
            let field = if attribute.is_binary() { "BinaryValue" } else { "StringValue" };
            (name, json!({ "DataType": attribute.data_type, field: attribute.value }))
        });
        shown["MessageAttributes"] = Value::Object(attributes.collect());
    }
    Ok(shown)
}

/// Whether `name` is among those asked for, by name, by `All` or by a prefix such as `trace.*`.
fn wanted(name: &str, asked: &[String]) -> bool {
    asked.iter().any(|asked| match asked.strip_suffix(".*") {
        Some(prefix) => name.starts_with(prefix),
        None => asked == "All" || asked == name,
    })
}
