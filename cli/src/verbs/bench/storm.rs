//! `signalbox bench storm`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Serialize;
use signalbox_local::events::Knobs;

use super::figures::rounded;
use super::load::Load;
use super::pipeline;
use crate::exit::Exit;
use crate::laptop::{Address, Wanted};
use crate::output::Output;

mod count;
mod killer;

use count::DeadLetters;
use killer::Killer;

/// Many runs at once while events come twice and functions are killed: nothing lost, nothing doubled
///
/// Begins all runs at once, delivers a part of all events twice and out of order, and kills a
/// process of a function (SIGKILL, whichever it is, whatever it does) again and again until the
/// last run is over. Jobs are real processes that do nothing. Counted afterwards, from the engine's
/// own log of requests: how often each attempt was submitted, and what lies in the dead letters.
///
/// A step whose function was killed is healed by its message, which comes again after its
/// visibility timeout of 3 minutes, or by tick once the lease of 45 seconds is over: that, and not
/// the work, is what the last runs take.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// Runs, all begun at once
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    runs: u32,
    /// Stages with a job: checkout, checks, build and environments
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(4..=19))]
    stages: u8,
    /// The part of all events that comes twice, from 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.5)]
    duplicate: f64,
    /// Seconds between two kills
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    kill_every: f64,
    /// What chance depends on
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Minutes after which a run counts as lost
    #[arg(long, value_name = "MINUTES", default_value_t = 30)]
    patience: u32,
    /// Keep everything in this folder [default: a temporary one, removed]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

const HELP: &str = "\
Exits with 0 only if every run succeeded, no attempt was submitted twice, and no dead letter lacks
its reason.

Example:
  cargo run --release -- bench storm --runs 1000 --json";

/// What came of it.
#[derive(Debug, Serialize)]
struct Weathered {
    /// All of them succeeded; one that does not ends the storm with its reason.
    runs: usize,
    stages: u8,
    kills: u64,
    attempts: usize,
    submissions: u64,
    /// Job names that were submitted more than once, and how often.
    doubled: BTreeMap<String, u64>,
    dead_letters: DeadLetters,
    seconds: f64,
    release_build: bool,
}

/// Carries the verb out.
pub(super) async fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let temporary = tempfile::tempdir()?;
    let dir = args.dir.clone().unwrap_or_else(|| temporary.path().join("engine"));
    std::fs::create_dir_all(&dir)?;
    let dir = dir.canonicalize()?;
    let knobs = Knobs {
        seed: args.seed,
        duplicate: args.duplicate.clamp(0.0, 1.0),
        reorder: 0.2,
        delay: Duration::from_millis(500),
        ..Knobs::default()
    };
    let parameters =
        [("Repositories", pipeline::REPOSITORY), ("ImageRepositories", pipeline::IMAGES)];
    let wanted = Wanted {
        parameters: parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        knobs,
        ..Wanted::in_folder(dir.clone())
    };
    let engine = wanted.start().await?;
    let commit = pipeline::prepare(&engine, &dir.join("work"), usize::from(args.stages)).await?;
    let patience = Duration::from_secs(u64::from(args.patience) * 60);
    let load = Load::new(&engine, Address::of(&engine, &dir)?, &commit)?.under_fire(patience);

    let (began, all) = (Instant::now(), usize::try_from(args.runs)?);
    let killer = Killer::new(&engine, args.seed);
    let pause = Duration::from_secs_f64(args.kill_every.max(0.01));
    let runs = tokio::select! {
        runs = load.carry_out("storm", all, all) => runs?,
        error = killer.kill_every(pause) => return Err(error),
    };
    let (took, kills) = (began.elapsed(), killer.kills());
    let dead_letters = count::dead_letters(&engine).await?;
    engine.stop().await;

    let submissions = count::submissions(&dir)?;
    let weathered = Weathered {
        runs: runs.len(),
        stages: args.stages,
        kills,
        attempts: runs.iter().map(|run| run.state.attempts().count()).sum(),
        submissions: submissions.values().sum(),
        doubled: submissions.into_iter().filter(|(_, times)| *times > 1).collect(),
        dead_letters,
        seconds: rounded(took.as_secs_f64()),
        release_build: !cfg!(debug_assertions),
    };
    tell(&weathered, output)
}

fn tell(weathered: &Weathered, output: &Output) -> anyhow::Result<Exit> {
    let Weathered { runs, stages, kills, attempts, submissions, doubled, .. } = weathered;
    let DeadLetters { messages, without_reason } = weathered.dead_letters;
    let calm = doubled.is_empty() && without_reason == 0;
    let exit = if calm { Exit::Success } else { Exit::Errored };
    if output.json {
        output.object(weathered)?;
        return Ok(exit);
    }
    output.line(format!(
        "{runs} runs of {stages} stages succeeded in {:.0} s, with {kills} functions killed",
        weathered.seconds
    ))?;
    output.line(format!("{attempts} attempts, {submissions} submissions"))?;
    for (name, times) in doubled {
        output.line(format!("  {name} was submitted {times} times"))?;
    }
    output.line(format!("{messages} dead letters, {without_reason} of them without a reason"))?;
    Ok(exit)
}
