//! `signalbox demo`.

use crate::exit::Exit;
use crate::output::Output;

/// See the whole of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Carries the verb out.
pub(crate) async fn run(_args: Args, _output: &Output) -> anyhow::Result<Exit> {
    anyhow::bail!("`signalbox demo` is not built yet")
}
