//! SNS: standard topics without subscriptions. What was published is told to whoever runs the
//! engine, and kept in its folder.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::clock::Clock;
use crate::durable::Journal;
use crate::{ACCOUNT, REGION, random};

mod api;
#[cfg(test)]
mod tests;

/// The topics, and what was published, in the engine's folder.
const TOPICS: &str = "topics.jsonl";
const MESSAGES: &str = "messages.jsonl";

/// A message that was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Its id.
    pub id: String,
    /// The ARN of the topic.
    pub topic: String,
    /// When it was published.
    pub at: Timestamp,
    /// What it is about, where that was said.
    pub subject: Option<String>,
    /// What it says.
    pub message: String,
    /// What subscriptions could filter by.
    pub attributes: BTreeMap<String, String>,
}

/// The topics.
#[derive(Debug)]
pub struct Sns {
    clock: Clock,
    state: Mutex<State>,
    sender: broadcast::Sender<Published>,
}

#[derive(Debug)]
struct State {
    topics: Journal,
    names: BTreeMap<String, Topic>,
    messages: Journal,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Topic {}

impl Sns {
    /// Opens the topics in the folder `dir`.
    ///
    /// # Errors
    /// When it cannot be read or made.
    pub fn open(dir: &Path, clock: Clock) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let (topics, names) = Journal::open(&dir.join(TOPICS))?;
        let (messages, _) = Journal::open::<Published>(&dir.join(MESSAGES))?;
        let state = Mutex::new(State { topics, names, messages });
        Ok(Self { clock, state, sender: broadcast::Sender::new(256) })
    }

    /// Makes the topic, if it is not there, and returns its ARN.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(&self, name: &str) -> io::Result<String> {
        let mut state = self.lock();
        if !state.names.contains_key(name) {
            state.topics.put(name, &Topic::default())?;
            state.names.insert(name.to_owned(), Topic::default());
        }
        Ok(arn(name))
    }

    /// What is published from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Published> {
        self.sender.subscribe()
    }

    /// What was published in the engine of the folder `dir`, in that order.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn published(dir: &Path) -> io::Result<Vec<Published>> {
        let known = match Journal::read::<Published>(&dir.join(MESSAGES)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            known => known?,
        };
        let mut published: Vec<_> = known.into_values().collect();
        published.sort_by_key(|message| message.at);
        Ok(published)
    }

    fn has(&self, arn_of: &str) -> bool {
        self.lock().names.keys().any(|name| arn(name) == arn_of)
    }

    fn publish(
        &self,
        topic: &str,
        subject: Option<String>,
        message: String,
        attributes: BTreeMap<String, String>,
    ) -> io::Result<String> {
        let (id, at) = (random::uuid(), self.clock.now());
        let topic = topic.to_owned();
        let published = Published { id, topic, at, subject, message, attributes };
        self.lock().messages.put(&published.id, &published)?;
        let id = published.id.clone();
        // Nobody has to listen.
        let _ = self.sender.send(published);
        Ok(id)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn arn(name: &str) -> String {
    format!("arn:aws:sns:{REGION}:{ACCOUNT}:{name}")
}
