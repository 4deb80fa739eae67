//! `signalbox env`: what an environment gives to its jobs.

use std::path::PathBuf;

use clap::Subcommand;
use jiff::Timestamp;
use signalbox_pipeline::names::{EnvironmentName, PipelineName};
use signalbox_pipeline::settings::Settings;

use crate::connect::Place;
use crate::exit::Exit;
use crate::output::Output;

mod apply;
mod diff;
mod history;
mod releases;
mod show;
#[cfg(test)]
mod tests;

const EXAMPLES: &str = "\
Examples:
  signalbox env apply examples/environments/test.yaml
  signalbox env apply test.yaml production.yaml --dir engine
  signalbox env diff production.yaml     what applying it would change
  signalbox env show                     all environments
  signalbox env show test --json | jq .settings.parameters
  signalbox env history production       who changed what is released there, when and why
  signalbox env at production 2026-11-20T12:00Z

A settings file:
  version: 1
  environment: test
  branches: [main, \"release/*\"]             nothing else may enter, whatever a commit says
  require_checks: [unit, data]               these must exist and must have passed
  data: { DATASET_URI: \"s3://…/small/\" }     variables of its jobs
  parameters: { EPOCHS: \"2\" }                variables too
  compute: { vcpus: 2, memory: 4GiB, timeout: 1h }";

/// Say what an environment gives to its jobs
///
/// The settings belong to ops and lie in the state bucket, not in the training repository, so that
/// a commit cannot weaken them. A run uses the settings that hold when it enters the environment.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Apply(Apply),
    Diff(Diff),
    Show(Show),
    History(History),
    At(At),
}

/// Make the settings in these files hold from now on
///
/// Every file is read first; where one has a fault, all faults are shown and nothing is applied.
/// Every version is kept under its digest.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
struct Apply {
    /// Settings, a file per environment
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// Show what applying these files would change
///
/// Nothing is written. Exits with 0 where nothing would change, and with 1 where something would.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
struct Diff {
    /// Settings, a file per environment
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// Show the settings that hold now, and what is released
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
struct Show {
    /// Only those of this environment
    #[arg(value_name = "ENV")]
    environment: Option<EnvironmentName>,
    #[command(flatten)]
    place: Place,
}

/// Show who changed what is released in an environment, when and why
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
struct History {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: EnvironmentName,
    /// Of which pipeline; not needed where only one was ever there
    #[arg(long, value_name = "PIPELINE")]
    pipeline: Option<PipelineName>,
    #[command(flatten)]
    place: Place,
}

/// Show what was live in an environment at some time
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
struct At {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: EnvironmentName,
    /// When, such as 2026-11-20T12:00Z
    #[arg(value_name = "TIME")]
    time: Timestamp,
    /// Of which pipeline; not needed where only one was ever there
    #[arg(long, value_name = "PIPELINE")]
    pipeline: Option<PipelineName>,
    #[command(flatten)]
    place: Place,
}

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    match args.action {
        Action::Apply(args) => apply::run(&args.files, &args.place, output).await,
        Action::Diff(args) => diff::run(&args.files, &args.place, output).await,
        Action::History(args) => history::history(args, output).await,
        Action::At(args) => history::at(args, output).await,
        Action::Show(args) => show::run(args.environment, &args.place, output).await,
    }
}

/// What is otherwise in `after`, a line each.
pub(super) fn differences(before: &Settings, after: &Settings) -> Vec<String> {
    apply::differences(Some(before), after)
}
