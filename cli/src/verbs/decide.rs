//! What the verbs have in common by which a person decides: `cancel`, `retry` and `replay`.
//!
//! Each shows what would happen where `--dry-run` asks for that, and else sends a decision to the
//! queue `decisions` and waits for what comes of it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::trouble;
use signalbox_cloud::decision::{Decision, What};
use signalbox_pipeline::names::EventId;
use signalbox_pipeline::run::Run;

use crate::connect::{Connection, Place, RunRef, troubled};
use crate::exit::Exit;
use crate::output::Output;
use crate::verbs::watch;

mod diff;
mod plan;

pub(super) use plan::{ACTOR, CHECKOUT_IMAGE, DRAWN, Plan, Undecided};

/// After this a decision changes nothing any more.
const LIFE: SignedDuration = SignedDuration::from_hours(1);
/// How long what comes of a decision is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
const PACE: Duration = Duration::from_millis(200);
/// How often a run is asked for whose jobs are about to end.
const WATCHING: Duration = Duration::from_secs(1);

/// How a decision is to be made.
#[derive(Debug, clap::Args)]
pub(crate) struct How {
    /// Show what would be written, submitted and notified, and send nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Wait for the end: of the run, or of the jobs of a run that is cancelled
    #[arg(long, conflicts_with = "dry_run")]
    pub(super) wait: bool,
    #[command(flatten)]
    pub(super) place: Place,
}

/// A decision that was carried out.
pub(super) struct Sent {
    message: String,
    /// What came of it, in a word.
    pub(super) outcome: &'static str,
}

/// What was sent, for scripts.
#[derive(Serialize)]
struct Told<'s> {
    decision: &'s RawValue,
    pipeline: &'s str,
    run: &'s str,
    outcome: &'s str,
}

/// A decision that is made now; `verb` begins its id.
pub(super) fn decision(verb: &str, what: What) -> anyhow::Result<Decision> {
    let (chance, at) = (Chance::system(), Timestamp::now());
    let id = EventId::parse(format!("{verb}-{}", chance.token()))?;
    Ok(Decision { id, at, expires: at.checked_add(LIFE)?, what })
}

/// Sends the decision and waits until the run is as `done` wants it, which says in a word what came
/// of it.
pub(super) async fn send(
    connection: &Connection,
    decision: &Decision,
    run: &RunRef,
    done: impl Fn(&Run) -> Option<&'static str>,
) -> anyhow::Result<Sent> {
    let queue = connection.queue("decisions").await?;
    let message = decision.message().map_err(|malformed| Exit::Usage.because(malformed))?;
    let sent = connection.sqs().patient.send_message().queue_url(&queue).message_body(&message);
    let sent = sent.send().await;
    sent.map_err(|error| troubled(&format!("sending to {queue}"), &trouble(&error)))?;
    let outcome = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(seen) = connection.existing_run(run).await?
                && let Some(outcome) = done(&seen.run)
            {
                return anyhow::Ok(outcome);
            }
            tokio::time::sleep(PACE).await;
        }
    });
    let Ok(outcome) = outcome.await else {
        return Err(Exit::Errored.because(format!(
            "nothing has come of the decision {} in {} s: the log of the function `decision` says \
             why, and until {} it may still be carried out",
            decision.id,
            PATIENCE.as_secs(),
            decision.expires
        )));
    };
    Ok(Sent { message, outcome: outcome? })
}

impl Sent {
    /// Tells what came of it.
    pub(super) fn tell(&self, run: &RunRef, output: &Output) -> anyhow::Result<()> {
        if !output.json {
            return Ok(output.line(format!("{}: run {run}", self.outcome))?);
        }
        let message = RawValue::from_string(self.message.clone())?;
        let (pipeline, id) = (run.pipeline.as_str(), run.id.as_str());
        output.object(&Told { decision: &message, pipeline, run: id, outcome: self.outcome })
    }
}

/// Waits until nothing of the run is open any more: every job of it was seen to have ended.
pub(super) async fn settled(
    connection: &Connection,
    run: &RunRef,
    output: &Output,
) -> anyhow::Result<()> {
    let mut known = None;
    loop {
        if let Some(seen) = connection.read_run(run, known.as_deref()).await? {
            if seen.run.is_settled() {
                output.say("All of its jobs have ended.");
                return Ok(());
            }
            known = Some(seen.etag);
        }
        tokio::time::sleep(WATCHING).await;
    }
}

/// Follows the run where that is wanted, and says else how it can be followed.
pub(super) async fn follow(
    connection: &Connection,
    run: &RunRef,
    wait: bool,
    output: &Output,
) -> anyhow::Result<Exit> {
    if wait {
        return watch::to_the_end(connection, run, output).await;
    }
    if !output.json {
        let flag = connection.flag();
        output.line(format!("Follow it: signalbox watch {}{flag}", run.id))?;
    }
    Ok(Exit::Success)
}
