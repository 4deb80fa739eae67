//! ECR: repositories of images, their API and the registry that clients push to.
//!
//! A push is answered when manifest and blobs are in place and the repository's document says so;
//! its event is written with that document and put on the bus after it, at least once.

mod api;
mod blobs;
mod digest;
mod manifest;
mod pull;
mod reference;
mod registry;
mod repository;
mod scans;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod unpack;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::clock::Clock;
use crate::durable::{Journal, Outbox, Pending, Tasks};
use crate::events::EventSink;
use crate::wire::WireError;
use blobs::Blobs;
pub use digest::Digest;
pub use manifest::{ImageConfig, Process};
pub use pull::{PullError, Pulled};
pub use reference::{Reference, Version};
pub use registry::registry;
use repository::Repository;
use scans::Scans;

/// The registry of the engine.
#[derive(Clone)]
pub struct Ecr {
    inner: Arc<Inner>,
}

struct Inner {
    /// Where the registry listens, as `127.0.0.1:port`.
    host: String,
    /// The password of the user `AWS`.
    token: String,
    clock: Clock,
    blobs: Blobs,
    repositories: Mutex<Repositories>,
    outbox: Arc<Outbox>,
    tasks: Tasks,
    scans: Scans,
}

/// The repositories by their names, and on disk.
struct Repositories {
    journal: Journal,
    all: BTreeMap<String, Repository>,
}

impl Ecr {
    /// Opens the repositories in `dir`, and emits what was not emitted. `host` is where
    /// [`registry`] listens, as `127.0.0.1:port`. Must be called within a runtime.
    ///
    /// # Errors
    /// When the folder cannot be written or holds what this engine did not write.
    pub fn open(
        dir: &Path,
        clock: Clock,
        sink: Arc<dyn EventSink>,
        host: &str,
    ) -> anyhow::Result<Self> {
        let blobs = Blobs::open(dir)?;
        let (journal, all) = Journal::open::<Repository>(&dir.join("repositories.jsonl"))?;
        let waiting: Vec<String> = all
            .values()
            .filter(|one| !one.pending.is_empty())
            .map(|one| one.name.clone())
            .collect();
        let inner = Inner {
            host: host.to_owned(),
            token: token(&dir.join("token"))?,
            clock,
            blobs,
            repositories: Mutex::new(Repositories { journal, all }),
            outbox: Arc::new(Outbox::new(sink)),
            tasks: Tasks::new(),
            scans: Scans::open(dir),
        };
        let ecr = Self { inner: Arc::new(inner) };
        for name in waiting {
            ecr.flush(name);
        }
        Ok(ecr)
    }

    /// Makes a repository.
    ///
    /// # Errors
    /// `RepositoryAlreadyExistsException`, or `InvalidParameterException` for a name that ECR refuses.
    pub fn create_repository(&self, name: &str, immutable: bool) -> Result<(), WireError> {
        if !reference::is_repository_name(name) {
            return Err(WireError::client(
                "InvalidParameterException",
                format!(
                    "Invalid parameter at 'repositoryName' failed to satisfy constraint: '{name}' is no repository name"
                ),
            ));
        }
        let Repositories { journal, all } = &mut *self.inner.lock();
        if all.contains_key(name) {
            return Err(WireError::client(
                "RepositoryAlreadyExistsException",
                format!(
                    "The repository with name '{name}' already exists in the registry with id '{}'",
                    crate::ACCOUNT
                ),
            ));
        }
        let repository = Repository::new(name, immutable, self.inner.clock.now());
        journal.put(name, &repository).map_err(WireError::internal)?;
        all.insert(name.to_owned(), repository);
        Ok(())
    }

    /// Where the registry listens, as `127.0.0.1:port`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.inner.host
    }

    /// The image that `image` names, if it is one of this registry by its AWS or its local host.
    #[must_use]
    pub fn reference(&self, image: &str) -> Option<Reference> {
        Reference::parse(image, &[&aws_host(), &self.inner.host])
    }

    /// Ends what runs in the background; events not yet on the bus go there at the next start.
    pub async fn close(&self) {
        self.inner.tasks.close().await;
    }

    /// Looks at a repository.
    fn look<T>(&self, name: &str, look: impl FnOnce(&Repository) -> T) -> Option<T> {
        self.inner.lock().all.get(name).map(look)
    }

    /// Changes a repository; nothing is changed unless the change is on disk. `None` if it is unknown.
    fn change<T, E>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Repository) -> Result<T, E>,
    ) -> std::io::Result<Option<Result<T, E>>> {
        let mut repositories = self.inner.lock();
        let Repositories { journal, all } = &mut *repositories;
        let Some(repository) = all.get_mut(name) else { return Ok(None) };
        let mut after = repository.clone();
        let result = change(&mut after);
        if result.is_ok() {
            journal.put(name, &after)?;
            *repository = after;
            drop(repositories);
            self.flush(name.to_owned());
        }
        Ok(Some(result))
    }

    fn flush(&self, name: String) {
        self.inner.outbox.flush(&self.inner.tasks, Arc::clone(&self.inner), name);
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Repositories> {
        self.repositories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending for Inner {
    fn first(&self, key: &str) -> Option<Value> {
        self.lock().all.get(key)?.pending.first().cloned()
    }

    fn emitted(&self, key: &str) {
        let Repositories { journal, all } = &mut *self.lock();
        if let Some(repository) = all.get_mut(key) {
            repository.pending.remove(0);
            if let Err(error) = journal.put(key, repository) {
                tracing::warn!(key, %error, "an emitted event could not be marked and will come again");
            }
        }
    }
}

/// The name of the registry on AWS.
fn aws_host() -> String {
    format!("{}.dkr.ecr.{}.amazonaws.com", crate::ACCOUNT, crate::REGION)
}

/// The registry's password: made once, so that clients stay logged in over a restart.
fn token(file: &Path) -> std::io::Result<String> {
    match std::fs::read_to_string(file) {
        Ok(token) if !token.is_empty() => Ok(token),
        _ => {
            let token = hex::encode(crate::random::bytes::<32>());
            std::fs::write(file, &token)?;
            Ok(token)
        }
    }
}
