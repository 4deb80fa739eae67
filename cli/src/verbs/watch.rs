//! `signalbox watch`: follows a run to its end.

use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Serialize;
use signalbox_pipeline::explain::explain;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;

use crate::connect::{Connection, Place, RunRef, Seen};
use crate::exit::Exit;
use crate::output::{Output, of_phase, styled};
use crate::progress::Progress;
use crate::view::{job, safe, time};

#[cfg(test)]
mod tests;

/// How often the document is asked for.
const PACE: Duration = Duration::from_secs(1);
/// So many times the run of a commit is looked for before it is given up.
const BEGINNING: usize = 30;
/// So many failures in a row end the watching.
const PATIENCE: u32 = 60;

const EXAMPLES: &str = "\
Examples:
  signalbox watch latest                 the newest run
  git push && signalbox watch $(git rev-parse HEAD)
                                         the run of that commit, which is waited for
  signalbox watch 3e5983d --json         an object per change, a line each

Exit codes: 0 the run succeeded or had nothing to do; 1 it failed, was cancelled or superseded;
3 the machinery failed; 4 there is no such run; 5 nothing answers.";

/// Follow a run to its end
///
/// On a terminal with live lines, elsewhere with a line per change. The run's document is asked
/// for once a second, and read only where it has changed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// An id, its beginning or end, a commit, or `latest`
    #[arg(value_name = "RUN")]
    run: String,
    #[command(flatten)]
    place: Place,
}

/// A change, as scripts get it.
#[derive(Serialize)]
struct Told<'r> {
    run: &'r str,
    pipeline: &'r str,
    revision: u64,
    phase: Phase,
    stages: Vec<ToldStage<'r>>,
    reason: Option<&'r str>,
    waits: Option<String>,
}

#[derive(Serialize)]
struct ToldStage<'r> {
    name: &'r str,
    phase: Phase,
    seconds: Option<f64>,
}

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    let connection = args.place.connect().await?;
    let waiting = || output.note("There is no run of this commit yet; waiting for it.");
    let found = connection.await_run(&args.run, [PACE; BEGINNING], waiting).await?;
    if !output.json {
        output.line(format!("run {found}"))?;
    }
    to_the_end(&connection, &found, output).await
}

/// Follows `found` to its end, and says how that was.
pub(super) async fn to_the_end(
    connection: &Connection,
    found: &RunRef,
    output: &Output,
) -> anyhow::Result<Exit> {
    let run = follow(connection, found, output).await?;
    if !output.json {
        say_end(&run, &connection.flag(), output)?;
    }
    Ok(ending(run.state.phase))
}

/// How the command ends after a run that ended so.
fn ending(phase: Phase) -> Exit {
    match phase {
        Phase::Succeeded | Phase::Skipped => Exit::Success,
        Phase::Failed | Phase::Cancelled | Phase::Superseded => Exit::Failed,
        Phase::Errored | Phase::Pending | Phase::Running => Exit::Errored,
    }
}

/// Shows every change of the run until it is over, and returns it as it ended.
async fn follow(connection: &Connection, found: &RunRef, output: &Output) -> anyhow::Result<Run> {
    let mut progress = (!output.json).then(|| Progress::new(output));
    let mut last: Option<Seen> = None;
    let mut failures = 0;
    loop {
        let known = last.as_ref().map(|seen| seen.etag.as_str());
        match connection.read_run(found, known).await {
            Ok(Some(seen)) => {
                if output.json {
                    output.object(&told(&seen.run))?;
                }
                if let Some(progress) = &mut progress {
                    progress.show(&seen.run, Timestamp::now());
                }
                last = Some(seen);
                failures = 0;
            }
            Ok(None) => failures = 0,
            // A run that was there before is followed over an outage, however it looks.
            Err(error) if last.is_none() || failures == PATIENCE => return Err(error),
            Err(error) => {
                if failures == 0 {
                    output.note(format!("{error:#}; trying again"));
                }
                failures += 1;
            }
        }
        if last.as_ref().is_some_and(|seen| seen.run.state.phase.is_terminal()) {
            if let Some(progress) = &mut progress {
                progress.end();
            }
            return last.map(|seen| seen.run).context("a run that is over was read");
        }
        tokio::time::sleep(PACE).await;
    }
}

fn told(run: &Run) -> Told<'_> {
    let (state, now) = (&run.state, Timestamp::now());
    let stages = state.stages.iter().map(|stage| ToldStage {
        name: stage.name.as_str(),
        phase: stage.phase,
        seconds: job::stage_seconds(stage, now),
    });
    Told {
        run: run.id.as_str(),
        pipeline: run.pipeline.as_str(),
        revision: run.revision,
        phase: state.phase,
        stages: stages.collect(),
        reason: state.reason.as_deref(),
        waits: (!state.phase.is_terminal()).then(|| explain(run, now)),
    }
}

fn say_end(run: &Run, flag: &str, output: &Output) -> anyhow::Result<()> {
    let state = &run.state;
    let end = state.ended_at.unwrap_or(state.started_at);
    let took = time::took(time::between(state.started_at, end));
    let phase = styled(of_phase(state.phase), state.phase);
    output.line(format!("run {} {phase} after {took}", run.id))?;
    if let Some(reason) = &state.reason {
        output.line(safe::block(reason).trim_end())?;
    }
    if matches!(state.phase, Phase::Failed | Phase::Errored) {
        let id = &run.id;
        output.line(format!(
            "Look at: signalbox show {id}{flag}\n         signalbox logs {id}{flag}"
        ))?;
    }
    Ok(())
}
