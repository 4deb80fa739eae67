//! An installation in one process: engine, functions, jobs, and the hands of those who use it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, bail};
use aws_credential_types::Credentials;
use fastrand::Rng;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::config::{Account, Buckets, from_env};
use signalbox_local::REGION;
use signalbox_local::batch::Executor;
use signalbox_local::clock::Clock;
use signalbox_local::engine::{Embedded, EngineConfig, Programs};
use signalbox_local::events::Knobs;
use signalbox_local::principals::Principal;
use signalbox_pipeline::explain::explain;
use signalbox_pipeline::run::Run;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::calls::Blows;
use super::connector::{Caller, Wire, http};
use super::invariants::Watcher;
use super::jobs::{self, Conduct, Hands};
use super::lambda::{Lambda, Seat};
use super::ops::{clone_url, definition};
use super::people::PEOPLE;
use crate::installation::JOB_QUEUE;
use crate::program::root;

/// When every world begins.
const BEGINNING: &str = "2026-11-20T09:00:00Z";
/// A folder in memory, where there is one: a world writes much and keeps nothing.
const MEMORY: &str = "/dev/shm";
pub(super) const MINUTE: Duration = Duration::from_secs(60);

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
    /// How many messages people and schedules have sent.
    said: Cell<u64>,
    /// What functions do; it ends when a function cannot be carried on with.
    seats: JoinSet<anyhow::Result<()>>,
    dir: TempDir,
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
        let mut world =
            Self { wire, buckets, lambda, hands: hands_of_jobs, said: Cell::new(0), seats, dir };
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
        let runs = self.runs().unwrap_or_default();
        let live = runs.iter().filter(|run| !run.state.phase.is_terminal());
        left.extend(live.map(|run| format!("{}: {}", run.id, explain(run, self.now()))));
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

    /// Where all of it lies on disk.
    pub(super) fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// How many messages people and schedules have sent.
    #[must_use]
    pub fn said(&self) -> u64 {
        self.said.get()
    }

    pub(super) async fn send(
        &self,
        queue: &str,
        body: String,
        by: &Principal,
    ) -> anyhow::Result<()> {
        self.said.set(self.said.get() + 1);
        let engine = self.wire.engine();
        let queue = engine.stack().queue(queue).context("there is no such queue")?;
        engine.sqs().send(&queue.name, body, BTreeMap::new(), by, Duration::ZERO).await?;
        Ok(())
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
        users: PEOPLE.map(str::to_owned).into(),
        ..EngineConfig::new(dir.join("engine"), root().join("template.yaml"), Programs::default())
    }
}
