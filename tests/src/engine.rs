//! The engine as a process: what the test sets up, and what the process tells about itself.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use signalbox_local::engine::{Engine, EngineConfig, Programs};
use signalbox_local::events::Knobs;

/// The verb that starts an engine.
pub const VERB: &str = "engine-under-test";
/// The repository that the template listens to, and the pipeline that it starts.
pub const REPOSITORY: &str = "rain";
/// The image repository that the pipeline pushes to.
pub const IMAGES: &str = "rain-trainer";
/// The ARN of the Batch queue.
pub const JOB_QUEUE: &str = "arn:aws:batch:eu-west-1:123456789012:job-queue/signalbox";

/// What an engine is started with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// Where it keeps everything.
    pub dir: PathBuf,
    /// The template that it carries out.
    pub template: PathBuf,
    /// The minute of its schedules, in milliseconds.
    pub tick_ms: u64,
    /// Processes of one function at most.
    pub instances: usize,
    /// The processors that jobs share.
    pub vcpus: u32,
    /// The request at which it kills itself.
    pub kill_at: Option<u64>,
    /// The probability that an event comes twice.
    pub duplicate: f64,
    /// The probability that an event is held back.
    pub reorder: f64,
    /// How long an event is held back at most, in milliseconds.
    pub delay_ms: u64,
    /// What chance depends on.
    pub seed: u64,
}

impl Setup {
    /// An engine that is kind to events and whose minute is longer than any test.
    #[must_use]
    pub fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            template: root().join("template.yaml"),
            tick_ms: 600_000,
            instances: 2,
            vcpus: 2,
            kill_at: None,
            duplicate: 0.0,
            reorder: 0.0,
            delay_ms: 0,
            seed: 0,
        }
    }

    fn config(&self) -> anyhow::Result<EngineConfig> {
        let own = std::env::current_exe()?.into_os_string();
        let call = |verb: &str| vec![own.clone(), verb.into()];
        let programs =
            Programs { function: call("function"), runner: call("runner"), hook: call("hook") };
        let mut config = EngineConfig::new(self.dir.clone(), self.template.clone(), programs);
        let parameters = [
            ("Repositories", REPOSITORY),
            ("ImageRepositories", IMAGES),
            ("JobQueue", JOB_QUEUE),
            ("RunnerImage", "signalbox/runner:1"),
            ("CheckoutImage", "signalbox/checkout:1"),
        ];
        config.parameters =
            parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        config.image_repositories = vec![IMAGES.to_owned()];
        config.tick = Duration::from_millis(self.tick_ms);
        config.function_instances = self.instances;
        config.vcpus = self.vcpus;
        config.kill_at = self.kill_at;
        config.knobs = Knobs {
            seed: self.seed,
            duplicate: self.duplicate,
            reorder: self.reorder,
            delay: Duration::from_millis(self.delay_ms),
        };
        Ok(config)
    }
}

/// What a running engine tells, in the words of `signalbox local`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Where the services answer.
    pub endpoint: String,
    /// Where the repository is pushed to.
    pub git_remote: PathBuf,
    /// Where images are pushed to.
    pub registry: String,
    /// The buckets, by the first word of their outputs: `State`, `Index`, `Artifacts`.
    pub buckets: BTreeMap<String, String>,
    /// The URLs of the queues: `Commits`, `Images`, `Jobs`, and each with `DeadLetters` behind it.
    pub queues: BTreeMap<String, String>,
    /// The operator's access key.
    pub access_key_id: String,
    /// The secret that belongs to it.
    pub secret_access_key: String,
}

/// Runs an engine until its standard input ends.
#[must_use]
pub fn main(setup: &Path) -> ExitCode {
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false);
    log.init();
    let ended = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(setup)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(setup: &Path) -> anyhow::Result<()> {
    let setup: Setup = serde_json::from_slice(&std::fs::read(setup)?)?;
    let engine = Engine::start(setup.config()?).await?;
    let named = |suffix: &str| {
        let outputs = engine.outputs().iter();
        let of_kind = outputs.filter_map(|(name, value)| {
            Some((name.strip_suffix(suffix)?.to_owned(), value.clone()))
        });
        of_kind.collect::<BTreeMap<_, _>>()
    };
    let facts = Facts {
        endpoint: engine.endpoint().to_owned(),
        git_remote: engine.git_remote(REPOSITORY).await?,
        registry: engine.registry().to_owned(),
        buckets: named("BucketName"),
        queues: named("QueueUrl"),
        access_key_id: engine.credentials().access_key_id.clone(),
        secret_access_key: engine.credentials().secret_access_key.clone(),
    };
    let mut out = std::io::stdout();
    writeln!(out, "{}", serde_json::to_string(&facts)?)?;
    out.flush()?;
    // The test holds the other end: when it is gone, however it went, so are we.
    let gone = || std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
    tokio::task::spawn_blocking(gone).await??;
    engine.stop().await;
    Ok(())
}

/// The root of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}
