//! `signalbox replay`: an event makes another run.

use std::path::Path;

use anyhow::Context as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use signalbox_cloud::decision::{Decision, LONGEST_ENVELOPE, Replay, What};
use signalbox_cloud::ingest::codecommit::{self, Push};
use signalbox_cloud::ingest::{Envelope, Read as Ingested};
use signalbox_cloud::intake::Arrival;
use signalbox_pipeline::head::{Claim, Head};
use signalbox_pipeline::keys;
use signalbox_pipeline::names::EventId;
use signalbox_pipeline::registration::Registration;

use super::decide::{self, ACTOR, CHECKOUT_IMAGE, DRAWN, How, Plan};
use crate::connect::{Connection, Read, RunRef, days, refused};
use crate::exit::Exit;
use crate::output::Output;
use crate::view::safe;

/// An event is looked for in so many of the newest days that have any.
const DAYS: usize = 400;

const EXAMPLES: &str = "\
Examples:
  signalbox events                       the newest events, with their ids
  signalbox replay d107ea36-29c3-4671-8876-f07356a48dea
  signalbox replay events/codecommit-push.json
                                         an event that lies in a file
  signalbox replay push.json --dry-run   what would be submitted and written, and nothing is sent

A replay makes a run of its own, which says what it replays. The same event sent once more to its
queue changes nothing: an event makes one run.

Exit codes: 0 the run began, or with --wait succeeded; 1 the event starts nothing, or the run failed;
4 there is no such event.";

/// Let an event make another run
///
/// The event is one that was archived, by its id, or one in a file, as EventBridge delivers it. It
/// takes the way of any push: its repository has to be registered, and its commit is checked out.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// The id of an archived event, or a file
    #[arg(value_name = "EVENT-ID|FILE")]
    event: String,
    /// The day of the archived event; without it, it is looked for
    #[arg(long, value_name = "YYYY-MM-DD")]
    day: Option<Date>,
    #[command(flatten)]
    how: How,
}

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    let connection = args.how.place.connect().await?;
    let (replay, text) = event(&connection, &args).await?;
    let push = pushed(&connection, &text)?;
    let repository = keys::state::repository(&push.host, &push.repository);
    let found = connection.documents().load::<Registration>(&repository).await.map_err(refused)?;
    let admitted = found.filter(|found| found.document.admits(&push.branch));
    let Some(registration) = admitted.map(|found| found.document) else {
        let Push { host, repository, branch, .. } = &push;
        return Err(Exit::Failed.because(format!(
            "{host}/{repository} is not registered for the branch {branch}; \
             `signalbox repo list{}` shows what is",
            connection.flag()
        )));
    };
    let decision = decide::decision("replay", What::Replay(replay))?;
    let arrival = Arrival::replayed(push, decision.id.clone(), decision.at, ACTOR.to_owned());
    let run = RunRef { pipeline: registration.pipeline.clone(), id: arrival.run() };
    if args.how.dry_run {
        let plan = plan(&connection, &decision, &run, &arrival, &registration).await?;
        return plan.print(&decision, output);
    }
    decide::send(&connection, &decision, &run, |_| Some("began")).await?.tell(&run, output)?;
    decide::follow(&connection, &run, args.how.wait, output).await
}

async fn plan(
    connection: &Connection,
    decision: &Decision,
    run: &RunRef,
    arrival: &Arrival,
    registration: &Registration,
) -> anyhow::Result<Plan> {
    let push = &arrival.push;
    let key = keys::state::head(&push.host, &push.repository, &push.branch);
    let head = connection.documents().load::<Head>(&key).await.map_err(refused)?;
    let head = head.map(|head| head.document);
    let claim = arrival.claim(head.as_ref(), &run.id, DRAWN);
    let claim = claim.unwrap_or_else(|| Claim::held(&run.id));
    let trigger = arrival.trigger(registration, CHECKOUT_IMAGE, &claim);
    let mut plan = Plan::begun(connection, decision, run, trigger).await?;
    if let Some(next) = claim.head {
        plan.document(key, head.as_ref(), &next)?;
    }
    Ok(plan)
}

/// The event, and its text.
async fn event(connection: &Connection, args: &Args) -> anyhow::Result<(Replay, String)> {
    let file = Path::new(&args.event);
    if args.day.is_none() && file.is_file() {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("{} cannot be read", file.display()))?;
        if text.len() > LONGEST_ENVELOPE {
            return Err(Exit::Usage.because(format!(
                "{} has {} bytes, and {LONGEST_ENVELOPE} at most are replayed from a file",
                file.display(),
                text.len()
            )));
        }
        return Ok((Replay::Inline(text.clone()), text));
    }
    let shown = safe::line(&args.event);
    let event = EventId::parse(args.event.as_str()).map_err(|error| {
        Exit::NotFound.because(format!("there is no file {shown}, and {error}"))
    })?;
    let found = match args.day {
        Some(day) => archived(connection, &keys::state::event(day, &event)).await?,
        None => sought(connection, &event).await?,
    };
    let Some(text) = found else {
        return Err(Exit::NotFound.because(format!(
            "there is no file {shown}, and no archived event of that id; \
             `signalbox events{}` lists the newest",
            connection.flag()
        )));
    };
    let at = read(&text)?.at;
    let day = at.to_zoned(TimeZone::UTC).date();
    Ok((Replay::Archived { day, event }, text))
}

/// The archived event, looked for in one day after the other, the newest first.
async fn sought(connection: &Connection, event: &EventId) -> anyhow::Result<Option<String>> {
    for day in days(&connection.state(), keys::state::EVENTS, DAYS).await? {
        if let Some(text) = archived(connection, &format!("{day}{event}.json")).await? {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

async fn archived(connection: &Connection, key: &str) -> anyhow::Result<Option<String>> {
    match connection.state().read(key, None).await? {
        Read::Found { bytes, .. } => Ok(Some(String::from_utf8(bytes)?)),
        Read::Absent | Read::Unchanged => Ok(None),
    }
}

fn read(text: &str) -> anyhow::Result<Envelope<'_>> {
    Envelope::parse(text).map_err(|malformed| Exit::Failed.because(malformed))
}

/// What the event says was pushed.
fn pushed(connection: &Connection, text: &str) -> anyhow::Result<Push> {
    match codecommit::read(&read(text)?, &connection.code_host()?) {
        Ok(Ingested::Event(push)) => Ok(push),
        Ok(Ingested::Ignored(reason)) => {
            Err(Exit::Failed.because(format!("the event starts nothing: {}", safe::line(&reason))))
        }
        Err(malformed) => Err(Exit::Failed.because(malformed)),
    }
}
