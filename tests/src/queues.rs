//! What goes through the queues.

use anyhow::Context as _;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use serde_json::Value;

use crate::installation::{Installation, RUN};
use crate::program::Queues;
use crate::wait::until;

impl Installation {
    /// Sends a message to the queue at `url`.
    ///
    /// # Errors
    /// When SQS does not take it.
    pub async fn send(&self, url: &str, body: &str) -> anyhow::Result<()> {
        self.sqs().send_message().queue_url(url).message_body(body).send().await?;
        Ok(())
    }

    /// Sends up to ten messages at once, which are received together.
    ///
    /// # Errors
    /// When SQS does not take one of them.
    pub async fn send_together(&self, url: &str, bodies: &[&str]) -> anyhow::Result<()> {
        let entries = bodies.iter().enumerate().map(|(at, body)| {
            SendMessageBatchRequestEntry::builder().id(at.to_string()).message_body(*body).build()
        });
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let send = self.sqs().send_message_batch().queue_url(url).set_entries(Some(entries));
        let failed = send.send().await?.failed;
        anyhow::ensure!(failed.is_empty(), "SQS did not take {failed:?}");
        Ok(())
    }

    /// Sends an event as EventBridge would.
    ///
    /// # Errors
    /// When SQS does not take it.
    pub async fn emit(&self, url: &str, event: &Value) -> anyhow::Result<()> {
        self.send(url, &event.to_string()).await
    }

    /// Waits until nobody holds or waits for a message of the queue at `url`.
    ///
    /// # Errors
    /// When that does not come about.
    pub async fn drained(&self, url: &str) -> anyhow::Result<()> {
        use aws_sdk_sqs::types::QueueAttributeName::{
            ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible,
        };
        let what = format!("the end of what is in {url}");
        let told = until(&what, RUN, async || {
            let got = self.sqs().get_queue_attributes().queue_url(url);
            let got = got
                .attribute_names(ApproximateNumberOfMessages)
                .attribute_names(ApproximateNumberOfMessagesNotVisible)
                .send()
                .await?;
            let counts = got.attributes.unwrap_or_default();
            Ok(counts.values().all(|count| count == "0").then_some(()))
        });
        told.await.with_context(|| self.logs())
    }

    /// Waits until every message of every queue is done with.
    ///
    /// # Errors
    /// When that does not come about.
    pub async fn quiet(&self) -> anyhow::Result<()> {
        let Queues { commits, images, jobs, decisions } = &self.facts.queues;
        for url in [commits, images, jobs, decisions] {
            self.drained(url).await?;
        }
        Ok(())
    }

    /// The dead letters of the queue at `url`, each with the reason that it bears.
    ///
    /// # Errors
    /// When SQS does not give them.
    pub async fn dead_letters(&self, url: &str) -> anyhow::Result<Vec<(String, String)>> {
        let url = format!("{url}-dead-letters");
        let mut letters = Vec::new();
        loop {
            let got = self.sqs().receive_message().queue_url(&url).max_number_of_messages(10);
            let got = got.message_attribute_names("All").send().await?;
            let messages = got.messages.unwrap_or_default();
            if messages.is_empty() {
                return Ok(letters);
            }
            for message in messages {
                let attributes = message.message_attributes.unwrap_or_default();
                let reason = attributes.get("signalbox-reason");
                let reason = reason.and_then(|reason| reason.string_value.clone());
                letters.push((message.body.unwrap_or_default(), reason.unwrap_or_default()));
            }
        }
    }
}
