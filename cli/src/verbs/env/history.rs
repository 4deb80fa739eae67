//! `signalbox env history` and `env at`: what was released in an environment, and by whom.

use jiff::Timestamp;
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::environment::history::{Change, Segment};
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EnvironmentName, PipelineName};

use super::{At, History};
use crate::connect::{Connection, refused, released_in};
use crate::exit::Exit;
use crate::output::{Cell, Output};
use crate::view::safe;

/// `signalbox env history`.
pub(super) async fn history(args: History, output: &Output) -> anyhow::Result<Exit> {
    let connection = args.place.connect().await?;
    let environment = &args.environment;
    let pipeline = released_in(&connection, environment, args.pipeline.as_ref()).await?;
    let mut pages = Pages::of(&connection, &pipeline, environment).await?;
    let mut all = Vec::new();
    while let Some(page) = pages.next(&connection).await? {
        all.extend(page.into_iter().rev());
    }
    tell(&all, output)?;
    Ok(Exit::Success)
}

/// `signalbox env at`.
pub(super) async fn at(args: At, output: &Output) -> anyhow::Result<Exit> {
    let connection = args.place.connect().await?;
    let (environment, time) = (&args.environment, args.time);
    let pipeline = released_in(&connection, environment, args.pipeline.as_ref()).await?;
    let mut pages = Pages::of(&connection, &pipeline, environment).await?;
    while let Some(page) = pages.next(&connection).await? {
        if let Some(change) = live_at(&page, time) {
            tell(&[change], output)?;
            return Ok(Exit::Success);
        }
    }
    Err(Exit::NotFound
        .because(format!("nothing of {pipeline} was live in {environment} at {time}")))
}

/// The change that put in place what was live at `time`.
fn live_at(page: &[Change], time: Timestamp) -> Option<Change> {
    page.iter().rev().find(|change| change.at <= time && change.live.is_some()).cloned()
}

/// The changes of an environment, the newest page first.
struct Pages {
    newest: Option<Vec<Change>>,
    /// Keys of segments, the oldest first.
    segments: Vec<String>,
}

impl Pages {
    async fn of(
        connection: &Connection,
        pipeline: &PipelineName,
        environment: &EnvironmentName,
    ) -> anyhow::Result<Self> {
        let key = keys::state::environment(pipeline, environment);
        let found = connection.documents().load::<Environment>(&key).await.map_err(refused)?;
        let Some(found) = found else {
            return Err(Exit::NotFound.because(format!("{pipeline} was never in {environment}")));
        };
        let prefix = keys::state::histories(pipeline, environment);
        let segments = connection.state().keys(&prefix).await?;
        Ok(Self { newest: Some(found.document.changes), segments })
    }

    async fn next(&mut self, connection: &Connection) -> anyhow::Result<Option<Vec<Change>>> {
        if let Some(newest) = self.newest.take() {
            return Ok(Some(newest));
        }
        let Some(key) = self.segments.pop() else { return Ok(None) };
        let found = connection.documents().load::<Segment>(&key).await.map_err(refused)?;
        Ok(Some(found.map(|found| found.document.changes).unwrap_or_default()))
    }
}

fn tell(changes: &[Change], output: &Output) -> anyhow::Result<()> {
    if output.json {
        return output.object(&changes);
    }
    let rows = changes.iter().map(|change| {
        let text =
            |text: Option<String>| Cell::from(text.map(|it| safe::line(&it)).unwrap_or_default());
        vec![
            Cell::from(change.at.to_string()),
            Cell::from(change.what.to_string()),
            text(change.run.as_ref().map(ToString::to_string)),
            text(change.live.as_ref().map(|live| live.run.to_string())),
            text(Some(change.by.clone())),
            text(change.why.clone()),
        ]
    });
    output.table(&["AT", "WHAT", "RUN", "LIVE", "BY", "WHY"], &rows.collect::<Vec<_>>())?;
    Ok(())
}
