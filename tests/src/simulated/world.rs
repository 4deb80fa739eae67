//! An installation in one process: engine, functions, jobs, and the hands of those who use it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use aws_credential_types::Credentials;
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::config::{Account, Buckets, from_env};
use signalbox_cloud::decision::{Decision, What};
use signalbox_cloud::launches::{LaunchKey, Request};
use signalbox_cloud::store::{Documents, Put};
use signalbox_local::REGION;
use signalbox_local::batch::Executor;
use signalbox_local::clock::Clock;
use signalbox_local::engine::{Embedded, EngineConfig, Programs};
use signalbox_local::events::{EventSink as _, Knobs};
use signalbox_pipeline::definition::BranchPattern;
use signalbox_pipeline::digest::sha256;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EventId, Host, PipelineName, RepositoryName};
use signalbox_pipeline::registration::{self, Registration};
use signalbox_pipeline::run::Run;
use signalbox_pipeline::settings;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::calls::Blows;
use super::connector::{Caller, Wire, http};
use super::invariants::Watcher;
use super::jobs::{self, Conduct, Hands};
use super::lambda::{Lambda, Seat};
use crate::installation::{HOST, JOB_QUEUE};
use crate::program::root;

/// When every world begins.
const BEGINNING: &str = "2026-11-20T09:00:00Z";
/// The environments that every definition deploys to.
const ENVIRONMENTS: [&str; 2] = ["test", "staging"];
/// A folder in memory, where there is one: a world writes much and keeps nothing.
const MEMORY: &str = "/dev/shm";
const MINUTE: Duration = Duration::from_secs(60);

/// What a world is made of.
pub struct Setup {
    /// What all chance follows from.
    pub seed: u64,
    /// What happens to calls.
    pub blows: Blows,
    /// What happens to events.
    pub knobs: Knobs,
    /// How many instances of one function there may be at a time.
    pub seats: usize,
    /// By how much the clock of an instance may be wrong, either way.
    pub skew: Duration,
    /// The pipelines; each has a repository of its name.
    pub pipelines: Vec<String>,
    /// What jobs do with their time, by the order in which they start; the others do well.
    pub conducts: BTreeMap<u64, Conduct>,
    /// When a newer version is deployed, counted from the beginning; until then all instances are of
    /// the version before.
    pub deploy: Option<Range<Duration>>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            seed: 1,
            blows: Blows::default(),
            knobs: Knobs::default(),
            seats: 2,
            skew: Duration::ZERO,
            pipelines: vec!["rain".to_owned()],
            conducts: BTreeMap::new(),
            deploy: None,
        }
    }
}

/// A world in which functions run.
pub struct World {
    wire: Arc<Wire>,
    buckets: Buckets,
    lambda: Lambda,
    hands: Arc<Hands>,
    /// What functions do; it ends when a function cannot be carried on with.
    seats: JoinSet<anyhow::Result<()>>,
    _dir: TempDir,
}

impl World {
    /// Makes a world whose repositories are registered and whose environments are set up. Must be
    /// called within [`alone`](super::parallel::alone).
    ///
    /// # Errors
    /// When the engine does not open, or refuses what ops do.
    pub async fn begin(setup: Setup) -> anyhow::Result<Self> {
        fastrand::seed(setup.seed);
        let memory = Path::new(MEMORY);
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let dir = tempfile::Builder::new().prefix("signalbox-world-").tempdir_in(place)?;
        let start: Timestamp = BEGINNING.parse()?;
        let hands = Arc::new(Hands::default());
        let config = config(dir.path(), &setup.pipelines, setup.knobs);
        let executor = Executor::Scripts(jobs::scripts(Arc::clone(&hands), setup.conducts));
        let config = EngineConfig { executor, ..config };
        let engine = Embedded::open(&config, Clock::on_tokio(start), setup.seed)?;
        let function = engine.stack().functions.first().context("the template has no function")?;
        let variables = engine.variables(function)?;
        let buckets = from_env::<Buckets>(|name| variables.get(name).cloned())?;
        let wire = Wire::new(engine, setup.blows, setup.seed);
        let lambda = Lambda {
            wire: Arc::clone(&wire),
            origin: (start, Instant::now()),
            skew: setup.skew,
            chance: Arc::new(Mutex::new(Rng::with_seed(setup.seed))),
            deploy: setup.deploy,
        };
        let (seats, hands_of_jobs) = (JoinSet::new(), Arc::clone(&hands));
        let mut world = Self { wire, buckets, lambda, hands: hands_of_jobs, seats, _dir: dir };
        let definitions = setup.pipelines.iter().map(|name| (clone_url(name), definition(name)));
        let (s3, state) = (world.operator().s3().patient, world.buckets.state.clone());
        hands.give(&world.wire, s3, &state, definitions.collect());
        world.register(&setup.pipelines).await?;
        world.take_seats(setup.seats);
        Ok(world)
    }

    /// Has every invariant looked at after every write from now on: where one does not hold, no
    /// time passes any more.
    pub fn watch(&mut self) {
        self.seats.spawn_local(Watcher::new(&self.wire, &self.buckets).watch());
    }

    /// Clients in the hands of ops, whose calls are not counted and never fail.
    #[must_use]
    pub fn operator(&self) -> Clients {
        let keys = self.wire.engine().credentials();
        let (key, secret) = (&keys.access_key_id, &keys.secret_access_key);
        let account = Account {
            region: REGION.to_owned(),
            credentials: Credentials::new(key, secret, None, None, "operator"),
            endpoint: Some(self.wire.engine().endpoint().to_owned()),
        };
        Clients::over(account, http(&self.wire, &Arc::new(Caller::default())))
    }

    /// The network, and the engine at its other end.
    #[must_use]
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// The buckets.
    #[must_use]
    pub fn buckets(&self) -> &Buckets {
        &self.buckets
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let (start, since) = self.lambda.origin;
        start + since.elapsed()
    }

    /// Somebody pushes to the branch `main` of `repository`; the commit's id and the event's follow
    /// from `name`.
    ///
    /// # Errors
    /// When the branch cannot be moved, or the bus does not take the event.
    pub async fn push(&self, repository: &str, name: &str) -> anyhow::Result<()> {
        let path = root().join("events/codecommit-push.json");
        let mut event: Value = serde_json::from_slice(&std::fs::read(path)?)?;
        let commit = commit(repository, name);
        event["id"] = event_id(repository, name).into();
        event["time"] = self.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into();
        event["detail"]["repositoryName"] = repository.into();
        event["detail"]["commitId"] = commit.clone().into();
        let heads = self.wire.engine().codecommit().path(repository).join("refs/heads");
        std::fs::create_dir_all(&heads)?;
        std::fs::write(heads.join("main"), commit)?;
        self.wire.engine().bus().put(event).await
    }

    /// The operator decides; the decision's id follows from `name`.
    ///
    /// # Errors
    /// When the queue does not take it.
    pub async fn decide(&self, name: &str, what: What) -> anyhow::Result<()> {
        let (at, engine) = (self.now(), self.wire.engine());
        let expires = at + SignedDuration::from_hours(1);
        let id = EventId::parse(event_id("decisions", name))?;
        let body = Decision { id, at, expires, what }.message()?;
        let queue = engine.stack().queue("DecisionsQueue").context("no queue for decisions")?;
        let (attributes, sender) = (BTreeMap::new(), engine.credentials());
        engine.sqs().send(&queue.name, body, attributes, sender, Duration::ZERO).await?;
        Ok(())
    }

    /// Lets time pass until nothing has been left to be done for `quiet` minutes: `tick` may still
    /// find what nobody told.
    ///
    /// # Errors
    /// When that is not so within `minutes`, with what is left; when a function cannot go on.
    pub async fn settle(&mut self, minutes: u32, quiet: u32) -> anyhow::Result<()> {
        let mut still = 0;
        for _ in 0..minutes {
            self.pass(MINUTE).await?;
            still = if self.unrest().is_empty() { still + 1 } else { 0 };
            if still >= quiet {
                return Ok(());
            }
        }
        bail!("not settled within {minutes} minutes: {}", self.unrest().join("; "))
    }

    /// Lets time pass.
    ///
    /// # Errors
    /// When a function cannot go on.
    pub async fn pass(&mut self, time: Duration) -> anyhow::Result<()> {
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            Some(ended) = self.seats.join_next() => {
                ended??;
                bail!("a seat of a function ended")
            }
        }
    }

    /// What is left to be done, in words.
    #[must_use]
    pub fn unrest(&self) -> Vec<String> {
        let engine = self.wire.engine();
        let mut left = Vec::new();
        for queue in engine.stack().queues.iter().filter(|queue| queue.redrive.is_some()) {
            let depth = engine.sqs().depth(&queue.name).unwrap_or_default();
            if depth != signalbox_local::sqs::Depth::default() {
                left.push(format!("{} holds {depth:?}", queue.logical_id));
            }
        }
        let markers = engine.s3().keys(&self.buckets.index, "");
        left.extend(markers.into_iter().map(|marker| format!("the marker {marker}")));
        let jobs = engine.batch().jobs().into_iter().filter(|job| !job.is_over);
        left.extend(jobs.map(|job| format!("the job {}", job.name)));
        let held_back = engine.bus().held_back();
        left.extend((held_back > 0).then(|| format!("{held_back} events held back")));
        left
    }

    /// The runs that there are.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn runs(&self) -> anyhow::Result<Vec<Run>> {
        let s3 = self.wire.engine().s3();
        let keys = s3.keys(&self.buckets.state, "pipelines/");
        let runs = keys.iter().filter(|key| key.ends_with("/run.json")).map(|key| {
            let bytes = s3.peek(&self.buckets.state, key)?.context("it is gone")?;
            serde_json::from_slice(&bytes).with_context(|| format!("{key} is no run"))
        });
        runs.collect()
    }

    fn take_seats(&mut self, seats: usize) {
        for function in &self.wire.engine().stack().functions {
            for _ in 0..seats {
                for source in &function.sources {
                    let seat = Seat::new(&self.lambda, function);
                    self.seats.spawn_local(seat.serve_queue(source.clone()));
                }
            }
            for schedule in &function.schedules {
                let seat = Seat::new(&self.lambda, function);
                self.seats.spawn_local(seat.serve_schedule(schedule.clone()));
            }
        }
    }

    async fn register(&self, pipelines: &[String]) -> anyhow::Result<()> {
        let s3 = self.operator().s3();
        let documents = Documents::new(s3.clone(), &self.buckets.state, Chance::new(|| 0));
        for name in pipelines {
            let (host, repository) = (Host::parse(HOST)?, RepositoryName::parse(name)?);
            let key = keys::state::repository(&host, &repository);
            let registration = Registration {
                schema: registration::SCHEMA,
                revision: 1,
                write_id: "ops".to_owned(),
                host,
                repository,
                pipeline: PipelineName::parse(name)?,
                clone_url: clone_url(name),
                branches: vec![BranchPattern::parse("**")?],
                checkout_image: None,
                notify: Vec::new(),
            };
            let put = documents.create(&key, &registration).await?;
            ensure!(matches!(put, Put::Committed(_)), "{key} was not written");
        }
        for environment in ENVIRONMENTS {
            self.apply(&format!("version: 1\nenvironment: {environment}\n")).await?;
        }
        Ok(())
    }

    /// Ops apply these settings.
    ///
    /// # Errors
    /// When they are faulty, or S3 does not take them.
    pub async fn apply(&self, text: &str) -> anyhow::Result<()> {
        let settings = settings::parse(text).map_err(|faults| anyhow::anyhow!("{faults}"))?;
        let environment = &settings.environment;
        let version = keys::state::settings_version(environment, &settings.digest());
        for key in [version, keys::state::settings(environment)] {
            let body = settings.to_json().into_bytes().into();
            let s3 = self.operator().s3().patient;
            s3.put_object().bucket(&self.buckets.state).key(key).body(body).send().await?;
        }
        Ok(())
    }

    /// A schedule asks for a launch; its id follows from `name`.
    ///
    /// # Errors
    /// When the queue does not take it.
    pub async fn train(&self, environment: &str, name: &str) -> anyhow::Result<LaunchKey> {
        let id = EventId::parse(event_id("launches", name))?;
        let (pipeline, environment) = (PipelineName::parse("rain")?, environment.parse()?);
        let request = Request::new(id, self.now(), pipeline, environment, None);
        let engine = self.wire.engine();
        let queue = engine.stack().queue("LaunchesQueue").context("no queue for launches")?;
        let (body, sender) = (serde_json::to_string(&request)?, engine.credentials());
        engine.sqs().send(&queue.name, body, BTreeMap::new(), sender, Duration::ZERO).await?;
        Ok(request.key())
    }

    /// What the jobs of launches do with their time.
    #[must_use]
    pub fn hands(&self) -> &Hands {
        &self.hands
    }

    /// The document under `key`, if there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn document<D: DeserializeOwned>(&self, key: &str) -> anyhow::Result<Option<D>> {
        let bytes = self.wire.engine().s3().peek(&self.buckets.state, key)?;
        let read = bytes.map(|bytes| serde_json::from_slice(&bytes));
        read.transpose().with_context(|| key.to_owned())
    }
}

fn config(dir: &Path, pipelines: &[String], knobs: Knobs) -> EngineConfig {
    let parameters = [
        ("StageName", "test".to_owned()),
        ("Repositories", pipelines.join(",")),
        ("ImageRepositories", "trainer".to_owned()),
        ("JobQueue", JOB_QUEUE.to_owned()),
        ("RunnerImage", "signalbox/runner:test".to_owned()),
        ("CheckoutImage", "signalbox/checkout:test".to_owned()),
    ];
    EngineConfig {
        parameters: parameters.map(|(name, value)| (name.to_owned(), value)).into(),
        image_repositories: vec!["trainer".to_owned()],
        knobs,
        vcpus: 64,
        ..EngineConfig::new(dir.join("engine"), root().join("template.yaml"), Programs::default())
    }
}

fn clone_url(pipeline: &str) -> String {
    format!("https://{HOST}/v1/repos/{pipeline}")
}

/// Every kind of stage, each with one job.
fn definition(pipeline: &str) -> String {
    // Each way in which runs of a branch get along is some pipeline's.
    let concurrency = match pipeline {
        "snow" => "queue",
        "wind" => "supersede",
        _ => "parallel",
    };
    let mut text = format!(
        "version: 1\npipeline: {pipeline}\non: {{ push: {{ branches: [main] }} }}\n\
         concurrency: {concurrency}\n\
         checks: {{ unit: {{ run: \"true\" }} }}\n\
         build: {{ dockerfile: Dockerfile, context: ., repository: trainer }}\ndeploy:\n"
    );
    for environment in ENVIRONMENTS {
        text.push_str(&format!(
            "  - environment: {environment}\n    verify: {{ smoke: {{ run: cat greeting }} }}\n"
        ));
    }
    text.push_str("train: { run: cat greeting, require: [\"metrics.auc > 0.1\"] }\n");
    text
}

/// The commit of a push that bears `name`.
#[must_use]
pub fn commit(repository: &str, name: &str) -> String {
    let hash = sha256(format!("{repository} {name}").as_bytes());
    hash.as_str()[..40].to_owned()
}

/// The id of the event of a push that bears `name`.
#[must_use]
pub fn event_id(repository: &str, name: &str) -> String {
    let hash = sha256(format!("the event of {repository} {name}").as_bytes());
    let hex = hash.as_str();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}
