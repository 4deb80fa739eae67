//! `signalbox env diff`.

use std::path::PathBuf;

use signalbox_pipeline::settings::Settings;

use super::apply::{Told, differences, read};
use super::show::load;
use crate::connect::{Connection, Place};
use crate::exit::Exit;
use crate::output::Output;
use crate::verbs::kept::Outcome;

/// Carries the verb out.
pub(super) async fn run(files: &[PathBuf], place: &Place, output: &Output) -> anyhow::Result<Exit> {
    let Some(all) = read(files, output)? else { return Ok(Exit::Failed) };
    let connection = place.connect().await?;
    let mut told = Vec::new();
    for settings in all {
        told.push(compare(&connection, &settings).await?);
    }
    if output.json {
        output.object(&told)?;
    } else {
        told.iter()
            .try_for_each(|one| one.say(["would be new", "would change", "same"], output))?;
    }
    let same = told.iter().all(|one| one.outcome == Outcome::Unchanged);
    Ok(if same { Exit::Success } else { Exit::Failed })
}

/// What applying `settings` would change.
pub(super) async fn compare(connection: &Connection, settings: &Settings) -> anyhow::Result<Told> {
    let holds = load(connection, &settings.environment).await?;
    let (outcome, changes) = match &holds {
        None => (Outcome::Added, differences(None, settings)),
        Some(holds) if holds == settings => (Outcome::Unchanged, Vec::new()),
        Some(holds) => (Outcome::Changed, differences(Some(holds), settings)),
    };
    Ok(Told::of(settings, outcome, changes))
}
