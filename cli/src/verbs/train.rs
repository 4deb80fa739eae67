//! `signalbox train`: production training jobs, on the release that the rollout picks.

use std::time::Duration;

use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde::Serialize;
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::trouble;
use signalbox_cloud::launches::{LaunchKey, Request};
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::keys;
use signalbox_pipeline::launch::Launch;
use signalbox_pipeline::names::{EnvironmentName, EventId, PipelineName};
use signalbox_pipeline::phase::Phase;

use crate::connect::{Connection, Place, refused, released_in, troubled};
use crate::exit::Exit;
use crate::output::{Cell, Output};
use crate::view::safe;

/// How long a launch is waited for until it has begun.
const PATIENCE: Duration = Duration::from_secs(60);
const PACE: Duration = Duration::from_millis(200);
/// How often a launch is asked for that runs.
const WATCHING: Duration = Duration::from_secs(1);

const EXAMPLES: &str = "\
Examples:
  signalbox train --environment production
  signalbox train --environment production --count 20 --wait
  signalbox train --environment production --reason \"new data of May\"

A launch runs `train` of the release that is live, or, while a release is rolled out, of that one:
which of the two follows from the id of the launch and the step that the rollout is at. How it ends
moves the rollout on, or has it fall back; `signalbox env show ENV` shows how it stands.

Exit codes: 0 they have begun, with --wait ended well; 1 one ended otherwise; 4 nothing is released.";

/// Launch production training jobs
///
/// A schedule or a rule of EventBridge can send the same request: see docs/environments.md.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Where
    #[arg(long, short, value_name = "ENV")]
    environment: EnvironmentName,
    /// Of which pipeline; not needed where only one has a release there
    #[arg(long, value_name = "PIPELINE")]
    pipeline: Option<PipelineName>,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,
    /// Why, for whoever looks at it later
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Wait until they have ended
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    place: Place,
}

/// A launch, for scripts.
#[derive(Serialize)]
struct Row {
    launch: String,
    pipeline: String,
    environment: String,
    side: String,
    release: String,
    phase: Phase,
    /// Why it ended otherwise than well, or what its numbers break.
    reason: Option<String>,
}

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    let connection = args.place.connect().await?;
    let environment = &args.environment;
    let pipeline = released_in(&connection, environment, args.pipeline.as_ref()).await?;
    launchable(&connection, &pipeline, environment).await?;
    let queue = connection.queue("launches").await?;
    let mut requests = Vec::new();
    for _ in 0..args.count {
        let request = request(&pipeline, environment, args.reason.clone())?;
        send(&connection, &queue, &request).await?;
        requests.push(request);
    }
    let begun = requests.iter().map(|request| begun(&connection, request.key()));
    let mut launches = try_join_all(begun).await?;
    if args.wait {
        launches = try_join_all(launches.iter().map(|launch| ended(&connection, launch))).await?;
    }
    tell(&launches, output)?;
    let is_bad = |launch: &Launch| launch.phase.is_terminal() && launch.phase != Phase::Succeeded;
    Ok(if args.wait && launches.iter().any(is_bad) { Exit::Failed } else { Exit::Success })
}

/// A request that is made now.
pub(super) fn request(
    pipeline: &PipelineName,
    environment: &EnvironmentName,
    reason: Option<String>,
) -> anyhow::Result<Request> {
    let id = EventId::parse(format!("train-{}", Chance::system().token()))?;
    Ok(Request::new(id, Timestamp::now(), pipeline.clone(), environment.clone(), reason))
}

/// Asks for a launch.
pub(super) async fn send(
    connection: &Connection,
    queue: &str,
    request: &Request,
) -> anyhow::Result<()> {
    let message = serde_json::to_string(request)?;
    let sent = connection.sqs().patient.send_message().queue_url(queue).message_body(message);
    let sent = sent.send().await;
    sent.map_err(|error| troubled(&format!("sending to {queue}"), &trouble(&error))).map(|_| ())
}

/// What the function would say in its log alone.
async fn launchable(
    connection: &Connection,
    pipeline: &PipelineName,
    environment: &EnvironmentName,
) -> anyhow::Result<()> {
    let key = keys::state::environment(pipeline, environment);
    let found = connection.documents().load::<Environment>(&key).await.map_err(refused)?;
    let current = found.and_then(|found| found.document.current);
    let problem = match current {
        Some(release) if release.train.is_some() => return Ok(()),
        Some(release) => format!("the definition of {} has no `train`", release.run),
        None => format!("nothing of {pipeline} is released in {environment}"),
    };
    Err(Exit::NotFound.because(format!("{problem}: there is nothing to launch")))
}

async fn begun(connection: &Connection, key: LaunchKey) -> anyhow::Result<Launch> {
    let begun = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(launch) = load(connection, &key).await? {
                return anyhow::Ok(launch);
            }
            tokio::time::sleep(PACE).await;
        }
    });
    begun.await.unwrap_or_else(|_| {
        Err(Exit::Errored.because(format!(
            "the launch {key} has not begun in {} s: the log of the function `launch` says why",
            PATIENCE.as_secs()
        )))
    })
}

async fn ended(connection: &Connection, launch: &Launch) -> anyhow::Result<Launch> {
    let key = LaunchKey {
        pipeline: launch.pipeline.clone(),
        environment: launch.environment.clone(),
        launch: launch.id.clone(),
    };
    loop {
        if let Some(launch) = load(connection, &key).await?.filter(Launch::is_settled) {
            return Ok(launch);
        }
        tokio::time::sleep(WATCHING).await;
    }
}

async fn load(connection: &Connection, key: &LaunchKey) -> anyhow::Result<Option<Launch>> {
    let found = connection.documents().load::<Launch>(&key.document()).await.map_err(refused)?;
    Ok(found.map(|found| found.document))
}

fn tell(launches: &[Launch], output: &Output) -> anyhow::Result<()> {
    let rows: Vec<Row> = launches.iter().map(row).collect();
    if output.json {
        return output.object(&rows);
    }
    let cells = rows.iter().map(|row| {
        vec![
            Cell::from(row.launch.clone()),
            Cell::from(row.side.clone()),
            Cell::from(row.release.clone()),
            Cell::phase(row.phase),
            Cell::from(row.reason.as_deref().map(safe::line).unwrap_or_default()),
        ]
    });
    let head = ["LAUNCH", "SIDE", "RELEASE", "PHASE", "WHY"];
    output.table(&head, &cells.collect::<Vec<_>>())?;
    Ok(())
}

fn row(launch: &Launch) -> Row {
    Row {
        launch: launch.id.to_string(),
        pipeline: launch.pipeline.to_string(),
        environment: launch.environment.to_string(),
        side: launch.picked.side.to_string(),
        release: launch.picked.release.run.to_string(),
        phase: launch.phase,
        reason: launch.breaks.clone().or_else(|| launch.reason.clone()),
    }
}
