//! The `signalbox` command: every verb, and for local use the functions and the runner as well.

use std::process::ExitCode;

use clap::Parser as _;

mod called;
mod cli;
mod connect;
mod exit;
mod laptop;
mod multicall;
mod output;
mod progress;
mod verbs;
mod view;
mod wrap;

/// Runs the command that this process was started with.
#[must_use]
pub fn main() -> ExitCode {
    if let Some(ended) = multicall::run(std::env::args_os().skip(1)) {
        return ended;
    }
    let cli = cli::Cli::parse();
    let output = output::Output::new(cli.json);
    match tokio::runtime::Runtime::new() {
        Ok(runtime) => {
            let ended = runtime.block_on(cli.verb.run(&output));
            // A thread that still reads a terminal or a file keeps nobody waiting.
            runtime.shutdown_background();
            exit::code(ended, &output)
        }
        Err(error) => exit::code(Err(error.into()), &output),
    }
}
