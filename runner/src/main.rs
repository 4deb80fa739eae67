//! The job's side of Signalbox, as a program of its own: brought into a job's container by an init container.

use std::process::ExitCode;

fn main() -> ExitCode {
    signalbox_runner::main(std::env::args_os().skip(1))
}
