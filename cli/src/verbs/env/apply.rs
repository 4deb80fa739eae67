//! `signalbox env apply`.

use std::path::PathBuf;

use serde::Serialize;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EnvironmentName, Sha256};
use signalbox_pipeline::settings::{self, Settings};

use crate::connect::{Connection, Place, Read, Written};
use crate::exit::Exit;
use crate::output::Output;
use crate::verbs::validate::{Told, count, shown, text_of};
use crate::view::safe;

/// How often settings are tried while others change them.
const TRIES: u32 = 5;

/// What came of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// The environment had no settings.
    Added,
    /// It had others.
    Changed,
    /// These held already.
    Unchanged,
}

#[derive(Serialize)]
struct Applied {
    environment: EnvironmentName,
    outcome: Outcome,
    digest: Sha256,
    changes: Vec<String>,
}

#[derive(Serialize)]
struct Faulty<'f> {
    file: String,
    faults: Vec<Told<'f>>,
}

/// Carries the verb out.
pub(super) async fn run(files: &[PathBuf], place: &Place, output: &Output) -> anyhow::Result<Exit> {
    let Some(all) = read(files, output)? else { return Ok(Exit::Failed) };
    let connection = place.connect().await?;
    let mut told = Vec::new();
    for settings in all {
        let (outcome, changes) = apply(&connection, &settings).await?;
        let digest = settings.digest();
        if !output.json {
            say(&settings.environment, outcome, &digest, &changes, output)?;
        }
        told.push(Applied { environment: settings.environment, outcome, digest, changes });
    }
    if output.json {
        output.object(&told)?;
    }
    Ok(Exit::Success)
}

fn say(
    environment: &EnvironmentName,
    outcome: Outcome,
    digest: &Sha256,
    changes: &[String],
    output: &Output,
) -> anyhow::Result<()> {
    let word = match outcome {
        Outcome::Added => "applied",
        Outcome::Changed => "changed",
        Outcome::Unchanged => "unchanged",
    };
    let short = &digest.as_str()[..12];
    output.line(format!("{word}: environment {environment}, settings {short}"))?;
    for change in changes {
        output.line(format!("  {}", safe::line(change)))?;
    }
    Ok(())
}

/// The settings of every file; nothing where one has faults, which are then told.
fn read(files: &[PathBuf], output: &Output) -> anyhow::Result<Option<Vec<Settings>>> {
    let (mut all, mut faulty) = (Vec::<(String, Settings)>::new(), Vec::new());
    for file in files {
        let text = text_of(file)?;
        let path = safe::line(&file.display().to_string());
        match settings::parse(&text) {
            Ok(settings) => {
                let twin = all.iter().find(|(_, other)| other.environment == settings.environment);
                if let Some((other, _)) = twin {
                    return Err(Exit::Usage.because(format!(
                        "{other} and {path} are both for environment {}; apply one of them",
                        settings.environment
                    )));
                }
                all.push((path, settings));
            }
            Err(faults) => faulty.push((path, text, faults)),
        }
    }
    if faulty.is_empty() {
        return Ok(Some(all.into_iter().map(|(_, settings)| settings).collect()));
    }
    if output.json {
        let told = faulty.iter().map(|(file, _, faults)| Faulty {
            file: file.clone(),
            faults: faults.iter().map(Told::from).collect(),
        });
        output.object(&told.collect::<Vec<_>>())?;
    } else {
        for (path, text, faults) in &faulty {
            output.line(shown(faults, path, text, output.color))?;
            output.line(format!("\n{path}: {}; nothing was applied", count(faults.len())))?;
        }
    }
    Ok(None)
}

/// Keeps this version under its digest, and makes it the one that holds.
pub(super) async fn apply(
    connection: &Connection,
    settings: &Settings,
) -> anyhow::Result<(Outcome, Vec<String>)> {
    let state = connection.state();
    let body = settings.to_json();
    let key = keys::state::settings(&settings.environment);
    let version = keys::state::settings_version(&settings.environment, &settings.digest());
    // Whatever comes of this: either it is there now, or it was, or the next write fails as well.
    state.write(&version, body.clone(), None).await?;
    let mut outcome: Option<(Outcome, Vec<String>)> = None;
    for _ in 0..TRIES {
        let (before, etag) = match state.read(&key, None).await? {
            Read::Found { bytes, .. } if bytes == body.as_bytes() => {
                // A write of ours whose answer was lost has landed, or there was nothing to do.
                return Ok(outcome.unwrap_or((Outcome::Unchanged, Vec::new())));
            }
            Read::Found { bytes, etag } => (serde_json::from_slice::<Settings>(&bytes).ok(), etag),
            Read::Absent | Read::Unchanged => (None, String::new()),
        };
        let known = Some(etag.as_str()).filter(|etag| !etag.is_empty());
        let word = if known.is_some() { Outcome::Changed } else { Outcome::Added };
        let decided = (word, before.map(|b| differences(&b, settings)).unwrap_or_default());
        match state.write(&key, body.clone(), known).await? {
            Written::Done => return Ok(decided),
            Written::ReadAgain => outcome = Some(decided),
        }
    }
    Err(Exit::Errored.because(format!("others changed {key} {TRIES} times in a row; try again")))
}

/// What is otherwise in `after`, a line each. Secrets are never among settings.
pub(super) fn differences(before: &Settings, after: &Settings) -> Vec<String> {
    let (before, after) = (parts(before), parts(after));
    let mut lines = Vec::new();
    for (name, old) in &before {
        match after.iter().find(|(other, _)| other == name) {
            Some((_, new)) if new == old => {}
            Some((_, new)) => lines.push(format!("{name}: {old} -> {new}")),
            None => lines.push(format!("{name}: {old} -> (gone)")),
        }
    }
    let new = after.iter().filter(|(name, _)| !before.iter().any(|(other, _)| other == name));
    lines.extend(new.map(|(name, value)| format!("{name}: (new) {value}")));
    lines
}

/// Every setting under its name, such as `parameters.EPOCHS`.
pub(super) fn parts(settings: &Settings) -> Vec<(String, String)> {
    let mut parts = Vec::new();
    for (group, variables) in [("data", &settings.data), ("parameters", &settings.parameters)] {
        parts.extend(
            variables.iter().map(|(name, value)| (format!("{group}.{name}"), value.clone())),
        );
    }
    let compute = serde_json::to_value(&settings.compute).unwrap_or_default();
    for (name, value) in compute.as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        parts.push((format!("compute.{name}"), value));
    }
    parts
}
