//! `signalbox watch`.

use crate::exit::Exit;
use crate::output::Output;

/// Follow a run to its end.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Carries the verb out.
pub(crate) async fn run(_args: Args, _output: &Output) -> anyhow::Result<Exit> {
    anyhow::bail!("`signalbox watch` is not built yet")
}
