//! Batch: queues of jobs, each job a process of this machine in a folder of its own.
//!
//! A job is one record, written before anybody hears of the change it holds. Its process is
//! started by the keeper, which outlives the engine and knows how each one ended, so that the next
//! engine finds them all.

mod api;
mod arn;
mod config;
mod definitions;
mod detail;
mod endpoints;
mod executor;
mod image;
mod job;
mod keeper;
mod launch;
mod lifecycle;
mod overrides;
mod queues;
mod script;
mod state;
mod submit;
#[cfg(test)]
mod tests;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value;

use crate::clock::Clock;
use crate::durable::{Outbox, Pending, Tasks};
use crate::events::EventSink;
use crate::principals::Principals;
use crate::wire::WireError;
pub use config::{BatchConfig, GRACE, QueueSpec};
use definitions::Definitions;
pub use endpoints::container_endpoints;
pub use executor::Executor;
use executor::Starter;
use job::Job;
pub use keeper::keep;
use queues::Queues;
pub use script::{Scripts, Task};
use state::State;

/// What a job prints, in the job's folder.
const LOG: &str = "log.txt";

/// Batch, and the containers of its jobs.
#[derive(Clone)]
pub struct Batch {
    inner: Arc<Inner>,
}

struct Inner {
    /// Where each job has its folder.
    jobs: PathBuf,
    /// Where unpacked images are kept.
    images: PathBuf,
    clock: Clock,
    config: BatchConfig,
    principals: Arc<Principals>,
    starter: Starter,
    state: Mutex<State>,
    outbox: Arc<Outbox>,
    tasks: Tasks,
}

impl Batch {
    /// Opens the jobs in `dir`, adopts those that run, and emits what was not emitted. Must be
    /// called within a runtime.
    ///
    /// # Errors
    /// When the folder cannot be written or holds what this engine did not write.
    pub fn open(
        dir: &Path,
        clock: Clock,
        sink: Arc<dyn EventSink>,
        principals: Arc<Principals>,
        config: BatchConfig,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir.join("jobs"))?;
        let dir = dir.canonicalize()?;
        let (jobs, images) = (dir.join("jobs"), dir.join("images"));
        let definitions = Definitions::open(&dir.join("definitions"))?;
        let queues = Queues::open(&dir, &config)?;
        let state = State::open(&dir, definitions, queues)?;
        let inner = Inner {
            jobs,
            images,
            clock,
            starter: Starter::new(&config.executor, &dir),
            config,
            principals,
            state: Mutex::new(state),
            outbox: Arc::new(Outbox::new(sink)),
            tasks: Tasks::new(),
        };
        let batch = Self { inner: Arc::new(inner) };
        lifecycle::resume(&batch.inner);
        Ok(batch)
    }

    /// The folder of a job: its `log.txt` is there, and while it runs its `work`.
    #[must_use]
    pub fn job_folder(&self, id: &str) -> PathBuf {
        self.inner.jobs.join(id)
    }

    /// Forgets a job, as Batch does days after its end: nothing asks for it or tells of it any
    /// more. Its process is not ended.
    pub fn forget(&self, id: &str) {
        self.inner.lock().forget(id);
    }

    /// Takes the machine under a job away, as Spot does.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn reclaim(&self, id: &str) -> Result<(), WireError> {
        lifecycle::stop(&self.inner, id, "Host EC2 (instance i-0abc) terminated.", true)
    }

    /// The jobs that there are, in the order of their submission.
    #[must_use]
    pub fn jobs(&self) -> Vec<Seen> {
        let state = self.inner.lock();
        let jobs = state.order.values().filter_map(|id| state.jobs.get(id));
        jobs.map(Seen::from).collect()
    }

    /// Lets go of the jobs, which run on, and ends what runs in the background.
    pub async fn close(&self) {
        self.inner.tasks.close().await;
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes a job; nothing is changed unless the change is on disk. `None` when it is unknown.
    fn change<T>(
        self: &Arc<Self>,
        state: &mut State,
        id: &str,
        change: impl FnOnce(&mut Job) -> T,
    ) -> std::io::Result<Option<T>> {
        let Some(job) = state.jobs.get_mut(id) else { return Ok(None) };
        let mut after = job.clone();
        let result = change(&mut after);
        state.journal.put(id, &after)?;
        *job = after;
        if !job.pending.is_empty() {
            self.outbox.flush(&self.tasks, Arc::clone(self), id.to_owned());
        }
        Ok(Some(result))
    }
}

impl Pending for Inner {
    fn first(&self, key: &str) -> Option<Value> {
        self.lock().jobs.get(key)?.pending.first().cloned()
    }

    fn emitted(&self, key: &str) {
        let State { jobs, journal, .. } = &mut *self.lock();
        if let Some(job) = jobs.get_mut(key) {
            job.pending.remove(0);
            // One mark for all that went at once: an event may come twice, but a write costs time.
            if !job.pending.is_empty() {
                return;
            }
            if let Err(error) = journal.put(key, job) {
                tracing::warn!(job = key, %error, "an emitted event could not be marked and will come again");
            }
        }
    }
}

/// A job, as the engine's own process sees it without asking over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When Batch took it.
    pub submitted_at: Timestamp,
    /// Whether it has ended, in whatever way.
    pub is_over: bool,
    /// Whether somebody ended it before its time.
    pub is_terminated: bool,
}

impl From<&Job> for Seen {
    fn from(job: &Job) -> Self {
        Self {
            id: job.id.clone(),
            name: job.name.clone(),
            submitted_at: Timestamp::from_millisecond(job.created_at).unwrap_or_default(),
            is_over: job.status.is_over(),
            is_terminated: job.terminated || job.cancelled,
        }
    }
}

/// What Batch says to a request that it cannot carry out.
fn refuse(message: impl Into<String>) -> WireError {
    WireError::client("ClientException", message)
}

/// Whether Batch takes `name` for a job, a queue or a definition.
fn is_name(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=128).contains(&name.len())
        && name.as_bytes()[0].is_ascii_alphanumeric()
        && name.bytes().all(word)
}
