//! Opens the services in the order in which they need each other.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};

use super::{EngineConfig, OPERATOR};
use crate::batch::{self, Batch, BatchConfig};
use crate::clock::Clock;
use crate::codecommit::CodeCommit;
use crate::ecr::Ecr;
use crate::events::{Bus, EventSink, Pattern, QueueMailbox};
use crate::http::{Edge, Faults, RequestLog};
use crate::incident::Incidents;
use crate::lambda::Setup;
use crate::principals::{Kind, Principals, is_user_name, user_arn};
use crate::s3::S3;
use crate::secretsmanager::SecretsManager;
use crate::sns::Sns;
use crate::sqs::{QueueSpec, Redrive, Sqs};
use crate::template::{self, Stack};

/// The parameter that names a Batch queue which the template does not create.
const JOB_QUEUE: &str = "JobQueue";

/// The parameter that says what is behind it.
const PLATFORM: &str = "Platform";

/// Every service of an engine.
pub(super) struct Services {
    clock: Clock,
    pub(super) principals: Arc<Principals>,
    pub(super) s3: Arc<S3>,
    pub(super) sqs: Arc<Sqs>,
    pub(super) ecr: Ecr,
    pub(super) batch: Batch,
    pub(super) bus: Arc<Bus>,
    pub(super) codecommit: Arc<CodeCommit>,
    pub(super) sns: Arc<Sns>,
    secrets: Arc<SecretsManager>,
    pub(super) log: Arc<RequestLog>,
    pub(super) incidents: Arc<Incidents>,
}

impl Services {
    pub(super) fn open(
        config: &EngineConfig,
        clock: Clock,
        dir: &Path,
        stack: &Stack,
        endpoint: &str,
        registry: &str,
    ) -> anyhow::Result<Self> {
        let incidents = Arc::new(Incidents::default());
        let principals = Arc::new(Principals::open(dir).context("cannot read the principals")?);
        for user in &config.users {
            ensure!(is_user_name(user), "{user:?} is no name of a user of IAM");
            principals.mint(Kind::User, user, None)?;
        }
        let log = RequestLog::open(dir, clock.clone(), config.kill_at)?;
        let s3 = S3::open(&dir.join("s3"), clock.clone()).context("cannot open S3")?;
        for bucket in &stack.buckets {
            s3.create_bucket(&bucket.name, bucket.versioned)?;
        }
        let sqs =
            Sqs::open(&dir.join("sqs"), clock.clone(), endpoint).context("cannot open SQS")?;
        queues(&sqs, stack)?;

        let sender = principals.mint(Kind::Service, "events.amazonaws.com", None)?;
        let mailbox = Arc::new(QueueMailbox { sqs: Arc::clone(&sqs), sender });
        let expected = config.expected_events.iter().map(Pattern::parse);
        let bus = Arc::new(Bus::open(
            &dir.join("events"),
            clock.clone(),
            stack.rules.clone(),
            expected.collect::<Result<_, _>>().context("an expected event is no pattern")?,
            config.knobs.clone(),
            mailbox,
            Arc::clone(&incidents),
        )?);
        let sink: Arc<dyn EventSink> = bus.clone();
        let ecr = Ecr::open(&dir.join("ecr"), clock.clone(), Arc::clone(&sink), registry)
            .context("cannot open ECR")?;
        repositories(&ecr, stack, &config.image_repositories)?;
        let secrets = Arc::new(SecretsManager::open(dir));
        let batch = Batch::open(
            &dir.join("batch"),
            clock.clone(),
            Arc::clone(&sink),
            Arc::clone(&principals),
            BatchConfig {
                endpoint: endpoint.to_owned(),
                runner: config.programs.runner.clone(),
                queues: job_queues(stack, config.vcpus),
                vcpus: config.vcpus,
                images: ecr.clone(),
                role_id: template::role_id,
                secrets: Arc::clone(&secrets),
                executor: config.executor.clone(),
                grace: batch::GRACE,
            },
        )
        .context("cannot open Batch")?;
        let (hook, caller) = (config.programs.hook.clone(), user_arn(OPERATOR));
        let codecommit =
            CodeCommit::open(dir, endpoint, &caller, hook, sink, Arc::clone(&incidents))
                .context("cannot open CodeCommit")?;
        let sns = Sns::open(&dir.join("sns"), clock.clone()).context("cannot open SNS")?;
        let sns = Arc::new(sns);
        Ok(Self {
            sns,
            secrets,
            clock,
            principals,
            s3,
            sqs,
            ecr,
            batch,
            bus,
            codecommit,
            log,
            incidents,
        })
    }

    /// The endpoint with these services behind it.
    pub(super) fn edge(&self, config: &EngineConfig) -> Edge {
        let containers = batch::container_endpoints(self.batch.clone());
        Edge {
            s3: Arc::clone(&self.s3),
            sqs: Arc::clone(&self.sqs),
            batch: Arc::new(self.batch.clone()),
            ecr: Arc::new(self.ecr.clone()),
            codecommit: self.codecommit.clone(),
            sns: self.sns.clone(),
            secrets: self.secrets.clone(),
            principals: Arc::clone(&self.principals),
            log: Arc::clone(&self.log),
            faults: Faults::new(config.faults.clone()),
            routes: containers.merge(self.codecommit.router()),
        }
    }

    /// What the functions run with.
    pub(super) fn lambda(&self, config: &EngineConfig, dir: &Path, endpoint: &str) -> Setup {
        Setup {
            dir: dir.join("functions"),
            endpoint: endpoint.to_owned(),
            program: config.programs.function.clone(),
            instances: config.function_instances,
            minute: config.tick,
            clock: self.clock.clone(),
            principals: Arc::clone(&self.principals),
            sqs: Arc::clone(&self.sqs),
            incidents: Arc::clone(&self.incidents),
        }
    }
}

/// Makes the queues, dead-letter queues first: the others name them.
fn queues(sqs: &Sqs, stack: &Stack) -> anyhow::Result<()> {
    let mut queues: Vec<_> = stack.queues.iter().collect();
    queues.sort_by_key(|queue| queue.redrive.is_some());
    for queue in queues {
        let redrive = queue.redrive.as_ref().map(|redrive| Redrive {
            dead_letter: redrive.target.clone(),
            max_receive_count: redrive.max_receive_count,
        });
        sqs.create_queue(QueueSpec {
            visibility: queue.visibility,
            retention: queue.retention,
            redrive,
            ..QueueSpec::new(&queue.name)
        })
        .with_context(|| format!("cannot make the queue `{}`", queue.logical_id))?;
    }
    Ok(())
}

fn repositories(ecr: &Ecr, stack: &Stack, others: &[String]) -> anyhow::Result<()> {
    let names = stack.repositories.iter().map(|repository| &repository.name).chain(others);
    for name in names {
        match ecr.create_repository(name, false) {
            Err(error) if error.code == "RepositoryAlreadyExistsException" => {}
            made => made.with_context(|| format!("cannot make the image repository `{name}`"))?,
        }
    }
    Ok(())
}

/// The queues of the template, and the one that its parameter names.
fn job_queues(stack: &Stack, vcpus: u32) -> Vec<batch::QueueSpec> {
    let named = stack.parameters.get(JOB_QUEUE).and_then(|arn| arn.split_once(":job-queue/"));
    let mut names: Vec<_> = stack.job_queues.iter().map(|queue| queue.name.as_str()).collect();
    names.extend(named.map(|(_, name)| name).filter(|name| !names.contains(name)));
    let kind = stack.parameters.get(PLATFORM).map_or("FARGATE", String::as_str);
    let spec = |name: &str| (name.to_owned(), kind.to_owned());
    let specs = names.into_iter().map(spec);
    specs.map(|(name, kind)| batch::QueueSpec { name, vcpus, kind }).collect()
}
