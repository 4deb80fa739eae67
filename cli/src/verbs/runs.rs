//! `signalbox runs`: the newest runs.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use serde::Serialize;
use signalbox_pipeline::explain::explain;
use signalbox_pipeline::names::PipelineName;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;

use crate::connect::{Connection, Place, RunRef, newest_of};
use crate::exit::Exit;
use crate::output::{Cell, Output};
use crate::view::{safe, time};

#[cfg(test)]
mod tests;

/// How many documents are read at a time.
const AT_A_TIME: usize = 8;
/// The longest reason in the table; `show` has all of it.
const REASON: usize = 100;

const EXAMPLES: &str = "\
Examples:
  signalbox runs                         the newest runs of every pipeline
  signalbox runs rain --limit 5          the newest five of one
  signalbox runs --dir engine            of a local engine
  signalbox runs --json | jq -r '.[] | select(.phase == \"failed\") | .run'

What to do next: `signalbox show RUN` tells all about one, RUN being an id, a part of it, a commit
or `latest`.";

/// List the newest runs
///
/// One line per run: how far it is, in which stage, for which commit, and why it ended if it did
/// not end well. It costs a few requests, however many runs there are.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Only runs of this pipeline
    #[arg(value_name = "PIPELINE")]
    only: Option<PipelineName>,
    /// The same as PIPELINE
    #[arg(long, value_name = "PIPELINE", conflicts_with = "only")]
    pipeline: Option<PipelineName>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    #[command(flatten)]
    place: Place,
}

/// A run as it is listed.
#[derive(Debug, Serialize)]
struct Row {
    run: String,
    pipeline: String,
    /// Absent where the document cannot be read.
    phase: Option<Phase>,
    stage: Option<String>,
    branch: Option<String>,
    commit: Option<String>,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    /// Why it ended so, or what it waits for.
    reason: String,
}

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    let connection = args.place.connect().await?;
    let pipeline = args.only.or(args.pipeline);
    let runs = newest_of(&connection.state(), pipeline.as_ref(), args.limit.into()).await?;
    let now = Timestamp::now();
    let rows = stream::iter(&runs).map(|run| row(&connection, run, now));
    let rows: Vec<Row> = rows.buffered(AT_A_TIME).try_collect().await?;
    if output.json {
        output.object(&rows)?;
    } else if rows.is_empty() {
        let of = pipeline.map(|pipeline| format!(" of {pipeline}")).unwrap_or_default();
        let flag = connection.flag();
        output.line(format!(
            "There are no runs{of} yet. A push to a registered repository starts one; \
             `signalbox repo list{flag}` shows which are."
        ))?;
    } else {
        let head = ["RUN", "PHASE", "STAGE", "BRANCH", "COMMIT", "AGE", "WHY"];
        output.table(&head, &rows.iter().map(|row| cells(row, now)).collect::<Vec<_>>())?;
    }
    Ok(Exit::Success)
}

/// One document that cannot be read does not hide the others; a service that does not answer
/// ends the listing.
async fn row(connection: &Connection, run: &RunRef, now: Timestamp) -> anyhow::Result<Row> {
    match connection.seen_run(run).await {
        Ok(seen) => Ok(of_run(&seen.run, now)),
        Err(error) if error.downcast_ref::<serde_json::Error>().is_some() => {
            Ok(unreadable(run, &format!("{error:#}")))
        }
        Err(error) => Err(error),
    }
}

fn of_run(run: &Run, now: Timestamp) -> Row {
    let state = &run.state;
    let reason = match (&state.reason, state.phase.is_terminal()) {
        (Some(reason), _) => reason.clone(),
        (None, true) => String::new(),
        (None, false) => explain(run, now),
    };
    let last = || state.stages.iter().rfind(|stage| stage.started_at.is_some());
    let stage = state.stage().filter(|_| !state.phase.is_terminal()).or_else(last);
    Row {
        run: run.id.to_string(),
        pipeline: run.pipeline.to_string(),
        phase: Some(state.phase),
        stage: stage.map(|stage| stage.name.to_string()),
        branch: Some(state.trigger.branch.to_string()),
        commit: Some(state.trigger.commit.to_string()),
        started_at: Some(state.started_at),
        ended_at: state.ended_at,
        reason,
    }
}

fn unreadable(run: &RunRef, reason: &str) -> Row {
    Row {
        run: run.id.to_string(),
        pipeline: run.pipeline.to_string(),
        phase: None,
        stage: None,
        branch: None,
        commit: None,
        started_at: None,
        ended_at: None,
        reason: reason.to_owned(),
    }
}

fn cells(row: &Row, now: Timestamp) -> Vec<Cell> {
    let text = |text: &Option<String>| Cell::from(text.clone().unwrap_or_default());
    let short = |commit: &String| commit.chars().take(7).collect::<String>();
    vec![
        Cell::from(row.run.as_str()),
        row.phase.map_or_else(|| Cell::from("unreadable"), Cell::phase),
        text(&row.stage),
        text(&row.branch),
        text(&row.commit.as_ref().map(short)),
        Cell::from(row.started_at.map(|at| time::age(at, now)).unwrap_or_default()),
        Cell::dim(shortened(&safe::first_line(&row.reason))),
    ]
}

fn shortened(reason: &str) -> String {
    match reason.char_indices().nth(REASON) {
        Some((end, _)) => format!("{}…", &reason[..end]),
        None => reason.to_owned(),
    }
}
