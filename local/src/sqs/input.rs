//! The parameters of SQS's operations.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Outgoing;
use super::error::{invalid, missing};
use super::message::Attribute;
use crate::wire::WireError;

/// Reads an operation's parameters.
pub(super) fn parse<T: DeserializeOwned>(body: Value) -> Result<T, WireError> {
    serde_json::from_value(body)
        .map_err(|error| WireError::client("SerializationException", error.to_string()))
}

/// What most operations begin with: the queue.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct OfQueue {
    pub(super) queue_url: String,
    pub(super) queue_name: String,
    pub(super) queue_name_prefix: String,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) attribute_names: Vec<String>,
}

/// A queue's name from its URL.
pub(super) fn name(url: &str) -> Result<&str, WireError> {
    match url.rsplit('/').next() {
        Some(name) if !name.is_empty() => Ok(name),
        _ => Err(missing("QueueUrl")),
    }
}

/// The parameters of sending a message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Send {
    #[serde(default)]
    pub(super) queue_url: String,
    #[serde(default)]
    message_body: String,
    delay_seconds: Option<u64>,
    #[serde(default)]
    message_attributes: BTreeMap<String, WireAttribute>,
    #[serde(default)]
    message_system_attributes: BTreeMap<String, WireAttribute>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireAttribute {
    data_type: String,
    string_value: Option<String>,
    binary_value: Option<String>,
}

impl WireAttribute {
    fn read(self, name: &str) -> Result<Attribute, WireError> {
        let (kind, _label) = self.data_type.split_once('.').unwrap_or((&self.data_type, ""));
        let value = match kind {
            "String" | "Number" => self.string_value,
            "Binary" => self.binary_value,
            _ => None,
        };
        let value = value.filter(|value| !value.is_empty());
        let lacking =
            || invalid(format!("The message attribute {name} needs a type and a value that fits."));
        Ok(Attribute { value: value.ok_or_else(lacking)?, data_type: self.data_type })
    }
}

impl Send {
    /// The message, with its attributes checked.
    pub(super) fn outgoing(self) -> Result<Outgoing, WireError> {
        if self.delay_seconds.is_some_and(|delay| delay > 900) {
            return Err(invalid("DelaySeconds must be >= 0 and <= 900."));
        }
        let read = |(name, attribute): (String, WireAttribute)| {
            let attribute = attribute.read(&name)?;
            Ok::<_, WireError>((name, attribute))
        };
        let system = self.message_system_attributes.into_iter().map(read);
        let system = system.map(|one| one.map(|(name, attribute)| (name, attribute.value)));
        Ok(Outgoing {
            body: self.message_body,
            attributes: self.message_attributes.into_iter().map(read).collect::<Result<_, _>>()?,
            system: system.collect::<Result<_, _>>()?,
            delay: self.delay_seconds.map(Duration::from_secs),
        })
    }
}

/// The parameters of receiving.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Receive {
    #[serde(default)]
    pub(super) queue_url: String,
    pub(super) max_number_of_messages: Option<usize>,
    pub(super) visibility_timeout: Option<u64>,
    pub(super) wait_time_seconds: Option<u64>,
    #[serde(default)]
    pub(super) attribute_names: Vec<String>,
    #[serde(default)]
    pub(super) message_system_attribute_names: Vec<String>,
    #[serde(default)]
    pub(super) message_attribute_names: Vec<String>,
}

/// The parameters of what is done to a received message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfReceipt {
    #[serde(default)]
    pub(super) queue_url: String,
    #[serde(default)]
    pub(super) receipt_handle: String,
    pub(super) visibility_timeout: Option<u64>,
}

impl OfReceipt {
    pub(super) fn visibility(&self) -> Result<Duration, WireError> {
        match self.visibility_timeout {
            None => Err(missing("VisibilityTimeout")),
            Some(seconds) => visibility(seconds),
        }
    }
}

/// How long a message may be hidden.
pub(super) fn visibility(seconds: u64) -> Result<Duration, WireError> {
    if seconds > 43_200 {
        return Err(invalid("VisibilityTimeout must be >= 0 and <= 43200."));
    }
    Ok(Duration::from_secs(seconds))
}
