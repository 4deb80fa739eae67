//! What runs a job's container: a process of this machine, or a script in this process.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::process::Signal;

use serde::{Deserialize, Serialize};

use super::keeper::{Keeper, Process};
use super::script::{Script, Scripts};

/// What runs the containers of jobs.
#[derive(Clone)]
pub enum Executor {
    /// Processes, which outlive the engine. This program, with its first arguments, keeps them: it
    /// is to call [`super::keep`] with all of its arguments.
    Processes(Vec<OsString>),
    /// Functions in the engine's process, which outlive the engine as long as its process does.
    Scripts(Arc<Scripts>),
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Processes(_) => "Processes",
            Self::Scripts(_) => "Scripts",
        })
    }
}

/// What is to be run.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    Processes(Keeper),
    Scripts(Arc<Scripts>),
}

impl Starter {
    /// For a Batch whose folder is `dir`.
    pub(crate) fn new(executor: &Executor, dir: &Path) -> Self {
        match executor {
            Executor::Processes(program) => Self::Processes(Keeper::new(program, dir)),
            Executor::Scripts(scripts) => Self::Scripts(Arc::clone(scripts)),
        }
    }

    /// Starts the task of a job whose folder is `folder`.
    pub(crate) async fn start(
        &self,
        launch: Launch,
        folder: &Path,
        task: &str,
    ) -> io::Result<Running> {
        match self {
            Self::Processes(keeper) => {
                keeper.start(launch, folder, task).await.map(Running::Process)
            }
            Self::Scripts(scripts) => scripts.start(launch, task).map(Running::Script),
        }
    }

    /// Finds what an earlier engine started, or makes sure that it never starts.
    pub(crate) async fn adopt(&self, task: &str) -> io::Result<Found> {
        match self {
            Self::Processes(keeper) => keeper.adopt(task).await,
            Self::Scripts(scripts) => Ok(scripts.adopt(task)),
        }
    }

    /// Lets go of a task whose end is written down.
    pub(crate) async fn forget(&self, task: &str) {
        match self {
            Self::Processes(keeper) => keeper.forget(task).await,
            Self::Scripts(scripts) => scripts.forget(task),
        }
    }
}

/// A task that runs, or ran until just now.
pub(crate) enum Running {
    Process(Process),
    Script(Script),
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

    /// What the task ended with.
    pub(crate) fn exit_code(&self) -> i32 {
        match self {
            Self::Process(process) => process.exit_code(),
            Self::Script(script) => script.exit_code(),
        }
    }
}
