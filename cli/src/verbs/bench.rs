//! `signalbox bench`.

use crate::exit::Exit;
use crate::output::Output;

/// Measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Carries the verb out.
pub(crate) async fn run(_args: Args, _output: &Output) -> anyhow::Result<Exit> {
    anyhow::bail!("`signalbox bench` is not built yet")
}
