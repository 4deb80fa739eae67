//! What the shell does with messages beside acknowledging them.

use std::time::Duration;

use aws_sdk_sqs::types::MessageAttributeValue;

use super::Message;
use crate::chance::Chance;
use crate::clients::{Client, Trouble, trouble};

/// The attribute that says why a message is among the dead letters.
pub const REASON: &str = "signalbox-reason";
/// As much of a reason as the attribute holds.
const LONGEST_REASON: usize = 1000;
/// As many bytes of a message as are set aside: the 1 MiB of SQS, less room for the attributes,
/// which count. A longer one would be refused, and come again and again.
const LONGEST_BODY: usize = 1024 * 1024 - 8 * 1024;
/// A message that lost a race comes again after one to three seconds.
const SOON: Duration = Duration::from_secs(1);
const SPREAD: Duration = Duration::from_secs(2);

/// The function's dead-letter queue, and through it the queue beside it.
#[derive(Clone, Debug)]
pub struct Queue {
    sqs: Client<aws_sdk_sqs::Client>,
    dead_letters: String,
    chance: Chance,
}

impl Queue {
    /// Messages that can never be handled go to the queue with the URL `dead_letters`.
    #[must_use]
    pub fn new(sqs: Client<aws_sdk_sqs::Client>, dead_letters: &str, chance: Chance) -> Self {
        Self { sqs, dead_letters: dead_letters.to_owned(), chance }
    }

    /// Sets `message` aside with the `reason`; of a body that leaves no room for it the end is cut.
    pub(super) async fn bury(&self, message: &Message, reason: &str) -> Result<(), Trouble> {
        let (reason, from) = (attribute(reason)?, attribute(&message.id)?);
        let send = self.sqs.patient.send_message().queue_url(&self.dead_letters);
        let send = send.message_body(beginning(&message.body)).message_attributes(REASON, reason);
        let send = send.message_attributes("signalbox-message-id", from);
        send.send().await.map(|_| ()).map_err(|error| trouble(&error))
    }

    /// Lets `message` come again within seconds.
    pub(super) async fn hasten(&self, message: &Message) -> Result<(), Trouble> {
        let Some(url) = self.url_of(&message.queue) else {
            return Err(Trouble::Unsent(
                "the message does not say which queue it is of".to_owned(),
            ));
        };
        let wait = SOON + self.chance.up_to(SPREAD);
        let seconds = i32::try_from(wait.as_secs()).unwrap_or(1);
        let change = self.sqs.patient.change_message_visibility().queue_url(url);
        let change = change.receipt_handle(&message.receipt).visibility_timeout(seconds);
        change.send().await.map(|_| ()).map_err(|error| trouble(&error))
    }

    /// The URL of the queue with this ARN: it lies beside the dead letters.
    fn url_of(&self, arn: &str) -> Option<String> {
        let name = arn.rsplit(':').next().filter(|name| !name.is_empty())?;
        let (account, _) = self.dead_letters.rsplit_once('/')?;
        Some(format!("{account}/{name}"))
    }
}

/// As much of a body as is set aside.
fn beginning(body: &str) -> &str {
    body.get(..body.floor_char_boundary(LONGEST_BODY)).unwrap_or(body)
}

/// SQS refuses an attribute with control characters, and one that is empty.
fn attribute(text: &str) -> Result<MessageAttributeValue, Trouble> {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut clean: String = clean.take(LONGEST_REASON).collect();
    if clean.is_empty() {
        clean.push('-');
    }
    let value = MessageAttributeValue::builder().data_type("String").string_value(clean);
    value.build().map_err(|error| Trouble::Unsent(error.to_string()))
}
