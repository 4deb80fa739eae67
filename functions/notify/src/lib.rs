//! The notify function: what people are told reaches the places that are named for it.
//!
//! A notice comes at least once, and so does what it brings about; each target's file says what it
//! makes of a second delivery.

use futures_util::future::join_all;
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::clock::Clock;
use signalbox_cloud::config::{Account, DeadLetters, Notifications};
use signalbox_cloud::effects::Notices;
use signalbox_cloud::fault::{Fault, Malformed};
use signalbox_cloud::lambda::{self, Handler, Message, Parsed, Queue, Shell};
use signalbox_pipeline::notice::{Notice, SCHEMA, Target};

mod secret;
mod targets;

/// The function, with everything that it needs.
#[derive(Debug)]
pub struct Notify {
    /// Whom it calls.
    pub clients: Clients,
    /// Its own queue.
    pub notices: Notices,
    /// When it signs.
    pub clock: Clock,
}

impl Handler for Notify {
    /// The notice and whom it is for: what goes to different places fails apart.
    type Key = String;
    type Input = Notice;

    fn parse(&self, message: &Message) -> Result<Parsed<String, Notice>, Malformed> {
        let notice: Notice = serde_json::from_str(&message.body).map_err(|error| {
            Malformed::new(error, "the message", "only Signalbox's functions send to this queue")
        })?;
        if notice.schema != SCHEMA {
            let what = format!("schema {}, and this function knows {SCHEMA}", notice.schema);
            return Err(Malformed::new(what, "schema", "deploy the same version of all functions"));
        }
        let targets: Vec<String> = notice.targets.iter().map(Target::to_string).collect();
        let key = format!("{} for {}", notice.id, targets.join(", "));
        Ok(Parsed::Ours { key, event: notice.id.clone(), input: notice })
    }

    async fn handle(&self, _: &String, notices: Vec<Notice>) -> Result<(), Fault> {
        // All of them say the same.
        let Some(notice) = notices.first() else { return Ok(()) };
        let told = notice.targets.iter().map(|target| self.tell(target, notice));
        let mut failed = Vec::new();
        for (target, told) in notice.targets.iter().zip(join_all(told).await) {
            match told {
                Ok(()) => tracing::info!(%target, notice = %notice.id, "told"),
                Err(Fault::NotOurs(reason)) => tracing::info!(%target, %reason, "not told"),
                Err(fault) => failed.push((target, fault)),
            }
        }
        if notice.targets.len() == 1 {
            return failed.pop().map_or(Ok(()), |(_, fault)| Err(fault));
        }
        for (target, fault) in failed {
            tracing::warn!(%target, reason = %fault.chain(), "goes on by itself");
            self.apart(notice, target).await?;
        }
        Ok(())
    }
}

impl Notify {
    async fn tell(&self, target: &Target, notice: &Notice) -> Result<(), Fault> {
        match target {
            Target::Sns(topic) => targets::sns::publish(self, topic, notice).await,
            Target::Webhook(secret) => targets::webhook::post(self, secret, notice).await,
            Target::Github(secret) => targets::github::status(self, secret, notice).await,
            Target::Codecommit(_) => targets::codecommit::comment(self, notice).await,
        }
    }

    /// A target that failed is tried again by a message of its own: the others were told.
    async fn apart(&self, notice: &Notice, target: &Target) -> Result<(), Fault> {
        let alone = Notice { targets: vec![target.clone()], ..notice.clone() };
        self.notices.send(&alone).await
    }
}

/// The function as Lambda starts it.
///
/// # Errors
/// When its configuration is not complete, or the runtime's interface fails.
pub async fn run() -> anyhow::Result<()> {
    type Groups = (Account, Notifications, DeadLetters);
    let (account, Notifications(own), DeadLetters(dead)) = lambda::configure::<Groups>()?;
    let clients = Clients::reaching(account);
    let notices = Notices::new(clients.sqs(), &own);
    let queue = Queue::new(clients.sqs(), &dead, Chance::system());
    let notify = Notify { clients, notices, clock: Clock::system() };
    lambda::serve(Shell::new(notify, queue)).await
}

#[cfg(test)]
mod tests;
