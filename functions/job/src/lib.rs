//! The job function: what Batch says about a job moves its run on, or its launch.

use std::fmt;

use futures_util::FutureExt as _;
use signalbox_cloud::advance::{RunKey, Runs};
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::clock::Clock;
use signalbox_cloud::config::{Account, Buckets, DeadLetters, Jobs};
use signalbox_cloud::fault::{Fault, Malformed};
use signalbox_cloud::ingest::batch::Owner;
use signalbox_cloud::ingest::{Envelope, Read, batch};
use signalbox_cloud::lambda::{self, Handler, Message, Parsed, Queue, Shell};
use signalbox_cloud::launches::{LaunchKey, News};
use signalbox_pipeline::register::Occurrence;

/// The function, with everything that it needs.
#[derive(Debug)]
pub struct Job {
    /// The runs.
    pub runs: Runs,
}

/// What a job was submitted for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// A stage of a run.
    Run(RunKey),
    /// A launch.
    Launch(LaunchKey),
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(key) => key.fmt(f),
            Self::Launch(key) => key.fmt(f),
        }
    }
}

impl From<&Owner> for Of {
    fn from(owner: &Owner) -> Self {
        let pipeline = owner.pipeline.clone();
        match &owner.of {
            batch::Of::Run(run) => Self::Run(RunKey { pipeline, run: run.clone() }),
            batch::Of::Launch(environment, launch) => {
                let (environment, launch) = (environment.clone(), launch.clone());
                Self::Launch(LaunchKey { pipeline, environment, launch })
            }
        }
    }
}

impl Handler for Job {
    type Key = Of;
    type Input = Occurrence;

    fn parse(&self, message: &Message) -> Result<Parsed<Of, Occurrence>, Malformed> {
        let envelope = Envelope::parse(&message.body)?;
        Ok(match batch::read(&envelope)? {
            Read::Ignored(reason) => Parsed::Ignored(reason),
            Read::Event(job) => {
                let (key, event) = (Of::from(&job.owner), job.event.clone());
                Parsed::Ours { key, event, input: job.occurrence() }
            }
        })
    }

    async fn handle(&self, key: &Of, occurrences: Vec<Occurrence>) -> Result<(), Fault> {
        match key {
            Of::Run(key) => self.runs.hear(key, occurrences).boxed().await,
            Of::Launch(key) => {
                let news = occurrences.into_iter().map(|told| News::from(told.fact)).collect();
                self.runs.tell_launch(key, news).boxed().await.map(|_| ())
            }
        }
    }
}

/// The function as Lambda starts it.
///
/// # Errors
/// When its configuration is not complete, or the runtime's interface fails.
pub async fn run() -> anyhow::Result<()> {
    type Groups = (Account, Buckets, Jobs, DeadLetters);
    let (account, buckets, jobs, DeadLetters(dead)) = lambda::configure::<Groups>()?;
    let (clients, chance) = (Clients::new(account), Chance::system());
    let runs = Runs::connect(&clients, &buckets, &jobs, Clock::system(), chance.clone());
    runs.warm().await;
    lambda::serve(Shell::new(Job { runs }, Queue::new(clients.sqs(), &dead, chance))).await
}

#[cfg(test)]
mod tests;
