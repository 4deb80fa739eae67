//! The pure core of Signalbox: what a pipeline is, and what happens next.
//!
//! Nothing here performs IO, reads a clock or draws a random number (`clippy.toml` beside this
//! crate enforces it), so every decision can be replayed from what was written down.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod approval;
pub mod attempt;
pub mod audit;
pub mod deadline;
pub mod definition;
pub mod digest;
pub mod effect;
pub mod environment;
pub mod explain;
pub mod faults;
pub mod gate;
pub mod head;
pub mod inspection;
pub mod invariant;
pub mod keys;
pub mod launch;
pub mod names;
pub mod notice;
pub mod order;
pub mod people;
pub mod phase;
pub mod platform;
pub mod register;
pub mod registration;
pub mod report;
pub mod rollout;
pub mod run;
pub mod settings;
pub mod shared;
pub mod stage;
pub mod text;
pub mod units;
mod yaml;
