//! What the engine is started with.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::batch::Executor;
use crate::events::Knobs;
use crate::http::FaultPlan;

/// What the engine is started with.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Where everything durable lies. One engine at a time.
    pub dir: PathBuf,
    /// The template that is deployed to AWS.
    pub template: PathBuf,
    /// Values for the template's parameters.
    pub parameters: BTreeMap<String, String>,
    /// The name of the stack.
    pub stack_name: String,
    /// The programs that the engine runs.
    pub programs: Programs,
    /// How unkindly events are delivered.
    pub knobs: Knobs,
    /// What goes wrong with requests of functions.
    pub faults: FaultPlan,
    /// Events, as EventBridge patterns, that have to match a rule of the template: one that does
    /// not is an incident.
    pub expected_events: Vec<Value>,
    /// Image repositories that are there from the start, besides those of the template.
    pub image_repositories: Vec<String>,
    /// People with keys of their own, besides the operator and those who were there before.
    pub users: Vec<String>,
    /// What runs the jobs.
    pub executor: Executor,
    /// The vCPUs that the jobs of a queue share.
    pub vcpus: u32,
    /// Processes of one function at most, where the template says nothing else.
    pub function_instances: usize,
    /// How long the minute of a schedule lasts: `rate(1 minute)` fires this often.
    pub tick: Duration,
    /// The engine kills itself at the request of this number.
    pub kill_at: Option<u64>,
}

/// The programs that the engine runs, each a command with its first arguments.
#[derive(Clone, Debug, Default)]
pub struct Programs {
    /// Runs a function; the name of its binary is appended.
    pub function: Vec<OsString>,
    /// Keeps the processes of jobs; it is to call [`crate::batch::keep()`].
    pub keeper: Vec<OsString>,
    /// What a job's init container would bring.
    pub runner: Vec<OsString>,
    /// Run by git's `post-receive`; it is to call [`crate::codecommit::hook()`].
    pub hook: Vec<OsString>,
}

impl EngineConfig {
    /// An engine that is kind to events and keeps AWS's times.
    #[must_use]
    pub fn new(dir: PathBuf, template: PathBuf, programs: Programs) -> Self {
        let vcpus = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let executor = Executor::Processes(programs.keeper.clone());
        Self {
            dir,
            template,
            parameters: BTreeMap::new(),
            stack_name: "signalbox".to_owned(),
            programs,
            knobs: Knobs::default(),
            faults: FaultPlan::default(),
            expected_events: Vec::new(),
            image_repositories: Vec::new(),
            users: Vec::new(),
            executor,
            vcpus: u32::try_from(vcpus).unwrap_or(2),
            function_instances: 2,
            tick: Duration::from_secs(60),
            kill_at: None,
        }
    }
}
