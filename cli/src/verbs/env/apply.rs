//! `signalbox env apply`.

use std::io;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EnvironmentName, Sha256};
use signalbox_pipeline::settings::{self, Settings};

use crate::connect::{Connection, Place};
use crate::exit::Exit;
use crate::output::Output;
use crate::verbs::kept::{self, Outcome};
use crate::verbs::validate::{self, count, shown, text_of};
use crate::view::safe;

/// What came, or would come, of the settings of one environment.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Told {
    environment: EnvironmentName,
    pub(super) outcome: Outcome,
    digest: Sha256,
    changes: Vec<String>,
}

#[derive(Serialize)]
struct Faulty<'f> {
    file: String,
    faults: Vec<validate::Told<'f>>,
}

/// Carries the verb out.
pub(super) async fn run(files: &[PathBuf], place: &Place, output: &Output) -> anyhow::Result<Exit> {
    let Some(all) = read(files, output)? else { return Ok(Exit::Failed) };
    let connection = place.connect().await?;
    let mut told = Vec::new();
    for settings in all {
        let (outcome, changes) = apply(&connection, &settings).await?;
        let one = Told::of(&settings, outcome, changes);
        if !output.json {
            one.say(["applied", "changed", "unchanged"], output)?;
        }
        told.push(one);
    }
    if output.json {
        output.object(&told)?;
    }
    Ok(Exit::Success)
}

impl Told {
    pub(super) fn of(settings: &Settings, outcome: Outcome, changes: Vec<String>) -> Self {
        let (environment, digest) = (settings.environment.clone(), settings.digest());
        Self { environment, outcome, digest, changes }
    }

    /// Says it, with a word for what is added, changed and unchanged.
    pub(super) fn say(&self, words: [&str; 3], output: &Output) -> io::Result<()> {
        let word = self.outcome.word(words);
        let short = &self.digest.as_str()[..12];
        output.line(format!("{word}: environment {}, settings {short}", self.environment))?;
        self.changes.iter().try_for_each(|change| output.line(format!("  {}", safe::line(change))))
    }
}

/// The settings of every file; nothing where one has faults, which are then told.
pub(super) fn read(files: &[PathBuf], output: &Output) -> anyhow::Result<Option<Vec<Settings>>> {
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
            faults: faults.iter().map(validate::Told::from).collect(),
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
    let key = keys::state::settings(&settings.environment);
    let version = keys::state::settings_version(&settings.environment, &settings.digest());
    let (outcome, before) = kept::keep(connection, &version, &key, &settings.to_json()).await?;
    let before = before.and_then(|before| serde_json::from_slice::<Settings>(&before).ok());
    let changes = before.map(|before| differences(Some(&before), settings));
    Ok((outcome, changes.unwrap_or_default()))
}

/// What is otherwise in `after`, a line each. Secrets are never among settings.
pub(super) fn differences(before: Option<&Settings>, after: &Settings) -> Vec<String> {
    kept::differences(&before.map(parts).unwrap_or_default(), &parts(after))
}

/// Every setting under its name, such as `parameters.EPOCHS`: all that the document says, so that no
/// change of it goes unseen.
pub(super) fn parts(settings: &Settings) -> Vec<(String, String)> {
    let document = serde_json::json!(settings);
    let groups = document.as_object().into_iter().flatten();
    let groups = groups.filter(|(name, _)| !["schema", "environment"].contains(&name.as_str()));
    let parts = groups.flat_map(|(name, value)| match value.as_object() {
        Some(group) => {
            group.iter().map(|(key, value)| part(format!("{name}.{key}"), value)).collect()
        }
        None => vec![part(name.clone(), value)],
    });
    parts.collect()
}

fn part(name: String, value: &Value) -> (String, String) {
    (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}
