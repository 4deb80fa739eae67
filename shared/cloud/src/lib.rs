//! The AWS side of Signalbox: what comes in, what is stored, what is done, and the Lambda shell.
//!
//! Everything here translates between AWS and the pure core; what happens next is decided there.

pub mod advance;
pub mod chance;
pub mod clients;
pub mod clock;
pub mod config;
pub mod decision;
mod documents;
pub mod effects;
pub mod fault;
pub mod ingest;
pub mod intake;
pub mod lambda;
pub mod launches;
pub mod outside;
pub mod store;
#[cfg(test)]
mod testing;
