//! The queue of dead letters, message by message.
//!
//! Not `StartMessageMoveTask`: it takes all messages or none, and those that a function sent to the
//! dead letters itself have no queue that SQS would move them back to. So each is sent, then deleted:
//! what is stopped between the two leaves it in both, and facts count once.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, MessageSystemAttributeName};
use signalbox_cloud::clients::{Client, trouble};

use super::letter::Letter;
use crate::connect::{Pair, troubled};

/// How long nobody else sees what was received here, in seconds: longer than a page takes.
const HIDDEN: i32 = 300;
/// How long an empty queue is given to answer otherwise, in seconds. It asks every server of SQS.
const PATIENCE: i32 = 2;
/// As many as SQS gives or takes at once.
const AT_ONCE: usize = 10;

/// The dead letters of a queue.
pub(super) struct Mailbox {
    sqs: Client<aws_sdk_sqs::Client>,
    pair: Pair,
    /// What was looked at and stays, by id, with the receipts that give it free.
    held: BTreeMap<String, String>,
    /// What was sent home.
    sent: BTreeSet<String>,
}

/// What came of moving a letter.
#[derive(Debug)]
pub(super) enum Moved {
    /// It is where it came from, and here no more.
    Home,
    /// It is still here.
    Refused(String),
}

impl Mailbox {
    /// The dead letters of `pair`.
    pub(super) fn new(sqs: Client<aws_sdk_sqs::Client>, pair: Pair) -> Self {
        Self { sqs, pair, held: BTreeMap::new(), sent: BTreeSet::new() }
    }

    /// The next letters that were not seen before; nothing where there are no more.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Vec<Letter>>> {
        let most = i32::try_from(AT_ONCE).unwrap_or(1);
        let receive = self.sqs.patient.receive_message().queue_url(&self.pair.dead);
        let receive = receive.max_number_of_messages(most).visibility_timeout(HIDDEN);
        let receive = receive.wait_time_seconds(PATIENCE).message_attribute_names("All");
        let sent =
            receive.message_system_attribute_names(MessageSystemAttributeName::All).send().await;
        let what = || format!("reading {}", self.pair.dead);
        let got = sent.map_err(|error| troubled(&what(), &trouble(&error)))?;
        let mut new = Vec::new();
        for letter in got.messages.unwrap_or_default().into_iter().map(Letter::from) {
            if self.sent.contains(&letter.id) {
                // It was sent home, and its deletion was lost.
                self.delete(&letter).await?;
            } else if self.held.insert(letter.id.clone(), letter.receipt.clone()).is_none() {
                new.push(letter);
            }
        }
        Ok((!new.is_empty()).then_some(new))
    }

    /// Sends a letter to the queue that it came from, and then deletes it here.
    pub(super) async fn send_home(&mut self, letter: &Letter) -> anyhow::Result<Moved> {
        let send = self.sqs.patient.send_message().queue_url(&self.pair.home);
        let attributes = Some(letter.attributes.clone()).filter(|all| !all.is_empty());
        let send = send.message_body(&letter.body).set_message_attributes(attributes);
        if let Err(error) = send.send().await {
            return Ok(Moved::Refused(trouble(&error).to_string()));
        }
        self.held.remove(&letter.id);
        self.sent.insert(letter.id.clone());
        self.delete(letter).await?;
        Ok(Moved::Home)
    }

    async fn delete(&self, letter: &Letter) -> anyhow::Result<()> {
        let delete = self.sqs.patient.delete_message().queue_url(&self.pair.dead);
        let sent = delete.receipt_handle(&letter.receipt).send().await;
        let what = || format!("deleting message {} (which is in its queue again)", letter.id);
        sent.map(|_| ()).map_err(|error| troubled(&what(), &trouble(&error)))
    }

    /// Lets everybody see again what was looked at and stays. Where this fails it comes by itself.
    pub(super) async fn release(&mut self) {
        let held: Vec<String> = std::mem::take(&mut self.held).into_values().collect();
        for receipts in held.chunks(AT_ONCE) {
            let entries = receipts.iter().enumerate().map(|(index, receipt)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder();
                entry.id(index.to_string()).receipt_handle(receipt).visibility_timeout(0).build()
            });
            let Ok(entries) = entries.collect::<Result<Vec<_>, _>>() else { return };
            let change = self.sqs.patient.change_message_visibility_batch();
            let change = change.queue_url(&self.pair.dead).set_entries(Some(entries));
            if change.send().await.is_err() {
                return;
            }
        }
    }
}
