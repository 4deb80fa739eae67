//! The whole product, from an event to a verified image, on an engine that runs as a process.

mod duplicates;
mod kills;

/// The program that the engine, the functions and the jobs are.
const PROGRAM: &str = env!("CARGO_BIN_EXE_signalbox-under-test");
