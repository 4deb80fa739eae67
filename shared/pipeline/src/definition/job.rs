//! Jobs: checks and the jobs of `verify`.

use super::command::{Budget, command, setup};
use super::compute::compute;
use super::path::file;
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
    Train,
}

impl JobKind {
    fn keys(self) -> &'static Keys {
        match self {
            Self::Check => &keys::CHECK,
            Self::Verify => &keys::VERIFY,
            Self::Train => &keys::TRAIN,
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

/// What a launch runs.
pub(super) fn train(field: Field<'_>, faults: &mut Collector) -> Option<Job> {
    specification(Some(JobKey::train()), field, JobKind::Train, faults)
}

fn job(entry: &Entry, kind: JobKind, faults: &mut Collector) -> Option<Job> {
    let name = JobKey::parse(entry.key.clone())
        .map_err(|error| faults.fault(entry.place, error.to_string()));
    specification(name.ok(), Field::of(entry), kind, faults)
}

fn specification(
    name: Option<JobKey>,
    field: Field<'_>,
    kind: JobKind,
    faults: &mut Collector,
) -> Option<Job> {
    let fields = Fields::of(field, kind.keys(), faults)?;
    let image = match kind {
        JobKind::Check => fields.optional("image", faults, named),
        JobKind::Verify | JobKind::Train => None,
    };
    let command = fields.required("run", faults, command);
    let setup = fields.optional("setup", faults, setup).unwrap_or_default();
    let timeout_seconds = fields.optional("timeout", faults, timeout);
    let retries = fields
        .optional("retries", faults, |field, faults| whole_number(field, 0..=MOST_RETRIES, faults));
    let optional = match kind {
        JobKind::Check | JobKind::Verify => fields.optional("optional", faults, boolean),
        JobKind::Train => None,
    };
    let require = fields.optional("require", faults, conditions).unwrap_or_default();
    let profile = match kind {
        JobKind::Check | JobKind::Verify => fields.optional("profile", faults, file),
        JobKind::Train => None,
    };
    let compute = fields.optional("compute", faults, compute).unwrap_or_default();
    let command = command?;
    Budget::check(&command, &setup, field.place, faults);
    Some(Job {
        name: name?,
        image,
        command,
        setup,
        timeout_seconds: timeout_seconds.unwrap_or(DEFAULT_TIMEOUT),
        retries: retries.unwrap_or(0),
        optional: optional.unwrap_or(false),
        require,
        profile,
        compute,
    })
}

/// A timeout, in seconds.
pub(crate) fn timeout(field: Field<'_>, faults: &mut Collector) -> Option<u64> {
    super::compute::unit(field, units::timeout, faults)
}

pub(crate) fn conditions(field: Field<'_>, faults: &mut Collector) -> Option<Vec<Condition>> {
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
