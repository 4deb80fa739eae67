//! `signalbox events`: the newest archived events.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use serde::Serialize;
use signalbox_cloud::ingest::codecommit;
use signalbox_cloud::ingest::{Envelope, Read as Ingested};
use signalbox_pipeline::keys;
use signalbox_pipeline::names::Host;

use crate::connect::{Connection, Place, Read, days};
use crate::exit::Exit;
use crate::output::{Cell, Output};
use crate::view::{safe, time};

/// How many events are read at a time.
const AT_A_TIME: usize = 8;
/// So many of the newest days that have events are looked at.
const DAYS: usize = 400;
/// So many events of one day are listed: a few requests.
const OF_A_DAY: usize = 5000;

const EXAMPLES: &str = "\
Examples:
  signalbox events                       the newest events that started, or could start, a run
  signalbox events --limit 5 --dir engine
  signalbox events --json | jq -r '.[0].event'

What to do next: `signalbox replay EVENT-ID` lets one make another run.";

/// List the newest events that were archived
///
/// Every push to a registered repository is kept as it was received, before its run begins. It
/// costs a few requests, however many events there are.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    #[command(flatten)]
    place: Place,
}

/// An event as it is listed.
#[derive(Debug, Default, Serialize)]
struct Row {
    event: String,
    received_at: Timestamp,
    key: String,
    /// Absent where the event cannot be read.
    repository: Option<String>,
    branch: Option<String>,
    commit: Option<String>,
    actor: Option<String>,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    let connection = args.place.connect().await?;
    let (newest, host) = (newest(&connection, args.limit.into()).await?, connection.code_host()?);
    let rows = stream::iter(newest).map(|(at, key)| row(&connection, &host, at, key));
    let rows: Vec<Row> = rows.buffered(AT_A_TIME).try_collect().await?;
    if output.json {
        output.object(&rows)?;
    } else if rows.is_empty() {
        output.line("No event was archived yet. A push to a registered repository is.")?;
    } else {
        let (now, head) = (Timestamp::now(), ["EVENT", "REPOSITORY", "BRANCH", "COMMIT", "AGE"]);
        output.table(&head, &rows.iter().map(|row| cells(row, now)).collect::<Vec<_>>())?;
    }
    Ok(Exit::Success)
}

/// The newest `limit` events: when they were archived, and where.
async fn newest(connection: &Connection, limit: usize) -> anyhow::Result<Vec<(Timestamp, String)>> {
    let (state, mut events) = (connection.state(), Vec::new());
    for day in days(&state, keys::state::EVENTS, DAYS).await? {
        let mut of_day = state.written(&day, OF_A_DAY).await?;
        of_day.sort_by(|one, other| other.cmp(one));
        events.extend(of_day);
        if events.len() >= limit {
            break;
        }
    }
    events.truncate(limit);
    Ok(events)
}

async fn row(
    connection: &Connection,
    host: &Host,
    received_at: Timestamp,
    key: String,
) -> anyhow::Result<Row> {
    let name = key.rsplit('/').next().unwrap_or_default();
    let event = name.strip_suffix(".json").unwrap_or(name).to_owned();
    let text = match connection.state().read(&key, None).await? {
        Read::Found { bytes, .. } => String::from_utf8_lossy(&bytes).into_owned(),
        Read::Absent | Read::Unchanged => String::new(),
    };
    let read = Envelope::parse(&text).and_then(|envelope| codecommit::read(&envelope, host));
    let row = Row { event, received_at, key, ..Row::default() };
    Ok(match read {
        Ok(Ingested::Event(push)) => Row {
            repository: Some(push.repository.to_string()),
            branch: Some(push.branch.to_string()),
            commit: Some(push.commit.to_string()),
            actor: push.actor,
            ..row
        },
        Ok(Ingested::Ignored(reason)) => Row { problem: Some(reason), ..row },
        Err(malformed) => Row { problem: Some(malformed.to_string()), ..row },
    })
}

fn cells(row: &Row, now: Timestamp) -> Vec<Cell> {
    let text = |text: &Option<String>| Cell::from(text.clone().unwrap_or_default());
    let short = |commit: &String| commit.chars().take(7).collect::<String>();
    let first = match &row.problem {
        Some(problem) => Cell::from(safe::first_line(problem)),
        None => text(&row.repository),
    };
    vec![
        Cell::from(safe::line(&row.event)),
        first,
        text(&row.branch),
        text(&row.commit.as_ref().map(short)),
        Cell::from(time::age(row.received_at, now)),
    ]
}
