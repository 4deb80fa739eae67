//! `signalbox validate`.

use crate::exit::Exit;
use crate::output::Output;

/// Check a signalbox.yaml as the pipeline would.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Carries the verb out.
pub(crate) async fn run(_args: Args, _output: &Output) -> anyhow::Result<Exit> {
    anyhow::bail!("`signalbox validate` is not built yet")
}
