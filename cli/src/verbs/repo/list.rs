//! `signalbox repo list`.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use signalbox_pipeline::registration::Registration;

use super::add::branches;
use crate::connect::{Place, refused};
use crate::exit::Exit;
use crate::output::{Cell, Output};
use crate::view::safe;

/// Where registrations lie.
const REPOSITORIES: &str = "repositories/";
/// How many documents are read at a time.
const AT_A_TIME: usize = 8;

/// Carries the verb out.
pub(super) async fn run(place: &Place, output: &Output) -> anyhow::Result<Exit> {
    let connection = place.connect().await?;
    let documents = connection.documents();
    let keys = connection.state().keys(REPOSITORIES).await?;
    let read = stream::iter(&keys).map(|key| documents.load::<Registration>(key));
    let read: Vec<_> = read.buffered(AT_A_TIME).try_collect().await.map_err(refused)?;
    let registered: Vec<_> = read.into_iter().flatten().map(|found| found.document).collect();
    if output.json {
        output.object(&registered)?;
    } else if registered.is_empty() {
        let flag = connection.flag();
        output.line(format!(
            "No repository is registered yet; `signalbox repo add{flag} --help` says how."
        ))?;
    } else {
        let head = ["REPOSITORY", "PIPELINE", "BRANCHES", "CLONE URL"];
        output.table(&head, &registered.iter().map(cells).collect::<Vec<_>>())?;
    }
    Ok(Exit::Success)
}

fn cells(registration: &Registration) -> Vec<Cell> {
    vec![
        Cell::from(format!("{}/{}", registration.host, registration.repository)),
        Cell::from(registration.pipeline.as_str()),
        Cell::from(branches(registration)),
        Cell::from(safe::line(&registration.clone_url)),
    ]
}
