//! `signalbox env show`.

use serde::Serialize;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EnvironmentName, Sha256};
use signalbox_pipeline::settings::Settings;

use super::apply::parts;
use super::releases::{self, Released};
use crate::connect::{Connection, Lister as _, Place, pipelines, refused};
use crate::exit::Exit;
use crate::output::{Cell, Output};
use crate::view::safe;

/// Where settings lie.
const ENVIRONMENTS: &str = "environments/";

#[derive(Serialize)]
struct Told {
    environment: EnvironmentName,
    digest: Sha256,
    settings: Settings,
    /// What is released there, of each pipeline that ever came so far.
    releases: Vec<Released>,
}

/// Carries the verb out.
pub(super) async fn run(
    wanted: Option<EnvironmentName>,
    place: &Place,
    output: &Output,
) -> anyhow::Result<Exit> {
    let connection = place.connect().await?;
    let flag = connection.flag();
    let one = wanted.is_some();
    let names = match wanted {
        Some(environment) => vec![environment],
        None => environments(&connection).await?,
    };
    let pipelines = pipelines(&connection).await?;
    let mut told = Vec::new();
    for environment in names {
        let found = load(&connection, &environment).await?;
        match found {
            Some(settings) => {
                let releases = releases::of(&connection, &pipelines, &environment).await?;
                told.push(Told { environment, digest: settings.digest(), settings, releases });
            }
            None if one => {
                return Err(Exit::NotFound.because(format!(
                    "environment {environment} has no settings; apply some: \
                     `signalbox env apply FILE{flag}`"
                )));
            }
            None => {}
        }
    }
    match (output.json, told.as_slice()) {
        (true, [only]) if one => output.object(only)?,
        (true, all) => output.object(&all)?,
        (false, []) => output.line(format!(
            "No environment has settings yet; apply some: `signalbox env apply FILE{flag}`"
        ))?,
        (false, all) => all.iter().try_for_each(|told| page(told, output))?,
    }
    Ok(Exit::Success)
}

async fn environments(connection: &Connection) -> anyhow::Result<Vec<EnvironmentName>> {
    let names = connection.state().folders(ENVIRONMENTS).await?;
    let applied = connection.state().keys(ENVIRONMENTS).await?;
    let holds = |name: &EnvironmentName| applied.contains(&keys::state::settings(name));
    let names = names.into_iter().filter_map(|name| EnvironmentName::parse(name).ok());
    Ok(names.filter(holds).collect())
}

/// The settings that hold in `environment`.
pub(super) async fn load(
    connection: &Connection,
    environment: &EnvironmentName,
) -> anyhow::Result<Option<Settings>> {
    let key = keys::state::settings(environment);
    let found = connection.documents().load::<Settings>(&key).await.map_err(refused)?;
    Ok(found.map(|found| found.document))
}

fn page(told: &Told, output: &Output) -> anyhow::Result<()> {
    output.line(format!("environment {}, settings {}", told.environment, told.digest))?;
    let rows: Vec<Vec<Cell>> = parts(&told.settings)
        .into_iter()
        .map(|(name, value)| vec![Cell::from(format!("  {name}")), Cell::from(safe::line(&value))])
        .collect();
    output.table(&["  SETTING", "VALUE"], &rows)?;
    releases::tell(&told.releases, output)
}
