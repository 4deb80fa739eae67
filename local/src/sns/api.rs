//! The API of SNS: forms, here as flat objects.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

use super::{Sns, arn};
use crate::principals::Principal;
use crate::wire::{Answer, JsonService, WireError};

/// As much as a message may hold.
const LARGEST: usize = 256 * 1024;
/// As long as a subject may be.
const LONGEST_SUBJECT: usize = 100;

impl JsonService for Sns {
    fn call<'a>(
        &'a self,
        _: &'a Principal,
        operation: &'a str,
        body: Value,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let form = body.as_object().cloned().unwrap_or_default();
            match operation {
                "CreateTopic" => self.wire_create(&form),
                "ListTopics" => Ok(self.wire_list()),
                "Publish" => self.wire_publish(&form),
                other => Err(WireError::client(
                    "InvalidAction",
                    format!("the local engine has no operation `{other}` of SNS"),
                )),
            }
        })
    }
}

impl Sns {
    fn wire_create(&self, form: &Map<String, Value>) -> Answer {
        let name = field(form, "Name").unwrap_or_default();
        let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || name.len() > 256 || !name.chars().all(sound) {
            return Err(invalid("Topic Name"));
        }
        let arn = self.create(name).map_err(WireError::internal)?;
        Ok(json!({ "TopicArn": arn }))
    }

    fn wire_list(&self) -> Value {
        let state = self.lock();
        let topics: Vec<Value> =
            state.names.keys().map(|name| json!({ "TopicArn": arn(name) })).collect();
        json!({ "Topics": topics })
    }

    fn wire_publish(&self, form: &Map<String, Value>) -> Answer {
        let topic = field(form, "TopicArn").unwrap_or_default();
        let message = field(form, "Message").unwrap_or_default();
        let subject = field(form, "Subject");
        if message.is_empty() {
            return Err(invalid("Empty message"));
        }
        if message.len() > LARGEST {
            return Err(invalid("Message too long"));
        }
        if subject.is_some_and(|subject| !is_subject(subject)) {
            return Err(invalid("Subject"));
        }
        if !self.has(topic) {
            let message = "Topic does not exist".to_owned();
            return Err(WireError { status: 404, code: "NotFound".to_owned(), message });
        }
        let (subject, message) = (subject.map(str::to_owned), message.to_owned());
        let published = self.publish(topic, subject, message, attributes(form));
        Ok(json!({ "MessageId": published.map_err(WireError::internal)? }))
    }
}

fn field<'f>(form: &'f Map<String, Value>, name: &str) -> Option<&'f str> {
    form.get(name).and_then(Value::as_str)
}

/// One line of ASCII that begins with no blank.
fn is_subject(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_ascii_graphic());
    begins
        && text.len() <= LONGEST_SUBJECT
        && !text.contains(|c: char| !c.is_ascii() || c.is_control())
}

/// `MessageAttributes.entry.<n>.Name` and what belongs to it.
fn attributes(form: &Map<String, Value>) -> BTreeMap<String, String> {
    let named = form.iter().filter_map(|(key, name)| {
        let entry = key.strip_prefix("MessageAttributes.entry.")?.strip_suffix(".Name")?;
        let value = format!("MessageAttributes.entry.{entry}.Value.StringValue");
        Some((name.as_str()?.to_owned(), field(form, &value)?.to_owned()))
    });
    named.collect()
}

fn invalid(what: &str) -> WireError {
    WireError::client("InvalidParameter", format!("Invalid parameter: {what}"))
}
