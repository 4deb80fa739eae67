//! Messages, as they are kept and as they are received.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::error::invalid;
use crate::wire::WireError;

/// A message attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// `String`, `Number` or `Binary`, with an optional `.label`.
    pub data_type: String,
    /// The value; of a `Binary` in base64, as on the wire.
    pub value: String,
}

impl Attribute {
    /// An attribute with text.
    #[must_use]
    pub fn string(value: impl Into<String>) -> Self {
        Self { data_type: "String".to_owned(), value: value.into() }
    }

    /// Whether the value is base64 for bytes.
    pub(super) fn is_binary(&self) -> bool {
        self.data_type.starts_with("Binary")
    }

    fn bytes(&self) -> Result<Vec<u8>, WireError> {
        if self.is_binary() {
            let malformed =
                |error| invalid(format!("A binary attribute is not in base64: {error}"));
            return BASE64_STANDARD.decode(&self.value).map_err(malformed);
        }
        Ok(self.value.clone().into_bytes())
    }
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

/// A message as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) body: String,
    #[serde(default)]
    pub(super) attributes: BTreeMap<String, Attribute>,
    /// `SenderId` and what else the service attaches when a message is sent.
    pub(super) system_attributes: BTreeMap<String, String>,
    pub(super) sent: Timestamp,
    /// When it can be received for the first time.
    pub(super) due: Timestamp,
    pub(super) receive_count: u32,
    pub(super) first_receive: Option<Timestamp>,
}

impl Record {
    /// The message as its receiver sees it.
    pub(super) fn received(&self) -> Message {
        let mut system_attributes = self.system_attributes.clone();
        let mut show = |name: &str, value: String| system_attributes.insert(name.to_owned(), value);
        show("SentTimestamp", self.sent.as_millisecond().to_string());
        show("ApproximateReceiveCount", self.receive_count.to_string());
        if let Some(first) = self.first_receive {
            show("ApproximateFirstReceiveTimestamp", first.as_millisecond().to_string());
        }
        Message {
            id: self.id.clone(),
            receipt_handle: Handle { id: &self.id, receive: self.receive_count }.write(),
            body: self.body.clone(),
            system_attributes,
            attributes: self.attributes.clone(),
            md5_of_body: md5_of_body(&self.body),
        }
    }
}

/// A receipt handle: which message, and which of its receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Handle<'a> {
    pub(super) id: &'a str,
    pub(super) receive: u32,
}

impl<'a> Handle<'a> {
    pub(super) fn read(handle: &'a str) -> Result<Self, WireError> {
        let parts =
            handle.rsplit_once('.').and_then(|(id, receive)| Some((id, receive.parse().ok()?)));
        let foreign = || {
            let message =
                format!("The input receipt handle {handle:?} is not a valid receipt handle.");
            WireError { status: 404, ..WireError::client("ReceiptHandleIsInvalid", message) }
        };
        parts
            .filter(|(id, _)| id.len() == 36)
            .map(|(id, receive)| Self { id, receive })
            .ok_or_else(foreign)
    }

    fn write(self) -> String {
        format!("{}.{}", self.id, self.receive)
    }
}

/// MD5 of a body, in hex.
pub(super) fn md5_of_body(body: &str) -> String {
    hex::encode(Md5::digest(body))
}

/// MD5 of the attributes as AWS takes it, over names, types and values with their lengths, in hex.
pub(super) fn md5_of_attributes<'a>(
    attributes: impl IntoIterator<Item = (&'a String, &'a Attribute)>,
) -> Result<Option<String>, WireError> {
    let mut md5 = None;
    for (name, attribute) in attributes {
        let md5 = md5.get_or_insert_with(Md5::new);
        with_length(md5, name.as_bytes());
        with_length(md5, attribute.data_type.as_bytes());
        md5.update([if attribute.is_binary() { 2 } else { 1 }]);
        with_length(md5, &attribute.bytes()?);
    }
    Ok(md5.map(|md5| hex::encode(md5.finalize())))
}

fn with_length(md5: &mut Md5, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    md5.update(length.to_be_bytes());
    md5.update(bytes);
}

/// How many bytes count against the limit.
pub(super) fn size(body: &str, attributes: &BTreeMap<String, Attribute>) -> usize {
    let attached =
        attributes.iter().map(|(name, one)| name.len() + one.data_type.len() + one.value.len());
    body.len() + attached.sum::<usize>()
}
