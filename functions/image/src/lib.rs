//! The image function: a pushed image moves the run that built it on, or starts one.

use std::fmt;

use signalbox_cloud::advance::{RunKey, Runs};
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::clock::Clock;
use signalbox_cloud::config::{Account, Buckets, DeadLetters, Jobs};
use signalbox_cloud::fault::{Fault, Malformed};
use signalbox_cloud::ingest::ecr::{self, ImagePush};
use signalbox_cloud::ingest::{Envelope, Read};
use signalbox_cloud::lambda::{self, Handler, Message, Parsed, Queue, Shell};
use signalbox_pipeline::attempt::of_image_tag;
use signalbox_pipeline::names::{Host, ImageRepository, ImageTag};
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::Fact;
use signalbox_pipeline::run::fact::ImagePushed;
use signalbox_pipeline::run::fact::outside::registry_host;

/// The function, with everything that it needs.
#[derive(Debug)]
pub struct Image {
    /// The runs.
    pub runs: Runs,
    /// What ops register image repositories under.
    pub host: Host,
}

/// What an image is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// The run that built it.
    Run(RunKey),
    /// A tag that is none of ours.
    Outside(ImageRepository, ImageTag),
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(run) => run.fmt(f),
            Self::Outside(repository, tag) => write!(f, "{repository}:{tag}"),
        }
    }
}

impl Handler for Image {
    type Key = About;
    type Input = ImagePush;

    fn parse(&self, message: &Message) -> Result<Parsed<About, ImagePush>, Malformed> {
        let envelope = Envelope::parse(&message.body)?;
        let push = match ecr::read(&envelope)? {
            Read::Ignored(reason) => return Ok(Parsed::Ignored(reason)),
            Read::Event(push) => push,
        };
        let Some(tag) = push.tag.clone() else {
            let ImagePush { repository, digest, .. } = &push;
            let reason = format!("{repository}@{digest} was pushed without a tag");
            return Ok(Parsed::Ignored(reason));
        };
        let key = match of_image_tag(&tag) {
            Some((pipeline, run, _)) => About::Run(RunKey { pipeline, run }),
            None => About::Outside(push.repository.clone(), tag),
        };
        Ok(Parsed::Ours { key, event: push.event.clone(), input: push })
    }

    async fn handle(&self, key: &About, pushes: Vec<ImagePush>) -> Result<(), Fault> {
        match key {
            About::Run(run) => {
                self.runs.hear(run, pushes.into_iter().filter_map(announced).collect()).await
            }
            About::Outside(_, tag) => {
                for push in &pushes {
                    self.runs.begin_outside(&self.host, push, tag).await?;
                }
                Ok(())
            }
        }
    }
}

/// What the run of the image's tag is told.
fn announced(push: ImagePush) -> Option<Occurrence> {
    let ImagePush { event, repository, digest, tag, .. } = push;
    let tag = tag?;
    let (_, _, number) = of_image_tag(&tag)?;
    let fact = Fact::ImagePushed(ImagePushed { number, repository, tag, digest });
    Some(Occurrence { event, actor: "aws.ecr".to_owned(), fact })
}

/// The function as Lambda starts it.
///
/// # Errors
/// When its configuration is not complete, or the runtime's interface fails.
pub async fn run() -> anyhow::Result<()> {
    type Groups = (Account, Buckets, Jobs, DeadLetters);
    let (account, buckets, jobs, DeadLetters(dead)) = lambda::configure::<Groups>()?;
    let host = registry_host(&account.region)?;
    let (clients, chance) = (Clients::new(account), Chance::system());
    let runs = Runs::connect(&clients, &buckets, &jobs, Clock::system(), chance.clone());
    runs.warm().await;
    lambda::serve(Shell::new(Image { runs, host }, Queue::new(clients.sqs(), &dead, chance))).await
}

#[cfg(test)]
mod tests;
