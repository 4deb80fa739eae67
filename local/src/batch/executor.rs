//! What runs a job's container: a process of this machine, or a script in this one.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::process::Signal;

use super::script::{self, Scripts};
use super::shim::{self, Shim};

/// What runs the containers of jobs.
#[derive(Clone, Default)]
pub enum Executor {
    /// Processes, which outlive the engine.
    #[default]
    Processes,
    /// Functions in the engine's process, which outlive the engine as long as its process does.
    Scripts(Arc<Scripts>),
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Processes => "Processes",
            Self::Scripts(_) => "Scripts",
        })
    }
}

/// What is to be run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Launch {
    pub(crate) argv: Vec<OsString>,
    pub(crate) env: BTreeMap<String, OsString>,
    pub(crate) cwd: PathBuf,
}

/// What became of a task that an earlier engine started.
pub(crate) enum Found {
    Running(Running),
    Ended(i32),
    /// It was not started, and will not be.
    Never,
}

/// An executor that is ready to start tasks. A task is started once only, whoever asks.
pub(crate) enum Starter {
    Processes(Shim),
    Scripts(Arc<Scripts>),
}

impl Starter {
    pub(crate) fn new(executor: &Executor) -> anyhow::Result<Self> {
        Ok(match executor {
            Executor::Processes => Self::Processes(Shim::find()?),
            Executor::Scripts(scripts) => Self::Scripts(Arc::clone(scripts)),
        })
    }

    /// Starts the task of a job whose folder is `folder`.
    pub(crate) fn start(&self, launch: Launch, folder: &Path, task: &str) -> io::Result<Running> {
        match self {
            Self::Processes(shim) => shim.start(launch, folder, task).map(Running::Process),
            Self::Scripts(scripts) => scripts.start(launch, task).map(Running::Script),
        }
    }

    /// Finds what an earlier engine started, or makes sure that it never starts.
    pub(crate) async fn adopt(&self, folder: &Path, task: &str) -> io::Result<Found> {
        match self {
            Self::Processes(_) => Shim::adopt(folder, task).await,
            Self::Scripts(scripts) => Ok(scripts.adopt(task)),
        }
    }
}

/// A task that runs, or ran until just now.
pub(crate) enum Running {
    Process(shim::Process),
    Script(script::Script),
}

impl Running {
    /// Returns as soon as the task is gone.
    pub(crate) async fn ended(&self) {
        match self {
            Self::Process(process) => process.ended().await,
            Self::Script(script) => script.ended().await,
        }
    }

    /// Sends `signal` to the task and all that it started.
    pub(crate) fn signal(&self, signal: Signal) {
        match self {
            Self::Process(process) => process.signal(signal),
            Self::Script(script) => script.signal(signal),
        }
    }

    /// What the task ended with. What it left behind ends too, as in a container.
    pub(crate) fn reap(self) -> i32 {
        match self {
            Self::Process(process) => process.reap(),
            Self::Script(script) => script.reap(),
        }
    }
}
