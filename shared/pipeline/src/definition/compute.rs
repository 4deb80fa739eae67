//! `compute`: what a job runs on.

use super::{Compute, Vcpus, keys};
use crate::faults::Collector;
use crate::units::{self, UnitError};
use crate::yaml::{Field, Fields, number, text, whole_number};

const MOST_GPUS: u32 = 16;

pub(super) fn compute(field: Field<'_>, faults: &mut Collector) -> Option<Compute> {
    Some(sizes(&Fields::of(field, &keys::COMPUTE, faults)?, faults))
}

/// The sizes in a mapping that has been checked for its keys.
pub(crate) fn sizes(fields: &Fields<'_>, faults: &mut Collector) -> Compute {
    Compute {
        vcpus: fields.optional("vcpus", faults, vcpus),
        memory_mib: fields
            .optional("memory", faults, |field, faults| unit(field, units::memory, faults)),
        gpus: fields
            .optional("gpus", faults, |field, faults| whole_number(field, 0..=MOST_GPUS, faults)),
    }
}

fn vcpus(field: Field<'_>, faults: &mut Collector) -> Option<Vcpus> {
    let vcpus = Vcpus::try_from(number(field, faults)?);
    vcpus.map_err(|error| field.fault(faults, &error.to_string(), None)).ok()
}

/// A value with a unit.
pub(crate) fn unit(
    field: Field<'_>,
    read: fn(&str) -> Result<u64, UnitError>,
    faults: &mut Collector,
) -> Option<u64> {
    // A bare number is a text without its unit here, and gets the unit's own help.
    let written = match field.bare_number() {
        Some(number) => number.to_owned(),
        None => text(field, faults)?,
    };
    match read(&written) {
        Ok(value) => Some(value),
        Err(error) => {
            field.fault(faults, &format!("is wrong: {}", error.message), Some(error.help));
            None
        }
    }
}
