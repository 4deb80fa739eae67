//! `signalbox demo`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use signalbox_local::engine::Engine;
use signalbox_local::sns::Published;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;

use crate::exit::Exit;
use crate::laptop::environments::{Asked, USERS};
use crate::laptop::example::{self, Break};
use crate::laptop::{Wanted, follow, told};
use crate::output::{Output, styled};
use crate::progress::Progress;
use crate::verbs::local::{Delivery, duration};

mod failure;
mod outcome;
mod summary;

use outcome::Outcome;

/// See the whole of it on this machine: a push is tested, built into an image and verified
///
/// Starts a local engine in a fresh folder, pushes a small training repository to it, and follows
/// the run to its end. The functions are those of AWS, wired as template.yaml says; no AWS account
/// is needed, and nothing leaves this machine. Git and Python 3 have to be there.
///
/// Exit code 0: the run succeeded; 1: it failed, which `--break` is for; 3: the machinery failed.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
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
  signalbox demo --duplicate 0.5 --reorder 0.5 --delay 300ms
  signalbox demo --json | jq .requests";

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    let dir = folder(args.dir.as_deref())?;
    let wanted = Wanted {
        template: args.template.clone(),
        knobs: (&args.delivery).into(),
        users: USERS.map(str::to_owned).into(),
        ..Wanted::in_folder(dir.clone())
    };
    let started = wanted.start().await;
    let engine = started.inspect_err(|error| Outcome::without_engine(&dir, error).print(output))?;
    let followed = carry(&args, &engine, &dir, output).await;
    let outcome = Outcome::of(&engine, &dir, &followed);
    let followed = followed.map(|(run, told)| {
        if let Some(told) = told {
            output.say(format!("\n  told  {}", told::line(&told)));
        }
        run
    });
    if let Ok(run) = &followed {
        keep_document(&dir, run)?;
        if run.state.phase == Phase::Succeeded {
            if !output.json {
                summary::tell(&engine, &dir, run, output);
            }
        } else {
            failure::tell(&engine, &dir, run, output);
        }
    }
    engine.stop().await;
    outcome.print(output);
    match followed.map(|run| run.state.phase) {
        Ok(Phase::Succeeded) => Ok(Exit::Success),
        Ok(Phase::Errored) => Ok(Exit::Errored),
        Ok(_) => Ok(Exit::Failed),
        Err(error) => {
            output.say(format!("\nEverything is kept in {}.", dir.display()));
            Err(error)
        }
    }
}

/// Pushes, and follows the run to its end.
async fn carry(
    args: &Args,
    engine: &Engine,
    dir: &Path,
    output: &Output,
) -> anyhow::Result<(Run, Option<Published>)> {
    let (target, mut published) = told::listen(engine)?;
    let remote = example::prepare(engine, vec![target], Asked::Nobody).await?;
    let work = dir.join(example::REPOSITORY);
    let commit = example::commit(&work, None, args.broken).await?;
    greet(args, engine, dir, &commit, output);
    let mut progress = Progress::new(output);
    let followed = {
        let follow = follow::Follow::new(engine, args.patience)?;
        example::push(&work, &remote).await?;
        follow.until_the_end(&commit, |run, now| progress.show(run, now)).await
    };
    progress.end();
    Ok((followed?, told::next(&mut published).await))
}

/// Keeps a copy of the run's document where it is easily found.
fn keep_document(dir: &Path, run: &Run) -> anyhow::Result<()> {
    let file = dir.join("run.json");
    std::fs::write(&file, serde_json::to_vec(run)?)
        .with_context(|| format!("cannot write {}", file.display()))
}

fn greet(args: &Args, engine: &Engine, dir: &Path, commit: &str, output: &Output) {
    let bold = |text: &str| styled(anstyle::Style::new().bold(), text);
    output.say(bold("Signalbox demo: from a git push to a release verified in `test`"));
    output.say("");
    output.say(format!("  engine  {}, wired by template.yaml", engine.endpoint()));
    output.say(format!("  folder  {}", dir.display()));
    output.say(format!("  push    {} of {} to CodeCommit", &commit[..7], example::REPOSITORY));
    if let Some(broken) = args.broken {
        output.say(format!("  broken  {}", broken.told()));
    }
    output.say("");
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
