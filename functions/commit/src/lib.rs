//! The commit function: a push to a registered repository begins a run.

use std::fmt;

use signalbox_cloud::advance::Runs;
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::clock::Clock;
use signalbox_cloud::config::{Account, Buckets, CodeHost, DeadLetters, Jobs};
use signalbox_cloud::fault::{Fault, Malformed};
use signalbox_cloud::ingest::{Envelope, Read, codecommit};
use signalbox_cloud::intake::{Arrival, Intake};
use signalbox_cloud::lambda::{self, Handler, Message, Parsed, Queue, Shell};
use signalbox_pipeline::names::{BranchName, Host, RepositoryName};

/// The function, with everything that it needs.
#[derive(Debug)]
pub struct Commit {
    /// The runs.
    pub runs: Runs,
    /// The host of the repositories whose events come in.
    pub host: Host,
    /// The image of jobs that name none, where the registration names none either.
    pub checkout_image: String,
}

/// A branch: pushes to one branch are handled in their order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Branch {
    host: Host,
    repository: RepositoryName,
    branch: BranchName,
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.host, self.repository, self.branch)
    }
}

impl Handler for Commit {
    type Key = Branch;
    type Input = Arrival;

    fn parse(&self, message: &Message) -> Result<Parsed<Branch, Arrival>, Malformed> {
        let envelope = Envelope::parse(&message.body)?;
        Ok(match codecommit::read(&envelope, &self.host)? {
            Read::Ignored(reason) => Parsed::Ignored(reason),
            Read::Event(push) => {
                let (host, repository) = (push.host.clone(), push.repository.clone());
                let key = Branch { host, repository, branch: push.branch.clone() };
                let event = push.event.clone();
                Parsed::Ours { key, event, input: Arrival::pushed(push, message.body.clone()) }
            }
        })
    }

    async fn handle(&self, key: &Branch, mut arrivals: Vec<Arrival>) -> Result<(), Fault> {
        let intake = Intake { runs: &self.runs, checkout_image: &self.checkout_image };
        let registration = intake.registration(&key.host, &key.repository, &key.branch).await?;
        arrivals.sort_by(|one, other| one.order().cmp(&other.order()));
        arrivals.dedup_by(|one, other| one.push.event == other.push.event);
        for arrival in arrivals {
            intake.begin(&registration, arrival).await?;
        }
        Ok(())
    }
}

/// The function as Lambda starts it.
///
/// # Errors
/// When its configuration is not complete, or the runtime's interface fails.
pub async fn run() -> anyhow::Result<()> {
    type Groups = (Account, Buckets, Jobs, CodeHost, DeadLetters);
    let (account, buckets, jobs, CodeHost(host), DeadLetters(dead)) =
        lambda::configure::<Groups>()?;
    let (clients, chance) = (Clients::new(account), Chance::system());
    let runs = Runs::connect(&clients, &buckets, &jobs, Clock::system(), chance.clone());
    runs.warm().await;
    let commit = Commit { runs, host, checkout_image: jobs.checkout_image };
    lambda::serve(Shell::new(commit, Queue::new(clients.sqs(), &dead, chance))).await
}

#[cfg(test)]
mod tests;
