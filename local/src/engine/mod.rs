//! The engine: every service, wired as the template says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::batch::Batch;
use crate::clock::Clock;
use crate::codecommit::CodeCommit;
use crate::ecr::Ecr;
use crate::events::Bus;
use crate::http::RequestLog;
use crate::incident::Incidents;
use crate::lambda::{Lambda, Usage};
use crate::principals::{Kind, Principal, Principals};
use crate::s3::S3;
use crate::sns::Sns;
use crate::sqs::Sqs;
use crate::template::{self, Stack};

mod build;
mod config;
mod embedded;
mod lock;
mod ports;
#[cfg(test)]
mod tests;

use build::Services;
pub use config::{EngineConfig, Programs};
pub use embedded::Embedded;
use lock::Lock;

/// How long requests under way may take when the engine stops.
const LAST_REQUESTS: Duration = Duration::from_secs(2);

/// The person who works with the engine.
const OPERATOR: &str = "operator";

/// A running engine. Dropping it ends the functions; jobs run on and are adopted by the next one.
pub struct Engine {
    endpoint: String,
    stack: Stack,
    operator: Principal,
    principals: Arc<Principals>,
    s3: Arc<S3>,
    sqs: Arc<Sqs>,
    ecr: Ecr,
    batch: Batch,
    bus: Arc<Bus>,
    codecommit: Arc<CodeCommit>,
    sns: Arc<Sns>,
    lambda: Lambda,
    log: Arc<RequestLog>,
    incidents: Arc<Incidents>,
    /// Ends the endpoint.
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
    registry: JoinHandle<()>,
    _lock: Lock,
}

impl Engine {
    /// Starts everything that the template names, and takes up what the last engine in this folder
    /// left: messages, objects, jobs, images, and events that were not delivered yet.
    ///
    /// # Errors
    /// When the template has faults, another engine holds the folder, or the folder cannot be
    /// written.
    pub async fn start(config: EngineConfig) -> anyhow::Result<Self> {
        let dir = folder(&config.dir)?;
        let lock = Lock::take(&dir)?;
        let listeners = ports::bind(&dir).await.context("cannot listen on 127.0.0.1")?;
        let endpoint = format!("http://{}", listeners.endpoint.local_addr()?);
        let host = listeners.registry.local_addr()?.to_string();
        let context = template::Context {
            parameters: config.parameters.clone(),
            stack_name: config.stack_name.clone(),
            endpoint: endpoint.clone(),
        };
        let stack = template::read(&config.template, &context)?;

        let services = Services::open(&config, Clock::default(), &dir, &stack, &endpoint, &host)?;
        let operator = services.principals.mint(Kind::User, OPERATOR, None)?;
        let (stop, stopped) = oneshot::channel();
        let edge = services.edge(&config);
        let served = tokio::spawn(async move {
            let stopped = async {
                // A sender that is gone means the same.
                let _ = stopped.await;
            };
            if let Err(error) = edge.serve(listeners.endpoint, stopped).await {
                tracing::error!(%error, "the endpoint ended");
            }
        });
        let router = crate::ecr::registry(services.ecr.clone());
        let registry = tokio::spawn(async move {
            if let Err(error) = axum::serve(listeners.registry, router).await {
                tracing::error!(%error, "the registry ended");
            }
        });
        let lambda = Lambda::start(&services.lambda(&config, &dir, &endpoint), &stack.functions)?;
        services.codecommit.drain().await.context("cannot deliver the pushes that waited")?;
        let Services {
            principals, s3, sqs, ecr, batch, bus, codecommit, sns, log, incidents, ..
        } = services;
        Ok(Self {
            endpoint,
            stack,
            operator,
            principals,
            s3,
            sqs,
            ecr,
            batch,
            bus,
            codecommit,
            sns,
            lambda,
            log,
            incidents,
            stop: Some(stop),
            served,
            registry,
            _lock: lock,
        })
    }

    /// Where the services answer, such as `http://127.0.0.1:4566`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Where the registry answers, as `127.0.0.1:port`.
    #[must_use]
    pub fn registry(&self) -> &str {
        self.ecr.host()
    }

    /// Makes the git repository of that name if it is not there, and returns its clone address.
    ///
    /// # Errors
    /// When the name is none of a repository, or git fails.
    pub async fn git_remote(&self, repository: &str) -> anyhow::Result<PathBuf> {
        self.codecommit.create(repository).await
    }

    /// The keys of the person who works with the engine.
    #[must_use]
    pub fn credentials(&self) -> &Principal {
        &self.operator
    }

    /// Everybody with keys of their own, the operator among them, by name.
    #[must_use]
    pub fn users(&self) -> Vec<Principal> {
        self.principals.users()
    }

    /// What the template says, resolved.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The template's outputs.
    #[must_use]
    pub fn outputs(&self) -> &BTreeMap<String, String> {
        &self.stack.outputs
    }

    /// The URL of the queue with that logical id.
    #[must_use]
    pub fn queue_url(&self, logical_id: &str) -> Option<String> {
        self.stack.queue(logical_id).map(|queue| self.sqs.url(&queue.name))
    }

    /// The URL of the queue of that name.
    #[must_use]
    pub fn url_of_queue(&self, name: &str) -> String {
        self.sqs.url(name)
    }

    /// The object store, to be looked at without requests.
    #[must_use]
    pub fn s3(&self) -> &S3 {
        &self.s3
    }

    /// What was published to topics.
    #[must_use]
    pub fn sns(&self) -> &Sns {
        &self.sns
    }

    /// The folder of a job: its log is there, and while it runs its working folder.
    #[must_use]
    pub fn job_folder(&self, id: &str) -> PathBuf {
        self.batch.job_folder(id)
    }

    /// How often each operation was called, such as `s3.PutObject`.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.log.counts()
    }

    /// The same per caller's name.
    #[must_use]
    pub fn counts_by_caller(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        self.log.counts_by_caller()
    }

    /// What the processes of each function use, by logical id.
    #[must_use]
    pub fn usage(&self) -> BTreeMap<String, Usage> {
        self.lambda.usage()
    }

    /// The processes of all functions, by id.
    #[must_use]
    pub fn function_processes(&self) -> Vec<i32> {
        self.lambda.processes()
    }

    /// What went wrong in the wiring, so far and from now on.
    #[must_use]
    pub fn incidents(&self) -> &Incidents {
        &self.incidents
    }

    /// Stops the engine. Jobs run on and are adopted by the next one in this folder; whatever else
    /// was under way is done again.
    pub async fn stop(mut self) {
        self.lambda.stop().await;
        drop(self.stop.take());
        if tokio::time::timeout(LAST_REQUESTS, &mut self.served).await.is_err() {
            self.served.abort();
        }
        self.registry.abort();
        self.batch.close().await;
        self.ecr.close().await;
        self.bus.close().await;
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.served.abort();
        self.registry.abort();
    }
}

fn folder(dir: &Path) -> anyhow::Result<PathBuf> {
    let make = || {
        std::fs::create_dir_all(dir)?;
        dir.canonicalize()
    };
    make().with_context(|| format!("cannot make the folder {}", dir.display()))
}
