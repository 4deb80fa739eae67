//! `signalbox repo`.

use crate::exit::Exit;
use crate::output::Output;

/// Register the repositories that may start runs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Carries the verb out.
pub(crate) async fn run(_args: Args, _output: &Output) -> anyhow::Result<Exit> {
    anyhow::bail!("`signalbox repo` is not built yet")
}
