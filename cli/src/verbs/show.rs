//! `signalbox show`.

use crate::exit::Exit;
use crate::output::Output;

/// Show one run: stages, jobs, tests, metrics.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Carries the verb out.
pub(crate) async fn run(_args: Args, _output: &Output) -> anyhow::Result<Exit> {
    anyhow::bail!("`signalbox show` is not built yet")
}
