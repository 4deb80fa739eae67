//! Jobs without processes: each is a function in the engine's own process, for simulation.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::Signal;
use tokio::sync::watch;

use super::executor::{Found, Launch, Running};

/// What is reported for a script that panicked, as for a process that aborted.
const ABORTED: i32 = 134;

/// What a script is given, as a container would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The id of its ECS task.
    pub id: String,
    /// The program and its arguments.
    pub argv: Vec<OsString>,
    /// All of its environment: the job's ids, and the address of its credentials and the token.
    pub env: BTreeMap<String, OsString>,
    /// Its working folder, which is there.
    pub cwd: PathBuf,
}

type Run = dyn Fn(Task) -> Pin<Box<dyn Future<Output = i32> + Send>> + Send + Sync;

/// Runs each job by a function, and remembers what became of each task.
///
/// It takes the place of the machine that processes run on: whoever starts an engine again hands
/// it the same `Scripts`, which run on in the meantime. One that has never heard of a task makes
/// sure that it never starts, so that the engine begins the attempt anew, as another task.
pub struct Scripts {
    run: Box<Run>,
    /// By the task's id; `None` is a task that must not start any more.
    tasks: Mutex<HashMap<String, Option<Script>>>,
}

impl Scripts {
    /// Runs each job by `run`, whose answer is the exit code. A job that is terminated is dropped
    /// where it stands.
    #[must_use]
    pub fn new<F>(run: impl Fn(Task) -> F + Send + Sync + 'static) -> Arc<Self>
    where
        F: Future<Output = i32> + Send + 'static,
    {
        let run = Box::new(move |task| -> Pin<Box<dyn Future<Output = i32> + Send>> {
            Box::pin(run(task))
        });
        Arc::new(Self { run, tasks: Mutex::default() })
    }

    /// Must be called within a runtime.
    pub(crate) fn start(&self, launch: Launch, task: &str) -> io::Result<Script> {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if tasks.contains_key(task) {
            return Err(io::Error::other("the task was started, or given up, before"));
        }
        let (end, code) = watch::channel(None);
        let (stop, mut stopped) = watch::channel(None);
        let Launch { argv, env, cwd } = launch;
        let work = (self.run)(Task { id: task.to_owned(), argv, env, cwd });
        tokio::spawn(async move {
            let code = tokio::select! {
                biased;
                Ok(code) = stopped.wait_for(Option::is_some) => *code,
                code = work => Some(code),
            };
            end.send_replace(code);
        });
        let script = Script { code, stop: Arc::new(stop) };
        tasks.insert(task.to_owned(), Some(script.clone()));
        Ok(script)
    }

    pub(crate) fn adopt(&self, task: &str) -> Found {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tasks.entry(task.to_owned()).or_default().clone();
        known.map_or(Found::Never, |script| Found::Running(Running::Script(script)))
    }

    pub(crate) fn forget(&self, task: &str) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).remove(task);
    }
}

/// A job's function.
#[derive(Clone)]
pub(crate) struct Script {
    /// The exit code, once there is one; gone without one after a panic.
    code: watch::Receiver<Option<i32>>,
    stop: Arc<watch::Sender<Option<i32>>>,
}

impl Script {
    pub(crate) async fn ended(&self) {
        // A sender that is gone is an end too.
        let _ = self.code.clone().wait_for(Option::is_some).await;
    }

    /// Ends the script with the exit code of a process that `signal` has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        self.stop.send_replace(Some(128 + signal.as_raw()));
    }

    pub(crate) fn exit_code(&self) -> i32 {
        self.code.borrow().unwrap_or(ABORTED)
    }
}
