//! The job's side: what runs inside the container of an AWS Batch job.
//!
//! `install` copies the runner to the volume that it shares with the job's container; `checkout`,
//! `exec`, `build` and `preflight` carry out the [order](signalbox_pipeline::order) that stands in the
//! environment, and report in `result.json`.
//!
//! **Invariant**: `result.json` is put last. Who reads one may rely on the log and on every file
//! that it names.

mod attempt;
mod aws;
mod build;
mod checkout;
mod cli;
mod credentials;
mod environment;
mod exec;
mod fault;
mod finished;
mod hashing;
mod http;
mod log;
mod path;
mod preflight;
mod process;
mod results;
mod shelf;
mod source;
mod stop;
mod task;
mod tree;
mod upload;

#[cfg(test)]
mod testing;

pub use cli::main;
pub use results::{cases, numbers};
