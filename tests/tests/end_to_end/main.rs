//! The whole product, from an event to a verified image, on an engine that runs as a process.

mod approvals;
mod audit;
mod bad_definition;
mod bad_message;
mod bad_result;
mod decisions;
mod demo;
mod disorder;
mod duplicates;
mod image;
mod inspection;
mod kills;
mod outside;
mod packages;
mod requests;
mod validation;
mod wiring;

/// The program that the engine, the functions and the jobs are.
const PROGRAM: &str = env!("CARGO_BIN_EXE_signalbox-under-test");
