//! The job function: what Batch says about a job moves its run on.

use signalbox_cloud::advance::{RunKey, Runs};
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::clock::Clock;
use signalbox_cloud::config::{Account, Buckets, DeadLetters, Jobs};
use signalbox_cloud::fault::{Fault, Malformed};
use signalbox_cloud::ingest::{Envelope, Read, batch};
use signalbox_cloud::lambda::{self, Handler, Message, Parsed, Queue, Shell};
use signalbox_pipeline::register::Occurrence;

/// The function, with everything that it needs.
#[derive(Debug)]
pub struct Job {
    /// The runs.
    pub runs: Runs,
}

impl Handler for Job {
    type Key = RunKey;
    type Input = Occurrence;

    fn parse(&self, message: &Message) -> Result<Parsed<RunKey, Occurrence>, Malformed> {
        let envelope = Envelope::parse(&message.body)?;
        Ok(match batch::read(&envelope)? {
            Read::Ignored(reason) => Parsed::Ignored(reason),
            Read::Event(job) => {
                let (pipeline, run) = (job.owner.pipeline.clone(), job.owner.run.clone());
                let event = job.event.clone();
                Parsed::Ours { key: RunKey { pipeline, run }, event, input: job.occurrence() }
            }
        })
    }

    async fn handle(&self, key: &RunKey, occurrences: Vec<Occurrence>) -> Result<(), Fault> {
        self.runs.hear(key, occurrences).await
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
