//! Wire events into typed ones: tolerant of fields that we do not know, strict in what comes out.
//!
//! A new source of events is a file here that turns an [`Envelope`] into a type of its own.

pub mod batch;
pub mod codecommit;
pub mod ecr;
mod envelope;

pub use envelope::{Envelope, LARGEST};

use crate::fault::Malformed;
use signalbox_pipeline::names::NameError;

/// What came of reading an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read<T> {
    /// It is one of ours.
    Event(T),
    /// It is well formed and means nothing to us, for this reason.
    Ignored(String),
}

/// A name out of an event, or why it is not one.
fn name<T: std::str::FromStr<Err = NameError>>(text: &str, field: &str) -> Result<T, Malformed> {
    text.parse().map_err(|error: NameError| {
        Malformed::new(error, field, "rename it to what is expected, then send the event again")
    })
}

fn absent(field: &str) -> Malformed {
    Malformed::new("a field is missing", field, "send the event as its service emits it")
}

#[cfg(test)]
mod tests;
