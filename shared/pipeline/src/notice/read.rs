//! `notify` of an environment's settings.

use super::{Target, keys};
use crate::faults::Collector;
use crate::yaml::{Field, Fields, list, named};

/// As many targets as settings may name.
const MOST_TARGETS: usize = 8;

/// The targets in `field`, not empty and none of them twice.
pub(crate) fn targets(field: Field<'_>, faults: &mut Collector) -> Option<Vec<Target>> {
    let mut targets = Vec::new();
    for item in list(field, MOST_TARGETS, faults)? {
        let Some(fields) = Fields::of(Field::item(field.key, item), &keys::TARGET, faults) else {
            continue;
        };
        let found = [
            fields.optional("sns", faults, named).map(Target::Sns),
            fields.optional("webhook", faults, named).map(Target::Webhook),
            fields.optional("github", faults, named).map(Target::Github),
            fields.optional("codecommit", faults, named).map(Target::Codecommit),
        ];
        for target in found.into_iter().flatten() {
            if targets.contains(&target) {
                faults.fault(item.place, format!("{target} stands there twice"));
            }
            targets.push(target);
        }
    }
    if targets.is_empty() {
        let help = "leave it out where nobody is to be told".to_owned();
        field.fault(faults, "names nobody", Some(help));
    }
    Some(targets)
}
