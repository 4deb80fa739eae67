//! Where the state lies: the buckets of a deployment on AWS, or of a local engine.

use std::path::PathBuf;

use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::config::{Account, Buckets};
use signalbox_cloud::store::Documents;
use signalbox_pipeline::names::Host;

use crate::exit::Exit;

mod environment;
mod local;
mod newest;
mod objects;
mod queues;
mod refused;
mod released;
mod run;
#[cfg(test)]
pub(crate) mod testing;
mod versions;
mod wanted;

pub(crate) use newest::{Lister, days, newest_of};
pub(crate) use objects::{Objects, Read, Written};
pub(crate) use queues::Pair;
pub(crate) use refused::{refused, troubled};
pub(crate) use released::{pipelines, released_in};
pub(crate) use run::Seen;
pub(crate) use versions::{Stack, Version};
pub(crate) use wanted::{RunRef, find_run};

/// Where the state lies.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Place {
    /// The folder of a running local engine; without it, the environment says where
    ///
    /// Without --dir these variables name a deployment on AWS: SIGNALBOX_STATE_BUCKET,
    /// SIGNALBOX_INDEX_BUCKET, SIGNALBOX_ARTIFACTS_BUCKET (the outputs of the stack), AWS_REGION,
    /// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN and AWS_ENDPOINT_URL where
    /// they are needed.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

/// A way to the state.
pub(crate) struct Connection {
    clients: Clients,
    buckets: Buckets,
    place: Place,
    /// What SQS calls whoever sends with these keys, where that is known.
    sender: Option<String>,
}

impl Place {
    /// Finds the buckets and the keys to them.
    pub(crate) async fn connect(&self) -> anyhow::Result<Connection> {
        self.connect_as(None).await
    }

    /// As `connect`, with the keys of `user` of a local engine.
    pub(crate) async fn connect_as(&self, user: Option<&str>) -> anyhow::Result<Connection> {
        let (account, buckets, sender) = match (&self.dir, user) {
            (Some(dir), user) => {
                let (account, buckets, sender) = local::engine(dir, user).await?;
                (account, buckets, Some(sender))
            }
            (None, Some(_)) => {
                return Err(Exit::Usage.because(
                    "--as names a user of a local engine, and --dir is missing: on AWS the keys in \
                     the environment say who you are",
                ));
            }
            (None, None) => {
                let (account, buckets) = environment::deployment(|name| std::env::var(name).ok())?;
                (account, buckets, None)
            }
        };
        Ok(Connection { sender, ..Connection::new(account, buckets, self.clone()) })
    }

    /// What to add to a command that is suggested, so that it looks in the same place.
    pub(crate) fn flag(&self) -> String {
        self.dir.as_ref().map(|dir| format!(" --dir {}", dir.display())).unwrap_or_default()
    }
}

impl Connection {
    fn new(account: Account, buckets: Buckets, place: Place) -> Self {
        Self { clients: Clients::new(account), buckets, place, sender: None }
    }

    /// The state's documents.
    pub(crate) fn documents(&self) -> Documents {
        Documents::new(self.clients.s3(), &self.buckets.state, Chance::system())
    }

    /// The state bucket, object by object.
    pub(crate) fn state(&self) -> Objects {
        Objects::new(self.clients.s3(), &self.buckets.state)
    }

    /// The artifacts bucket, object by object.
    pub(crate) fn artifacts(&self) -> Objects {
        Objects::new(self.clients.s3(), &self.buckets.artifacts)
    }

    /// The artifacts bucket's name.
    pub(crate) fn artifacts_bucket(&self) -> &str {
        &self.buckets.artifacts
    }

    /// What SQS calls whoever sends with these keys: known of a local engine only.
    pub(crate) fn sender(&self) -> Option<&str> {
        self.sender.as_deref()
    }

    /// The host of CodeCommit's repositories.
    pub(crate) fn code_host(&self) -> anyhow::Result<Host> {
        let named = std::env::var("SIGNALBOX_CODE_HOST").ok().filter(|_| self.place.dir.is_none());
        let region = &self.clients.account().region;
        Ok(named.unwrap_or_else(|| format!("codecommit.{region}.amazonaws.com")).parse()?)
    }

    /// What to add to a command that is suggested, so that it looks in the same place.
    pub(crate) fn flag(&self) -> String {
        self.place.flag()
    }
}
