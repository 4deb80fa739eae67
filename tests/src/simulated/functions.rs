//! The functions as their mains start them, but over any clients.

use std::collections::BTreeMap;

use anyhow::bail;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use signalbox_cloud::advance::Runs;
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::clock::Clock;
use signalbox_cloud::config::{
    Account, Buckets, CodeHost, DeadLetters, Jobs, Notifications, from_env,
};
use signalbox_cloud::effects::Notices;
use signalbox_cloud::lambda::{Queue, Shell};
use signalbox_commit::Commit;
use signalbox_decision::Decide;
use signalbox_image::Image;
use signalbox_job::Job;
use signalbox_launch::Launch;
use signalbox_notify::Notify;
use signalbox_pipeline::run::fact::outside::registry_host;
use signalbox_tick::Tick;

/// What an instance is started with.
#[derive(Clone, Debug)]
pub struct Start {
    /// Its variables, as Lambda would set them.
    pub variables: BTreeMap<String, String>,
    /// What its requests go through.
    pub http: SharedHttpClient,
    /// Its clock.
    pub clock: Clock,
    /// Its randomness.
    pub chance: Chance,
    /// The newest schema of documents that it knows.
    pub knows: u32,
}

/// A started function.
pub enum Function {
    /// `commit`.
    Commit(Box<Shell<Commit>>),
    /// `decision`.
    Decision(Box<Shell<Decide>>),
    /// `image`.
    Image(Box<Shell<Image>>),
    /// `job`.
    Job(Box<Shell<Job>>),
    /// `launch`.
    Launch(Box<Shell<Launch>>),
    /// `notify`.
    Notify(Box<Shell<Notify>>),
    /// `tick`.
    Tick(Box<Tick>),
}

impl Function {
    /// Starts the function whose binary is `binary`.
    ///
    /// # Errors
    /// When its variables are not complete, or there is no such function.
    pub fn start(binary: &str, start: Start) -> anyhow::Result<Self> {
        let Start { variables, http, clock, chance, knows } = start;
        let variable = |name: &str| variables.get(name).cloned();
        let (account, buckets, jobs) = from_env::<(Account, Buckets, Jobs)>(variable)?;
        let clients = Clients::over(account, http);
        let mut runs = Runs::connect(&clients, &buckets, &jobs, clock.clone(), chance.clone());
        runs.documents = runs.documents.knowing(knows);
        let checkout_image = jobs.checkout_image;
        if binary == "tick" {
            let CodeHost(host) = from_env(variable)?;
            return Ok(Self::Tick(Box::new(Tick::new(&clients, runs, host, checkout_image))));
        }
        let DeadLetters(dead) = from_env(variable)?;
        let queue = Queue::new(clients.sqs(), &dead, chance);
        Ok(match binary {
            "commit" => {
                let CodeHost(host) = from_env(variable)?;
                let commit = Commit { runs, host, checkout_image };
                Self::Commit(Box::new(Shell::new(commit, queue)))
            }
            "decision" => {
                let CodeHost(host) = from_env(variable)?;
                let decide = Decide { runs, host, checkout_image };
                Self::Decision(Box::new(Shell::new(decide, queue)))
            }
            "image" => {
                let Account { region, .. } = from_env(variable)?;
                let image = Image { runs, host: registry_host(&region)? };
                Self::Image(Box::new(Shell::new(image, queue)))
            }
            "job" => Self::Job(Box::new(Shell::new(Job { runs }, queue))),
            "launch" => Self::Launch(Box::new(Shell::new(Launch { runs }, queue))),
            "notify" => {
                let Notifications(own) = from_env(variable)?;
                let notices = Notices::new(clients.sqs(), &own);
                let notify = Notify { clients, notices, clock };
                Self::Notify(Box::new(Shell::new(notify, queue)))
            }
            other => bail!("no function {other} is known here: add it beside the others"),
        })
    }

    /// What the function does with a batch of messages; with none, what the clock has it do.
    ///
    /// # Errors
    /// When the invocation fails as a whole.
    pub async fn handle(&self, event: SqsEvent) -> anyhow::Result<SqsBatchResponse> {
        Ok(match self {
            Self::Commit(shell) => shell.handle(event).await,
            Self::Decision(shell) => shell.handle(event).await,
            Self::Image(shell) => shell.handle(event).await,
            Self::Job(shell) => shell.handle(event).await,
            Self::Launch(shell) => shell.handle(event).await,
            Self::Notify(shell) => shell.handle(event).await,
            Self::Tick(tick) => {
                tick.pass().await?;
                SqsBatchResponse::default()
            }
        })
    }
}
