//! `signalbox logs`.

use crate::exit::Exit;
use crate::output::Output;

/// Print a job's log.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Carries the verb out.
pub(crate) async fn run(_args: Args, _output: &Output) -> anyhow::Result<Exit> {
    anyhow::bail!("`signalbox logs` is not built yet")
}
