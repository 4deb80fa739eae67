//! `signalbox local`.

use crate::exit::Exit;
use crate::output::Output;

/// Run the local engine.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Carries the verb out.
pub(crate) async fn run(_args: Args, _output: &Output) -> anyhow::Result<Exit> {
    anyhow::bail!("`signalbox local` is not built yet")
}
