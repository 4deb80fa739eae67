//! A message among the dead letters, and why it is there.

use std::collections::HashMap;

use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName as System};
use serde::Serialize;
use signalbox_cloud::lambda::REASON;

/// A dead letter.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    /// SQS's id of it.
    pub(super) id: String,
    /// What this delivery of it is called.
    pub(super) receipt: String,
    /// Its text.
    pub(super) body: String,
    /// What its sender attached, without what was attached as it was set aside.
    pub(super) attributes: HashMap<String, MessageAttributeValue>,
    /// Why it is here.
    pub(super) cause: Cause,
    /// The same in words.
    pub(super) reason: String,
    /// When it was sent, in milliseconds of the epoch.
    pub(super) sent: i64,
    /// How often it was received, here and before.
    pub(super) receives: u32,
}

/// Why a message is among the dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cause {
    /// A function could not read it, and set it aside with its reason.
    Malformed,
    /// EventBridge could not deliver it.
    Undelivered,
    /// It was tried as often as its queue allows.
    Exhausted,
}

impl From<Message> for Letter {
    fn from(message: Message) -> Self {
        let mut attributes = message.message_attributes.unwrap_or_default();
        let (cause, reason) = why(&attributes);
        attributes.retain(|name, _| !is_note(name));
        let system = message.attributes.unwrap_or_default();
        let number = |name: &System| system.get(name).and_then(|text| text.parse::<i64>().ok());
        let receives = number(&System::ApproximateReceiveCount).unwrap_or_default();
        Self {
            id: message.message_id.unwrap_or_default(),
            receipt: message.receipt_handle.unwrap_or_default(),
            body: message.body.unwrap_or_default(),
            attributes,
            cause,
            reason,
            sent: number(&System::SentTimestamp).unwrap_or_default(),
            // This look at it is one of them.
            receives: u32::try_from(receives - 1).unwrap_or_default(),
        }
    }
}

fn why(attributes: &HashMap<String, MessageAttributeValue>) -> (Cause, String) {
    let text = |name: &str| attributes.get(name)?.string_value.clone();
    if let Some(reason) = text(REASON) {
        return (Cause::Malformed, reason);
    }
    if let Some(code) = text("ERROR_CODE") {
        let message = text("ERROR_MESSAGE").unwrap_or_default();
        return (Cause::Undelivered, format!("EventBridge could not deliver it: {code} {message}"));
    }
    let reason = "tried as often as its queue allows; the function's log says what failed";
    (Cause::Exhausted, reason.to_owned())
}

/// What functions and EventBridge attach as they set a message aside.
fn is_note(name: &str) -> bool {
    let of_the_bus = [
        "RULE_ARN",
        "TARGET_ARN",
        "ERROR_CODE",
        "ERROR_MESSAGE",
        "EXHAUSTED_RETRY_CONDITION",
        "RETRY_ATTEMPTS",
    ];
    name.starts_with("signalbox-") || of_the_bus.contains(&name)
}
