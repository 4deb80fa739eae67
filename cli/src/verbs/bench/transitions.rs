//! `signalbox bench transitions`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;
use signalbox_local::engine::Engine;
use signalbox_pipeline::run::Run;

use super::figures::{Gaps, gaps, rounded, summary};
use super::load::Load;
use super::{pipeline, stamps};
use crate::exit::Exit;
use crate::laptop::{Address, Wanted};
use crate::output::Output;

/// The time from one job's end to the next job's beginning, and what it costs
///
/// Carries out runs whose jobs do nothing, through the real functions, queues, documents and the
/// local Batch, all durable. Every run passes checkout, checks, build (a real image, really
/// pushed), and one environment after another, whose jobs run in that image.
///
/// A gap is the time from the last instruction of one runner to the first of the next, both real
/// processes, on CLOCK_MONOTONIC; the exit of the one and the exec of the other lie inside it. In
/// between: Batch's event, its rule and queue, the function, S3, the submission, Batch again. From
/// one environment to the next it holds two releases' documents as well. One run is carried out
/// beforehand, so that no cold start is measured.
///
/// An event is a message that a function handled; its CPU time is that of the functions' processes.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// Stages with a job: checkout, checks, build and environments
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u8).range(4..=19))]
    stages: u8,
    /// Runs that are measured
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Runs side by side
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    concurrency: u32,
    /// Keep everything in this folder [default: a temporary one, removed]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

const HELP: &str = "\
Example:
  cargo run --release -- bench transitions --stages 10 --runs 100 --json";

/// What was measured.
#[derive(Debug, Serialize)]
struct Measured {
    stages: u8,
    runs: usize,
    concurrency: u32,
    transitions: usize,
    gap_ms_p50: f64,
    gap_ms_p99: f64,
    /// The same by the stages that a gap lies between.
    gaps: BTreeMap<String, Gaps>,
    events_per_second: f64,
    cpu_ms_per_event: f64,
    function_rss_mb: f64,
    /// Of the functions, in all.
    requests_per_transition: f64,
    seconds: f64,
    release_build: bool,
}

/// Carries the verb out.
pub(super) async fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    if cfg!(debug_assertions) {
        output.note("This is a debug build: measure with `cargo run --release -- bench …`.");
    }
    let temporary = tempfile::tempdir()?;
    let dir = args.dir.clone().unwrap_or_else(|| temporary.path().join("engine"));
    std::fs::create_dir_all(&dir)?;
    let dir = dir.canonicalize()?;
    let file = dir.join("stamps");
    let wanted = Wanted {
        parameters: [
            ("Repositories", pipeline::REPOSITORY),
            ("ImageRepositories", pipeline::IMAGES),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        vcpus: Some(args.concurrency.saturating_mul(4).max(4)),
        // What is measured is what events carry.
        tick: Duration::from_secs(24 * 3600),
        stamps: Some(file.clone()),
        ..Wanted::in_folder(dir.clone())
    };
    let engine = wanted.start().await?;
    let commit = pipeline::prepare(&engine, &dir.join("work"), usize::from(args.stages)).await?;
    let load = Load::new(&engine, Address::of(&engine, &dir)?, &commit)?;
    load.carry_out("first", 1, 1).await?;

    let (before, began) = (Cost::of(&engine), Instant::now());
    let (runs, concurrency) = (usize::try_from(args.runs)?, usize::try_from(args.concurrency)?);
    let runs = load.carry_out("run", runs, concurrency).await?;
    let took = began.elapsed();
    let cost = Cost::of(&engine);
    engine.stop().await;
    let measured = measure(args, &runs, &stamps::read(&file)?, took, (before, cost))?;
    tell(&measured, output)?;
    Ok(Exit::Success)
}

/// What the functions have cost so far.
struct Cost {
    cpu: Duration,
    peak_rss: u64,
    requests: u64,
}

impl Cost {
    fn of(engine: &Engine) -> Self {
        let usage = engine.usage();
        let functions = &engine.stack().functions;
        let callers = engine.counts_by_caller();
        let of =
            |name: &String| callers.get(name).into_iter().flat_map(BTreeMap::values).sum::<u64>();
        Self {
            cpu: usage.values().map(|usage| usage.cpu).sum(),
            peak_rss: usage.values().map(|usage| usage.peak_rss).max().unwrap_or_default(),
            requests: functions.iter().map(|function| of(&function.name)).sum(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
fn measure(
    args: &Args,
    runs: &[Run],
    spans: &BTreeMap<String, stamps::Span>,
    took: Duration,
    (before, after): (Cost, Cost),
) -> anyhow::Result<Measured> {
    let by_kind = gaps(runs, spans);
    let all = summary(by_kind.values().flatten().copied().collect());
    let all = all.context("no run has two jobs that left a stamp")?;
    // The push, the image, and of every job that it runs and that it ended.
    let jobs: usize = runs.iter().map(|run| run.state.attempts().count()).sum();
    let events = (2 * runs.len() + 2 * jobs) as f64;
    let cpu = after.cpu.saturating_sub(before.cpu);
    Ok(Measured {
        stages: args.stages,
        runs: runs.len(),
        concurrency: args.concurrency,
        transitions: all.transitions,
        gap_ms_p50: all.p50,
        gap_ms_p99: all.p99,
        gaps: by_kind.into_iter().filter_map(|(kind, gaps)| Some((kind, summary(gaps)?))).collect(),
        events_per_second: rounded(events / took.as_secs_f64()),
        cpu_ms_per_event: rounded(cpu.as_secs_f64() * 1000.0 / events),
        function_rss_mb: rounded(after.peak_rss as f64 / 1e6),
        requests_per_transition: rounded(
            (after.requests - before.requests) as f64 / all.transitions as f64,
        ),
        seconds: rounded(took.as_secs_f64()),
        release_build: !cfg!(debug_assertions),
    })
}

fn tell(measured: &Measured, output: &Output) -> anyhow::Result<()> {
    if output.json {
        return output.object(measured);
    }
    let Measured { runs, stages, concurrency, seconds, .. } = measured;
    output.line(format!(
        "{runs} runs of {stages} stages, {concurrency} side by side, in {seconds:.1} s"
    ))?;
    output.line("")?;
    let row = |name: &str, gaps: (usize, f64, f64)| {
        let (transitions, p50, p99) = gaps;
        vec![
            name.to_owned().into(),
            transitions.to_string().into(),
            format!("{p50:.2}").into(),
            format!("{p99:.2}").into(),
        ]
    };
    let Measured { transitions, gap_ms_p50, gap_ms_p99, .. } = *measured;
    let mut rows = vec![row("all", (transitions, gap_ms_p50, gap_ms_p99))];
    let kinds = measured.gaps.iter();
    rows.extend(kinds.map(|(kind, gaps)| row(kind, (gaps.transitions, gaps.p50, gaps.p99))));
    output.table(&["BETWEEN", "GAPS", "P50 MS", "P99 MS"], &rows)?;
    output.line("")?;
    output.line(format!("{:.0} events per second", measured.events_per_second))?;
    output.line(format!("{:.2} ms CPU of the functions per event", measured.cpu_ms_per_event))?;
    output.line(format!("{:.1} MB resident, the largest function", measured.function_rss_mb))?;
    output.line(format!(
        "{:.1} requests of the functions per transition",
        measured.requests_per_transition
    ))?;
    Ok(())
}
