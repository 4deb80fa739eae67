//! A message as Lambda hands it over.

use aws_lambda_events::sqs::SqsMessage;

/// A message of an SQS queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// SQS's id of it: what a failure is reported by.
    pub id: String,
    /// What this delivery of it is called.
    pub receipt: String,
    /// Its text.
    pub body: String,
    /// The principal that sent it, as SQS attests.
    pub sender: Option<String>,
    /// The ARN of the queue that it came from.
    pub queue: String,
}

impl From<SqsMessage> for Message {
    fn from(wire: SqsMessage) -> Self {
        Self {
            id: wire.message_id.unwrap_or_default(),
            receipt: wire.receipt_handle.unwrap_or_default(),
            body: wire.body.unwrap_or_default(),
            sender: wire.attributes.get("SenderId").cloned(),
            queue: wire.event_source_arn.unwrap_or_default(),
        }
    }
}
