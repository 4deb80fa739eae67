//! `signalbox rollback`, `hold` and `resume`: a person's hand on an environment.

use std::time::Duration;

use signalbox_cloud::clients::trouble;
use signalbox_cloud::decision::{Steer, What};
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EnvironmentName, PipelineName, RunId};

use super::decide;
use crate::connect::{Connection, Place, refused, released_in, troubled};
use crate::exit::Exit;
use crate::output::Output;

/// How long what comes of a decision is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
const PACE: Duration = Duration::from_millis(200);

const EXAMPLES: &str = "\
Examples:
  signalbox rollback --environment production --reason \"it drifts\"
  signalbox rollback --environment production --to 20261120t091427z-9a2d57f-53c2ec4d --reason \"…\"
  signalbox hold --environment production --reason \"audit until Monday\"
  signalbox resume --environment production

A rollback takes out what is being rolled out; where nothing is, it brings back the release that was
live before. From then on releases are held until a newer commit arrives. A hold keeps all of them
out until it is lifted. Each is meant for the environment as the command found it: where that has
changed meanwhile, nothing happens.

Exit codes: 0 it is done; 4 no pipeline was ever there; 5 nothing came of it.";

/// Where, and why.
#[derive(Debug, clap::Args)]
struct Where {
    /// The environment
    #[arg(long, short, value_name = "ENV")]
    environment: EnvironmentName,
    /// Of which pipeline; not needed where only one was ever there
    #[arg(long, value_name = "PIPELINE")]
    pipeline: Option<PipelineName>,
    #[command(flatten)]
    place: Place,
}

/// Bring an older release back
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Rollback {
    #[command(flatten)]
    at: Where,
    /// The run whose release is to be live, by its full id
    #[arg(long, value_name = "RUN")]
    to: Option<RunId>,
    /// Why, for whoever looks at it later
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Keep releases out of an environment
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Hold {
    #[command(flatten)]
    at: Where,
    /// Why, for whoever waits
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Let releases in again
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Resume {
    #[command(flatten)]
    at: Where,
    /// Why, for whoever looks at it later
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Carries `rollback` out.
pub(crate) async fn rollback(args: Rollback, output: &Output) -> anyhow::Result<Exit> {
    let (to, reason) = (args.to, Some(args.reason));
    steer(args.at, to, reason, "rollback", What::Rollback, output).await
}

/// Carries `hold` out.
pub(crate) async fn hold(args: Hold, output: &Output) -> anyhow::Result<Exit> {
    steer(args.at, None, Some(args.reason), "hold", What::Hold, output).await
}

/// Carries `resume` out.
pub(crate) async fn resume(args: Resume, output: &Output) -> anyhow::Result<Exit> {
    steer(args.at, None, args.reason, "resume", What::Resume, output).await
}

async fn steer(
    at: Where,
    to: Option<RunId>,
    reason: Option<String>,
    verb: &str,
    what: fn(Steer) -> What,
    output: &Output,
) -> anyhow::Result<Exit> {
    let connection = at.place.connect().await?;
    let environment = at.environment;
    let pipeline = released_in(&connection, &environment, at.pipeline.as_ref()).await?;
    let key = keys::state::environment(&pipeline, &environment);
    let before = load(&connection, &key).await?;
    let meant_for = before.generation();
    let decided = Steer { pipeline, environment, meant_for, to, reason };
    let decision = decide::decision(verb, what(decided))?;
    let message = decision.message().map_err(|malformed| Exit::Usage.because(malformed))?;
    let queue = connection.queue("decisions").await?;
    let sent = connection.sqs().patient.send_message().queue_url(&queue).message_body(message);
    let sent = sent.send().await;
    sent.map_err(|error| troubled(&format!("sending to {queue}"), &trouble(&error)))?;
    let known = before.changes.last().map_or(0, |change| change.seq);
    let done = tokio::time::timeout(PATIENCE, async {
        loop {
            let now = load(&connection, &key).await?;
            if now.generation() != before.generation() || now.hold != before.hold {
                return anyhow::Ok(now);
            }
            tokio::time::sleep(PACE).await;
        }
    });
    let Ok(done) = done.await else {
        return Err(Exit::Errored.because(format!(
            "nothing has come of the decision {} in {} s: the log of the function `decision` says why",
            decision.id,
            PATIENCE.as_secs()
        )));
    };
    let done = done?;
    if output.json {
        output.object(&done)?;
        return Ok(Exit::Success);
    }
    for change in done.changes.iter().filter(|change| change.seq > known) {
        let run = change.run.as_ref().map(|run| format!(" {run}")).unwrap_or_default();
        output.line(format!("{}{run}, by {}", change.what, change.by))?;
    }
    let live = done.current.map_or_else(|| "nothing".to_owned(), |current| current.run.to_string());
    output.line(format!("live: {live}"))?;
    Ok(Exit::Success)
}

async fn load(connection: &Connection, key: &str) -> anyhow::Result<Environment> {
    let found = connection.documents().load::<Environment>(key).await.map_err(refused)?;
    found
        .map(|found| found.document)
        .ok_or_else(|| Exit::NotFound.because(format!("{key} is gone")))
}
