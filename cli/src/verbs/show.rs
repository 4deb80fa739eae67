//! `signalbox show`: all about one run.

use std::io::Write as _;

use jiff::Timestamp;
use signalbox_pipeline::approval;
use signalbox_pipeline::run::Run;

use crate::connect::{Connection, Place};
use crate::exit::Exit;
use crate::output::Output;
use crate::verbs::{approve, people};

mod detail;
mod page;
mod register;
#[cfg(test)]
mod tests;

const EXAMPLES: &str = "\
Examples:
  signalbox show latest                  the newest run
  signalbox show 3e5983d                 the run of a commit
  signalbox show 20260111t23             the run whose id begins so
  signalbox show latest --register       every fact that the run took, in order
  signalbox show latest --json | jq .state.phase

What to do next: `signalbox logs RUN` prints the logs of the jobs that failed.";

/// Show one run: stages, jobs, tests, metrics
///
/// Says how far the run is, what it waits for or why it ended, and of every job its attempts,
/// times, tests, metrics and what its conditions said, with the place of its results.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// An id, its beginning or end, a commit, or `latest`
    #[arg(value_name = "RUN")]
    run: String,
    /// Print the register instead: one line per fact
    #[arg(long)]
    register: bool,
    #[command(flatten)]
    place: Place,
}

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    let connection = args.place.connect().await?;
    let found = connection.find_run(&args.run).await?;
    let seen = connection.seen_run(&found).await?;
    if output.json && !args.register {
        let mut stdout = std::io::stdout();
        stdout.write_all(&seen.bytes)?;
        stdout.write_all(b"\n")?;
        stdout.flush()?;
        return Ok(Exit::Success);
    }
    if args.register {
        if output.json {
            output.object(&seen.run.register)?;
        } else {
            register::print(&seen.run, output)?;
        }
        return Ok(Exit::Success);
    }
    let (state, artifacts) = (connection.state(), connection.artifacts());
    let page = page::Page {
        run: &seen.run,
        now: Timestamp::now(),
        document: state.url(&found.key()),
        artifact: &|key| artifacts.url(key),
        held_up: held_up(&connection, &seen.run).await?,
        flag: connection.flag(),
    };
    page.print(output)?;
    Ok(Exit::Success)
}

/// Why nobody can approve of what the run waits with, where that is so.
async fn held_up(connection: &Connection, run: &Run) -> anyhow::Result<Option<String>> {
    let waits = approve::only_gate(&run.state)
        .and_then(|environment| approval::gate(&run.state, &environment))
        .and_then(|gate| run.state.approvals(gate));
    let Some(asked) = waits else { return Ok(None) };
    Ok(match people::load(connection).await? {
        Some(people) => approval::held_up(&run.state, asked, &people),
        None => {
            Some("nobody is known yet: `signalbox people apply` says who may decide".to_owned())
        }
    })
}
