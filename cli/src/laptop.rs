//! The laptop: the local engine with this binary's own functions, runner and hook, and the example.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use signalbox_local::engine::{Engine, EngineConfig};
use signalbox_local::events::Knobs;

use crate::multicall;

mod address;
pub(crate) mod environments;
pub(crate) mod example;
mod expected;
pub(crate) mod follow;
mod git;
mod register;
pub(crate) mod told;
mod traces;

pub(crate) use address::Address;
pub(crate) use example::{commit_all, push_unheard};
pub(crate) use register::{clients, register, settings};

/// The template that ops deploy, as it was when this binary was built.
const TEMPLATE: &str = include_str!("../../template.yaml");

/// The queue that the engine's jobs are submitted to.
const JOB_QUEUE: &str = "arn:aws:batch:eu-west-1:123456789012:job-queue/signalbox";

/// The parameter that names the repositories of images; ops make them beside the stack.
const IMAGES: &str = "ImageRepositories";

/// What a verb wants of the engine.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The folder of everything durable.
    pub(crate) dir: PathBuf,
    /// A template of the user's own.
    pub(crate) template: Option<PathBuf>,
    /// Values for the template's parameters, beside those of the laptop.
    pub(crate) parameters: BTreeMap<String, String>,
    /// People with keys of their own, besides the operator.
    pub(crate) users: Vec<String>,
    /// How unkindly events are delivered.
    pub(crate) knobs: Knobs,
    /// The vCPUs that jobs share; the machine's own where absent.
    pub(crate) vcpus: Option<u32>,
    /// How long the minute of a schedule lasts.
    pub(crate) tick: Duration,
    /// The request at which the engine kills itself.
    pub(crate) kill_at: Option<u64>,
    /// Where the runners write down when they began and ended.
    pub(crate) stamps: Option<PathBuf>,
}

impl Wanted {
    /// A kind engine in `dir`.
    pub(crate) fn in_folder(dir: PathBuf) -> Self {
        Self {
            dir,
            template: None,
            parameters: BTreeMap::new(),
            users: Vec::new(),
            knobs: Knobs::default(),
            vcpus: None,
            tick: Duration::from_secs(60),
            kill_at: None,
            stamps: None,
        }
    }

    /// Starts the engine.
    ///
    /// # Errors
    /// When the template has faults, or the folder is in use or cannot be written.
    pub(crate) async fn start(self) -> anyhow::Result<Engine> {
        let dir = &self.dir;
        std::fs::create_dir_all(dir)
            .with_context(|| format!("cannot make the folder {}", dir.display()))?;
        traces::keep(dir)?;
        let template = match &self.template {
            Some(file) => file.clone(),
            None => own_template(dir)?,
        };
        let programs = multicall::programs(self.stamps.as_deref())?;
        let defaults = EngineConfig::new(dir.clone(), template, programs);
        let mut parameters = parameters();
        parameters.extend(self.parameters);
        let images = parameters.get(IMAGES).map(String::as_str).unwrap_or_default();
        let images: Vec<String> = images.split(',').map(|name| name.trim().to_owned()).collect();
        let config = EngineConfig {
            parameters,
            expected_events: expected::events(&images),
            image_repositories: images,
            users: self.users,
            knobs: self.knobs,
            vcpus: self.vcpus.unwrap_or(defaults.vcpus),
            tick: self.tick,
            kill_at: self.kill_at,
            ..defaults
        };
        Engine::start(config).await
    }
}

/// What the functions and the jobs asked of AWS, which is all but what people did themselves.
pub(crate) fn product_requests(engine: &Engine) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    let people: BTreeSet<String> = engine.users().into_iter().map(|user| user.name).collect();
    let is_aws = |operation: &str| {
        let service = operation.split('.').next().unwrap_or_default();
        ["s3", "sqs", "batch", "ecr"].contains(&service)
    };
    let counts = engine.counts_by_caller().into_iter();
    for (_, counts) in counts.filter(|(caller, _)| !people.contains(caller)) {
        for (operation, count) in counts.into_iter().filter(|(operation, _)| is_aws(operation)) {
            *all.entry(operation).or_default() += count;
        }
    }
    all
}

/// A document of the state bucket, without a request.
///
/// # Errors
/// When it is damaged.
pub(crate) fn document<T: DeserializeOwned>(
    engine: &Engine,
    key: &str,
) -> anyhow::Result<Option<T>> {
    let bytes = engine.s3().peek(&address::buckets(engine)?.state, key)?;
    let parse = |bytes: Vec<u8>| serde_json::from_slice(&bytes);
    bytes.map(parse).transpose().with_context(|| format!("{key} is damaged"))
}

/// What ops would decide at the deployment.
fn parameters() -> BTreeMap<String, String> {
    let values = [
        ("StageName", "local"),
        ("Repositories", example::REPOSITORY),
        (IMAGES, example::IMAGES),
        ("JobQueue", JOB_QUEUE),
        ("RunnerImage", "signalbox/runner:local"),
        ("CheckoutImage", "public.ecr.aws/docker/library/python:3.12-slim"),
    ];
    values.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// Puts the template of this binary into the engine's folder, to be looked at.
fn own_template(dir: &Path) -> anyhow::Result<PathBuf> {
    let file = dir.join("template.yaml");
    std::fs::write(&file, TEMPLATE).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}
