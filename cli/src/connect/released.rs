//! Which pipeline is meant, where only an environment is named.

use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EnvironmentName, PipelineName};

use super::{Connection, Lister as _};
use crate::exit::Exit;

/// The pipelines that there are, by name.
pub(crate) async fn pipelines(connection: &Connection) -> anyhow::Result<Vec<PipelineName>> {
    let names = connection.state().folders("pipelines/").await?;
    Ok(names.into_iter().filter_map(|name| PipelineName::parse(name).ok()).collect())
}

/// The pipeline that has an environment of this name: the one that is `wanted`, or the only one.
pub(crate) async fn released_in(
    connection: &Connection,
    environment: &EnvironmentName,
    wanted: Option<&PipelineName>,
) -> anyhow::Result<PipelineName> {
    if let Some(wanted) = wanted {
        return Ok(wanted.clone());
    }
    let state = connection.state();
    let mut found = Vec::new();
    for pipeline in pipelines(connection).await? {
        let document = keys::state::environment(&pipeline, environment);
        if state.has(&document).await? {
            found.push(pipeline);
        }
    }
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Exit::NotFound.because(format!("no pipeline was ever in {environment}"))),
        several => {
            let names: Vec<&str> = several.iter().map(PipelineName::as_str).collect();
            let names = names.join(", ");
            Err(Exit::Usage.because(format!("{names} are in {environment}: say --pipeline")))
        }
    }
}
