//! `signalbox bench`.

use clap::Subcommand;

use crate::exit::Exit;
use crate::output::Output;

mod figures;
mod load;
mod pipeline;
mod stamps;
mod storm;
mod transitions;

pub(crate) use stamps::timed_runner;

/// Measure how fast runs are carried on, and what they survive
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Transitions(transitions::Args),
    Storm(storm::Args),
}

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    match args.what {
        What::Transitions(args) => transitions::run(&args, output).await,
        What::Storm(args) => storm::run(&args, output).await,
    }
}
