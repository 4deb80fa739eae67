//! What a queue is, and the attributes that say so on the wire.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::invalid;
use crate::wire::WireError;
use crate::{ACCOUNT, REGION};

/// The most that a message may hold, and what a queue takes unless told otherwise: 1 MiB.
pub(super) const LARGEST: usize = 1024 * 1024;

/// What a queue is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueSpec {
    /// Its name.
    pub name: String,
    /// How long a received message stays hidden.
    pub visibility: Duration,
    /// How long a message is kept.
    pub retention: Duration,
    /// How long a new message stays hidden.
    pub delay: Duration,
    /// How long a receive waits that does not say.
    pub wait: Duration,
    /// The most bytes that a message may have.
    pub largest: usize,
    /// Where messages go that were received too often.
    pub redrive: Option<Redrive>,
    /// Attributes that are kept but mean nothing here, such as `Policy`.
    pub other: BTreeMap<String, String>,
}

/// When a message leaves for the dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redrive {
    /// The dead-letter queue's name.
    pub dead_letter: String,
    /// After so many receives.
    pub max_receive_count: u32,
}

impl QueueSpec {
    /// A queue with the settings that AWS gives when none are named: 30 seconds hidden, kept for
    /// four days.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            visibility: Duration::from_secs(30),
            retention: Duration::from_secs(4 * 24 * 3600),
            delay: Duration::ZERO,
            wait: Duration::ZERO,
            largest: LARGEST,
            redrive: None,
            other: BTreeMap::new(),
        }
    }

    /// Sets one attribute of the wire.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), WireError> {
        let seconds = |most: u64, least: u64| {
            let seconds = value.parse().ok().filter(|seconds| (least..=most).contains(seconds));
            seconds.map(Duration::from_secs).ok_or_else(|| {
                let text =
                    format!("{name} is a number of seconds from {least} to {most}, not {value:?}.");
                WireError::client("InvalidAttributeValue", text)
            })
        };
        match name {
            "VisibilityTimeout" => self.visibility = seconds(43_200, 0)?,
            "MessageRetentionPeriod" => self.retention = seconds(1_209_600, 60)?,
            "DelaySeconds" => self.delay = seconds(900, 0)?,
            "ReceiveMessageWaitTimeSeconds" => self.wait = seconds(20, 0)?,
            "MaximumMessageSize" => {
                let bytes = value.parse().ok().filter(|bytes| (1024..=LARGEST).contains(bytes));
                let outside =
                    || format!("MaximumMessageSize is from 1024 to {LARGEST}, not {value:?}.");
                self.largest =
                    bytes.ok_or_else(|| WireError::client("InvalidAttributeValue", outside()))?;
            }
            "RedrivePolicy" if value.is_empty() => self.redrive = None,
            "RedrivePolicy" => self.redrive = Some(Redrive::read(value)?),
            "FifoQueue" | "ContentBasedDeduplication" => {
                return Err(WireError::client(
                    "UnsupportedOperation",
                    "The engine has standard queues only.",
                ));
            }
            "Policy"
            | "KmsMasterKeyId"
            | "KmsDataKeyReusePeriodSeconds"
            | "RedriveAllowPolicy"
            | "SqsManagedSseEnabled" => {
                self.other.insert(name.to_owned(), value.to_owned());
            }
            _ => {
                return Err(WireError::client(
                    "InvalidAttributeName",
                    format!("Unknown Attribute {name}."),
                ));
            }
        }
        Ok(())
    }

    /// The attributes as the wire shows them.
    pub(super) fn attributes(&self) -> BTreeMap<String, String> {
        let mut shown = self.other.clone();
        let mut show = |name: &str, value: String| shown.insert(name.to_owned(), value);
        show("QueueArn", arn(&self.name));
        show("VisibilityTimeout", self.visibility.as_secs().to_string());
        show("MessageRetentionPeriod", self.retention.as_secs().to_string());
        show("DelaySeconds", self.delay.as_secs().to_string());
        show("ReceiveMessageWaitTimeSeconds", self.wait.as_secs().to_string());
        show("MaximumMessageSize", self.largest.to_string());
        if let Some(redrive) = &self.redrive {
            show("RedrivePolicy", redrive.write());
        }
        shown
    }
}

impl Redrive {
    fn read(policy: &str) -> Result<Self, WireError> {
        let value: Value = serde_json::from_str(policy)
            .map_err(|error| invalid(format!("RedrivePolicy is no JSON: {error}")))?;
        let dead_letter =
            value["deadLetterTargetArn"].as_str().and_then(|arn| arn.rsplit(':').next());
        // The console writes the count as a string, people as a number.
        let count = &value["maxReceiveCount"];
        let count = count.as_u64().or_else(|| count.as_str()?.parse().ok());
        let count = count
            .and_then(|count| u32::try_from(count).ok())
            .filter(|count| (1..=1000).contains(count));
        match (dead_letter, count) {
            (Some(dead_letter), Some(max_receive_count)) => {
                Ok(Self { dead_letter: dead_letter.to_owned(), max_receive_count })
            }
            _ => Err(invalid(
                "RedrivePolicy needs deadLetterTargetArn and maxReceiveCount (1 to 1000).",
            )),
        }
    }

    fn write(&self) -> String {
        json!({
            "deadLetterTargetArn": arn(&self.dead_letter),
            "maxReceiveCount": self.max_receive_count,
        })
        .to_string()
    }
}

/// The ARN of the queue with this name.
#[must_use]
pub fn arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}
