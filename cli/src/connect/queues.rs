//! The queues of a deployment, by the names that its template gives them.

use aws_sdk_sqs::types::QueueAttributeName::{QueueArn, RedrivePolicy};
use signalbox_cloud::clients::{Client, trouble};

use super::Connection;
use super::refused::troubled;
use crate::exit::Exit;

/// What the name of a queue of dead letters ends in.
const DEAD_LETTERS: &str = "-dead-letters";

/// A queue and its dead letters, by URL.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    /// Where messages belong.
    pub(crate) home: String,
    /// Where those lie that were set aside.
    pub(crate) dead: String,
}

impl Connection {
    /// SQS.
    pub(crate) fn sqs(&self) -> Client<aws_sdk_sqs::Client> {
        self.clients.sqs()
    }

    /// The URL of the queue that the template calls `signalbox-<stage>-<name>`.
    pub(crate) async fn queue(&self, name: &str) -> anyhow::Result<String> {
        let full = self.queue_name(name)?;
        let sent = self.sqs().patient.get_queue_url().queue_name(&full).send().await;
        match sent.map_err(|error| trouble(&error)) {
            Ok(found) => Ok(found.queue_url.unwrap_or_default()),
            Err(trouble)
                if trouble.code().is_some_and(|code| code.ends_with("NonExistentQueue")) =>
            {
                Err(Exit::NotFound.because(format!("there is no queue {full}")))
            }
            Err(trouble) => Err(troubled(&format!("looking for the queue {full}"), &trouble)),
        }
    }

    /// The queue `name` and its dead letters; what SQS itself says of the two is looked at, so that
    /// nothing is ever moved to a queue that it did not come from.
    pub(crate) async fn queue_pair(&self, name: &str) -> anyhow::Result<Pair> {
        let home = self.queue(name).await?;
        let dead = self.queue(&format!("{name}{DEAD_LETTERS}")).await?;
        let policy = self.attribute(&home, RedrivePolicy).await?;
        let arn = self.attribute(&dead, QueueArn).await?;
        let policy: serde_json::Value = serde_json::from_str(&policy).unwrap_or_default();
        if policy["deadLetterTargetArn"].as_str() != Some(arn.as_str()) {
            return Err(Exit::Errored.because(format!(
                "{dead} is not where {home} sets messages aside; deploy the template again"
            )));
        }
        Ok(Pair { home, dead })
    }

    /// The name of a queue: the stack's stage stands in the names of its buckets.
    fn queue_name(&self, name: &str) -> anyhow::Result<String> {
        let bucket = &self.buckets.state;
        let stage = bucket.strip_prefix("signalbox-").and_then(|rest| rest.split_once("-state-"));
        let Some((stage, _)) = stage else {
            return Err(Exit::Errored.because(format!(
                "the state bucket {bucket} is not called signalbox-<stage>-state-…, so the names \
                 of the queues beside it are not known"
            )));
        };
        Ok(format!("signalbox-{stage}-{name}"))
    }

    async fn attribute(
        &self,
        queue: &str,
        name: aws_sdk_sqs::types::QueueAttributeName,
    ) -> anyhow::Result<String> {
        let get = self.sqs().patient.get_queue_attributes().queue_url(queue);
        let sent = get.attribute_names(name.clone()).send().await;
        let got = sent.map_err(|error| troubled(&format!("asking {queue}"), &trouble(&error)))?;
        Ok(got.attributes.and_then(|mut all| all.remove(&name)).unwrap_or_default())
    }
}
