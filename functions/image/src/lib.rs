//! The image function: a pushed image moves the run that built it on.

use signalbox_cloud::advance::{RunKey, Runs};
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::clock::Clock;
use signalbox_cloud::config::{Account, Buckets, DeadLetters, Jobs};
use signalbox_cloud::fault::{Fault, Malformed};
use signalbox_cloud::ingest::{Envelope, Read, ecr};
use signalbox_cloud::lambda::{self, Handler, Message, Parsed, Queue, Shell};
use signalbox_pipeline::attempt::of_image_tag;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::Fact;
use signalbox_pipeline::run::fact::ImagePushed;

/// The function, with everything that it needs.
#[derive(Debug)]
pub struct Image {
    /// The runs.
    pub runs: Runs,
}

impl Handler for Image {
    type Key = RunKey;
    type Input = Occurrence;

    fn parse(&self, message: &Message) -> Result<Parsed<RunKey, Occurrence>, Malformed> {
        let envelope = Envelope::parse(&message.body)?;
        let push = match ecr::read(&envelope)? {
            Read::Ignored(reason) => return Ok(Parsed::Ignored(reason)),
            Read::Event(push) => push,
        };
        let (repository, digest) = (push.repository, push.digest);
        let Some(tag) = push.tag else {
            let reason = format!("{repository}@{digest} was pushed without a tag");
            return Ok(Parsed::Ignored(reason));
        };
        let Some((pipeline, run, number)) = of_image_tag(&tag) else {
            return Ok(Parsed::Ignored(format!(
                "{repository}:{tag} was pushed from outside: only tags <pipeline>.<run>.<attempt> \
                 are of runs, and nothing changes"
            )));
        };
        let fact = Fact::ImagePushed(ImagePushed { number, repository, tag, digest });
        let event = push.event;
        let input = Occurrence { event: event.clone(), actor: "aws.ecr".to_owned(), fact };
        Ok(Parsed::Ours { key: RunKey { pipeline, run }, event, input })
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
    lambda::serve(Shell::new(Image { runs }, Queue::new(clients.sqs(), &dead, chance))).await
}

#[cfg(test)]
mod tests;
