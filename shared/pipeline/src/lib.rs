//! The pure core of Signalbox: what a pipeline is, and what happens next.
//!
//! Nothing here performs IO, reads a clock or draws a random number (`clippy.toml` beside this
//! crate enforces it), so every decision can be replayed from what was written down.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod digest;
pub mod names;
pub mod order;
pub mod report;

pub mod definition;
pub mod faults;
pub mod gate;
pub mod settings;
pub mod units;
mod yaml;
