//! The commit function: a push to a registered repository begins a run.

use std::fmt;

use signalbox_cloud::advance::{News, RunKey, Runs};
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::clock::Clock;
use signalbox_cloud::config::{Account, Buckets, CodeHost, DeadLetters, Jobs};
use signalbox_cloud::fault::{Fault, Malformed};
use signalbox_cloud::ingest::codecommit::{self, Push};
use signalbox_cloud::ingest::{Envelope, Read};
use signalbox_cloud::lambda::{self, Handler, Message, Parsed, Queue, Shell};
use signalbox_cloud::store::Step;
use signalbox_pipeline::head::Head;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{BranchName, Host, RepositoryName};
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::registration::Registration;
use signalbox_pipeline::run::Fact;
use signalbox_pipeline::run::fact::Trigger;

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
    type Input = Push;

    fn parse(&self, message: &Message) -> Result<Parsed<Branch, Push>, Malformed> {
        let envelope = Envelope::parse(&message.body)?;
        Ok(match codecommit::read(&envelope, &self.host)? {
            Read::Ignored(reason) => Parsed::Ignored(reason),
            Read::Event(push) => {
                let (host, repository) = (push.host.clone(), push.repository.clone());
                let key = Branch { host, repository, branch: push.branch.clone() };
                Parsed::Ours { key, event: push.event.clone(), input: push }
            }
        })
    }

    async fn handle(&self, key: &Branch, mut pushes: Vec<Push>) -> Result<(), Fault> {
        let registration = self.registration(key).await?;
        pushes.sort_by(|one, other| (one.at, &one.event).cmp(&(other.at, &other.event)));
        pushes.dedup_by(|one, other| one.event == other.event);
        for push in pushes {
            self.begin(&registration, push).await?;
        }
        Ok(())
    }
}

impl Commit {
    async fn registration(&self, key: &Branch) -> Result<Registration, Fault> {
        let Branch { host, repository, branch } = key;
        let document = keys::state::repository(host, repository);
        let found = self.runs.documents.load::<Registration>(&document).await?;
        let Some(found) = found else {
            return Err(Fault::NotOurs(format!(
                "{host}/{repository} is not registered: \
                 `signalbox repo add {host}/{repository} --pipeline NAME` lets it start runs"
            )));
        };
        if !found.document.admits(branch) {
            return Err(Fault::NotOurs(format!(
                "{host}/{repository} is not registered for the branch {branch}"
            )));
        }
        Ok(found.document)
    }

    async fn begin(&self, registration: &Registration, push: Push) -> Result<(), Fault> {
        let run = keys::run_id(push.at, &push.commit, &push.event);
        let key = RunKey { pipeline: registration.pipeline.clone(), run };
        let ours = || self.checkout_image.clone();
        let image = registration.checkout_image.as_ref().map_or_else(ours, ToString::to_string);
        let trigger = Trigger {
            host: push.host.clone(),
            repository: push.repository.clone(),
            branch: push.branch.clone(),
            commit: push.commit.clone(),
            pushed_at: push.at,
            clone_url: registration.clone_url.clone(),
            checkout_image: image,
        };
        let actor = push.actor.clone().unwrap_or_else(|| "aws.codecommit".to_owned());
        let fact = Fact::Triggered(trigger);
        let first = Occurrence { event: push.event.clone(), actor, fact };
        let news = News { cause: push.event.clone(), occurrences: vec![first] };
        let told = self.runs.begin(&key, news).await?;
        if told.puts == 0 {
            tracing::info!(run = %key, "this push began its run already; `signalbox retry` makes another");
        } else {
            tracing::info!(run = %key, commit = %push.commit, "began a run");
        }
        self.move_head(&key, &push).await
    }

    async fn move_head(&self, key: &RunKey, push: &Push) -> Result<(), Fault> {
        let document = keys::state::head(&push.host, &push.repository, &push.branch);
        let write_id = self.runs.documents.chance().token();
        let moved = self.runs.documents.transact(&document, |head: Option<&Head>| {
            let next = Head::advanced(head, &push.commit, push.at, &key.run, &write_id);
            Ok(next.map_or(Step::Keep(()), |head| Step::Put(head, ())))
        });
        moved.await
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
