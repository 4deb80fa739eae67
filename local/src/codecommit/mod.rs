//! CodeCommit: bare git repositories whose pushes become events.
//!
//! Git itself takes the push. Its `post-receive` hook writes one event per branch or tag into a
//! spool folder and then pokes the engine, which puts the events on the bus and removes them. A
//! push while the engine is down is found by the next one. The API tells where branches point.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;

use crate::durable::{read_json, write_json};
use crate::events::EventSink;
use crate::incident::{Incident, Incidents};

mod api;
mod git;
mod hook;
mod refs;
#[cfg(test)]
mod tests;

pub use hook::{PUSHER, hook};

/// Where the hook reaches the engine, and in whose name it pushes.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Settings {
    endpoint: String,
    caller_arn: String,
}

/// Beside the spool folder.
const SETTINGS: &str = "settings.json";

/// The repositories.
pub struct CodeCommit {
    git: PathBuf,
    spool: PathBuf,
    hook: Vec<OsString>,
    sink: Arc<dyn EventSink>,
    incidents: Arc<Incidents>,
    /// One drain at a time, so that each event is put once.
    draining: tokio::sync::Mutex<()>,
}

impl CodeCommit {
    /// Opens the repositories in `<dir>/git`. `hook` is the command that git's `post-receive` runs,
    /// which is to call [`hook()`] with the arguments that follow.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(
        dir: &Path,
        endpoint: &str,
        caller_arn: &str,
        hook: Vec<OsString>,
        sink: Arc<dyn EventSink>,
        incidents: Arc<Incidents>,
    ) -> anyhow::Result<Arc<Self>> {
        let (git, own) = (dir.join("git"), dir.join("codecommit"));
        let spool = own.join("spool");
        std::fs::create_dir_all(&git)?;
        std::fs::create_dir_all(&spool)?;
        let settings =
            Settings { endpoint: endpoint.to_owned(), caller_arn: caller_arn.to_owned() };
        write_json(&own.join(SETTINGS), &settings)?;
        let draining = tokio::sync::Mutex::default();
        let opened = Self { git, spool, hook, sink, incidents, draining };
        for entry in std::fs::read_dir(&opened.git)? {
            let path = entry?.path();
            if let Some(name) = repository_name(&path) {
                // The program may lie elsewhere than at the last start.
                opened.write_hook(&path, &name)?;
            }
        }
        Ok(Arc::new(opened))
    }

    /// Makes the repository if it is not there, and returns its folder, which is its clone address.
    ///
    /// # Errors
    /// When the name is none of a repository, or git fails.
    pub async fn create(&self, name: &str) -> anyhow::Result<PathBuf> {
        ensure!(
            is_name(name),
            "`{name}` is no name of a repository: up to 100 letters, digits, `_`, `.` and `-`"
        );
        let path = self.path(name);
        if !path.exists() {
            let new = self.git.join(format!("{name}.new"));
            git::create(&new).await?;
            self.write_hook(&new, name)?;
            std::fs::rename(&new, &path)?;
        }
        Ok(path)
    }

    /// Where the repository of that name lies, whether it is there or not.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.git.join(format!("{name}.git"))
    }

    /// Puts what the hooks left on the bus; returns how many events there were.
    ///
    /// # Errors
    /// When an event cannot be read or put; it stays where it is.
    pub async fn drain(&self) -> anyhow::Result<usize> {
        let _only = self.draining.lock().await;
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.spool)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                files.push(path);
            }
        }
        // Their names begin with the time: pushes keep their order.
        files.sort();
        for file in &files {
            self.sink.put(read_json(file)?).await?;
            std::fs::remove_file(file)?;
        }
        Ok(files.len())
    }

    /// `POST /_codecommit/poke`, which drains the spool.
    pub fn router(self: &Arc<Self>) -> Router {
        let own = Arc::clone(self);
        let poke = move || async move {
            match own.drain().await {
                Ok(_) => StatusCode::NO_CONTENT,
                Err(error) => {
                    let (what, error) = ("deliver a push".to_owned(), format!("{error:#}"));
                    own.incidents.report(Incident::Engine { what, error });
                    StatusCode::INTERNAL_SERVER_ERROR
                }
            }
        };
        Router::new().route("/_codecommit/poke", post(poke))
    }

    fn write_hook(&self, repository: &Path, name: &str) -> anyhow::Result<()> {
        let mut command = self.hook.clone();
        command.extend([self.spool.clone().into_os_string(), name.into()]);
        git::write_hook(repository, &command)
            .with_context(|| format!("cannot write the hook of {}", repository.display()))
    }
}

/// Whether `name` is one of a repository, and leads nowhere else.
fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let sound = !name.is_empty() && name.len() <= 100 && name.chars().all(allowed);
    sound && !name.starts_with('.') && !name.ends_with(".git")
}

/// The repository's name, from its folder.
fn repository_name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_str()?.strip_suffix(".git")?.to_owned())
}
