//! `signalbox demo`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use signalbox_pipeline::phase::Phase;

use crate::exit::Exit;
use crate::laptop::Wanted;
use crate::laptop::environments::USERS;
use crate::laptop::example::Break;
use crate::output::Output;
use crate::verbs::local::{Delivery, duration};

mod carry;
mod failure;
mod gates;
mod outcome;
mod ramp;
mod story;
mod summary;

use outcome::Outcome;
use story::Story;

/// See the whole of it on this machine: pushes go through test and staging into production
///
/// Starts a local engine in a fresh folder and pushes a small training repository to it. The push is
/// tested, built into an image and verified in each environment; people approve it with keys of
/// their own, and it goes live. A second push is then rolled out step by step, over real launches.
/// The functions are those of AWS, wired as template.yaml says; no AWS account is needed, and
/// nothing leaves this machine. Git and Python 3 have to be there.
///
/// Exit code 0: all of it succeeded; 1: the push that `--break` is about failed, as it should; 3:
/// the machinery failed, or with `--break production` the good push after the bad one did not reach
/// production.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP, after_long_help = HELP)]
pub(crate) struct Args {
    /// Keep everything in this folder, which must be empty or new [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Push something bad, to see what its developer sees
    #[arg(long = "break", value_name = "WHAT")]
    broken: Option<Break>,
    /// Wire the engine as this file says, to try a change of template.yaml
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// How long a minute of the schedule lasts: this often `tick` looks at a rollout
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = duration)]
    tick: Duration,
    /// Give up after this long without news of the run
    #[arg(long, value_name = "DURATION", default_value = "120s", value_parser = duration)]
    patience: Duration,
    #[command(flatten)]
    delivery: Delivery,
}

const HELP: &str = "\
Examples:
  signalbox demo
  signalbox demo --break model           the model does not learn: a gate stops it
  signalbox demo --break production      worse on all of the data alone: the rollout falls back,
                                         and the next good push goes through
  signalbox demo --duplicate 1 --reorder 0.5 --delay 300ms
                                         every event and every launch twice, and shuffled
  signalbox demo --json | jq .pushes

With --json one object: run, phase, reason, stages[{name, phase, seconds}] and image_digest of the
push that it is about (the broken one, or else the last); pushes[{run, commit, title, phase, reason,
approvals[{environment, person, principal, reason}], rollout{outcome, reason, launches[{launch,
side, release, ended}]}}]; production{live, previous, hold, changes[{what, run, why}]}; requests{}
by operation; told[], what people were told; dir and endpoint.";

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    let dir = folder(args.dir.as_deref())?;
    let wanted = Wanted {
        template: args.template.clone(),
        knobs: (&args.delivery).into(),
        users: USERS.map(str::to_owned).into(),
        tick: args.tick,
        ..Wanted::in_folder(dir.clone())
    };
    let started = wanted.start().await;
    let engine = started.inspect_err(|error| Outcome::without_engine(&dir, error).print(output))?;
    let mut story = Story::new(&args, &engine, &dir, output);
    let told = story.tell().await;
    let outcome = Outcome::of(&story, &told);
    if told.is_ok() {
        story.keep()?;
        summary::tell(&story, output);
    }
    drop(story);
    engine.stop().await;
    outcome.print(output);
    match (told, outcome.phase()) {
        (Err(error), _) => {
            output.say(format!("\nEverything is kept in {}.", dir.display()));
            Err(error)
        }
        (Ok(()), Phase::Succeeded) => Ok(Exit::Success),
        (Ok(()), Phase::Errored) => Ok(Exit::Errored),
        (Ok(()), _) => Ok(Exit::Failed),
    }
}

/// A folder with nothing in it.
fn folder(wanted: Option<&Path>) -> anyhow::Result<PathBuf> {
    let Some(dir) = wanted else {
        let dir = tempfile::Builder::new().prefix("signalbox-demo-").tempdir();
        return Ok(dir.context("cannot make a temporary folder; name one with --dir")?.keep());
    };
    if std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Exit::Usage.because(format!(
            "{0} is not empty, and the demo begins anew: name another folder, or start the engine \
             that is there with `signalbox local --dir {0}`",
            dir.display()
        )));
    }
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    dir.canonicalize().with_context(|| format!("cannot find {}", dir.display()))
}
