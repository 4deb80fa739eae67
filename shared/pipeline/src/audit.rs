//! The audit: proves of a stored document, from its bytes and its key alone, that nothing in it was
//! altered, removed or reordered, and names what was.
//!
//! It finds damage and edits. Somebody who may write the bucket and computes every hash anew makes
//! another document that is whole; only the bucket's older versions tell ([`follows`]).

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::environment::history::{self, Segment};
use crate::environment::{self, Environment, Release};
use crate::head::{self, Head};
use crate::launch::{self, Launch};
use crate::names::{EnvironmentName, EventId, Sha256};
use crate::people::{self, People};
use crate::registration::{self, Registration};
use crate::run::Run;
use crate::settings::Settings;
use crate::{keys, settings};

mod chain;
mod differences;
mod key;
mod read;
mod run;

pub use key::Kept;

use read::read;

/// What is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The register's entry that it is about, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// What differs from what.
    pub what: String,
}

impl Finding {
    fn document(what: impl Into<String>) -> Self {
        Self { entry: None, what: what.into() }
    }

    fn entry(seq: u64, what: impl Into<String>) -> Self {
        Self { entry: Some(seq), what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry {
            Some(seq) => write!(f, "entry {seq}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// A document in which nothing was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Audited {
    /// A run: its register's chain holds, and its state is the fold of it.
    Run(Box<Run>),
    /// An environment; [`verified`] looks at its release.
    Environment(Box<Environment>),
    /// Another document of a kind that is known.
    Known,
    /// Nothing is known of what lies under this key.
    Unknown,
}

/// Audits the document with these `bytes` under `key`.
///
/// # Errors
/// With everything that was found.
pub fn audit(key: &str, bytes: &[u8]) -> Result<Audited, Vec<Finding>> {
    match Kept::at(key) {
        Kept::Run { .. } => run::audit(key, bytes).map(Box::new).map(Audited::Run),
        Kept::Environment { .. } => {
            let found: Environment = read(bytes, environment::SCHEMA)?;
            placed(key, &keys::state::environment(&found.pipeline, &found.environment))?;
            Ok(Audited::Environment(Box::new(found)))
        }
        Kept::History { pipeline, environment } => {
            let found: Segment = read(bytes, history::SCHEMA)?;
            placed(key, &keys::state::history(&pipeline, &environment, found.number))?;
            Ok(Audited::Known)
        }
        Kept::Launch => {
            let found: Launch = read(bytes, launch::SCHEMA)?;
            let Launch { pipeline, environment, id, .. } = &found;
            placed(key, &keys::state::launch(pipeline, environment, id))?;
            Ok(Audited::Known)
        }
        Kept::Head => {
            let found: Head = read(bytes, head::SCHEMA)?;
            of_commit(found.run.short_sha(), found.commit.short())?;
            Ok(Audited::Known)
        }
        Kept::Registration => {
            let found: Registration = read(bytes, registration::SCHEMA)?;
            placed(key, &keys::state::repository(&found.host, &found.repository))?;
            Ok(Audited::Known)
        }
        Kept::Settings { environment, digest } => {
            let found: Settings = read(bytes, settings::SCHEMA)?;
            settled(&found, &environment, digest.as_ref())?;
            Ok(Audited::Known)
        }
        Kept::People { digest } => {
            let found: People = read(bytes, people::SCHEMA)?;
            hashed(digest.as_ref(), &found.digest(), "people")?;
            Ok(Audited::Known)
        }
        Kept::Event { event } => {
            received(&read::json(bytes)?, &event)?;
            Ok(Audited::Known)
        }
        Kept::Unknown => Ok(Audited::Unknown),
    }
}

/// Proves that `newer` goes on from `older`, the version before it under the same key.
///
/// # Errors
/// With everything that was found.
pub fn follows(older: &Run, newer: &Run) -> Result<(), Vec<Finding>> {
    let mut findings = Vec::new();
    if !newer.register.extends(&older.register) {
        let (was, is) = (older.register.entries(), newer.register.entries());
        let kept = was.iter().zip(is).take_while(|(was, is)| was == is).count();
        let seq = was.get(kept).map_or(1, |entry| entry.seq);
        findings.push(Finding::entry(seq, "the version before holds another one in this place"));
    }
    if newer.revision != older.revision + 1 {
        findings.push(Finding::document(format!(
            "revision {} stands where revision {} belongs: a version between was removed, or this \
             one was not written by Signalbox",
            newer.revision,
            older.revision + 1
        )));
    }
    whole(findings)
}

/// Proves that the release which is live in `environment` is one that `run` has verified there.
///
/// # Errors
/// With what was found.
pub fn verified(environment: &Environment, run: &Run) -> Result<(), Vec<Finding>> {
    let Some(current) = &environment.current else { return Ok(()) };
    match Release::of(run, &environment.environment) {
        Some(release) if release == *current => Ok(()),
        Some(release) => {
            let differs = differences::of("current", current, &release);
            let differs = differs.unwrap_or_default();
            whole(vec![Finding::document(format!(
                "the live release is not the one that run {} verified: {differs}",
                run.id
            ))])
        }
        None => whole(vec![Finding::document(format!(
            "the live release names run {}, which has verified nothing in {}",
            run.id, environment.environment
        ))]),
    }
}

fn whole(findings: Vec<Finding>) -> Result<(), Vec<Finding>> {
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

fn placed(key: &str, own: &str) -> Result<(), Vec<Finding>> {
    if key == own {
        return Ok(());
    }
    whole(vec![Finding::document(format!("the document belongs under the key {own}"))])
}

fn of_commit(run: &str, commit: &str) -> Result<(), Vec<Finding>> {
    if run == commit {
        return Ok(());
    }
    whole(vec![Finding::document(format!("the run is one of commit {run}, not of {commit}"))])
}

/// An event is kept as it came; what names it is its id.
fn received(found: &Value, event: &EventId) -> Result<(), Vec<Finding>> {
    match found.get("id").and_then(Value::as_str) {
        Some(id) if id != event.as_str() => {
            whole(vec![Finding::document(format!("it is the event {id}"))])
        }
        _ => Ok(()),
    }
}

fn settled(
    found: &Settings,
    environment: &EnvironmentName,
    digest: Option<&Sha256>,
) -> Result<(), Vec<Finding>> {
    let mut findings = Vec::new();
    if found.environment != *environment {
        findings.push(Finding::document(format!(
            "these are the settings of environment {}",
            found.environment
        )));
    }
    findings.extend(hashed(digest, &found.digest(), "settings").err().into_iter().flatten());
    whole(findings)
}

/// One version of a document lies under its own digest.
fn hashed(said: Option<&Sha256>, found: &Sha256, what: &str) -> Result<(), Vec<Finding>> {
    match said {
        Some(said) if said != found => whole(vec![Finding::document(format!(
            "the key says {said}, the {what} hash to {found}"
        ))]),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
