//! `signalbox env`.

use crate::exit::Exit;
use crate::output::Output;

/// Say what an environment gives to its jobs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Carries the verb out.
pub(crate) async fn run(_args: Args, _output: &Output) -> anyhow::Result<Exit> {
    anyhow::bail!("`signalbox env` is not built yet")
}
