//! Gathers faults while a text is read, so that all of them are told at once.

use super::{Fault, Faults};
use crate::yaml::Place;

/// The faults found so far.
#[derive(Debug, Default)]
pub(crate) struct Collector(Vec<Fault>);

impl Collector {
    /// Notes a fault that is made already.
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Notes a fault.
    pub(crate) fn fault(&mut self, place: Place, message: impl Into<String>) {
        self.0.push(place.fault(message, None));
    }

    /// Notes a fault and its remedy.
    pub(crate) fn fault_with_help(
        &mut self,
        place: Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.0.push(place.fault(message, Some(help.into())));
    }

    /// `value`, unless there was a fault; a reader that gives no value has noted why.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Faults> {
        match (Faults::of(self.0), value) {
            (Some(faults), _) => Err(faults),
            (None, Some(value)) => Ok(value),
            (None, None) => Err(Place::START.fault("the text cannot be read", None).into()),
        }
    }
}
