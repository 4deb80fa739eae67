//! Jobs: checks and the jobs of `verify`.

use super::command::{Budget, command, setup};
use super::compute::compute;
use super::{DEFAULT_TIMEOUT, Job, keys};
use crate::faults::Collector;
use crate::gate::Condition;
use crate::names::JobKey;
use crate::units;
use crate::yaml::{
    Entry, Field, Fields, Keys, Node, boolean, list, mapping, named, text, whole_number,
};

const MOST_RETRIES: u32 = 10;
const MOST_CONDITIONS: usize = 16;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobKind {
    Check,
    Verify,
}

impl JobKind {
    fn keys(self) -> &'static Keys {
        match self {
            Self::Check => &keys::CHECK,
            Self::Verify => &keys::VERIFY,
        }
    }
}

/// The jobs at `field`, in the order of the file.
pub(super) fn jobs(
    field: Field<'_>,
    kind: JobKind,
    most: usize,
    faults: &mut Collector,
) -> Option<Vec<Job>> {
    let jobs: Vec<Option<Job>> =
        mapping(field, most, faults)?.iter().map(|entry| job(entry, kind, faults)).collect();
    jobs.into_iter().collect()
}

fn job(entry: &Entry, kind: JobKind, faults: &mut Collector) -> Option<Job> {
    let name = JobKey::parse(entry.key.clone())
        .map_err(|error| faults.fault(entry.place, error.to_string()));
    let fields = Fields::of(Field::of(entry), kind.keys(), faults)?;
    let image = match kind {
        JobKind::Check => fields.optional("image", faults, named),
        JobKind::Verify => None,
    };
    let command = fields.required("run", faults, command);
    let setup = fields.optional("setup", faults, setup).unwrap_or_default();
    let timeout_seconds = fields.optional("timeout", faults, timeout);
    let retries = fields
        .optional("retries", faults, |field, faults| whole_number(field, 0..=MOST_RETRIES, faults));
    let optional = fields.optional("optional", faults, boolean);
    let require = fields.optional("require", faults, conditions).unwrap_or_default();
    let compute = fields.optional("compute", faults, compute).unwrap_or_default();
    let command = command?;
    Budget::check(&command, &setup, entry.place, faults);
    Some(Job {
        name: name.ok()?,
        image,
        command,
        setup,
        timeout_seconds: timeout_seconds.unwrap_or(DEFAULT_TIMEOUT),
        retries: retries.unwrap_or(0),
        optional: optional.unwrap_or(false),
        require,
        compute,
    })
}

/// A timeout, in seconds.
pub(crate) fn timeout(field: Field<'_>, faults: &mut Collector) -> Option<u64> {
    super::compute::unit(field, units::timeout, faults)
}

fn conditions(field: Field<'_>, faults: &mut Collector) -> Option<Vec<Condition>> {
    let items = list(field, MOST_CONDITIONS, faults)?;
    let conditions: Vec<Option<Condition>> =
        items.iter().map(|item| condition(item, faults)).collect();
    conditions.into_iter().collect()
}

fn condition(item: &Node, faults: &mut Collector) -> Option<Condition> {
    let written = text(Field::item("require", item), faults)?;
    match Condition::parse(&written) {
        Ok(condition) => Some(condition),
        Err(error) => {
            let place = match error.offset.and_then(|offset| item.inside(offset)) {
                Some(place) => place,
                None => item.place,
            };
            faults.add(place.fault(error.message, error.help));
            None
        }
    }
}
