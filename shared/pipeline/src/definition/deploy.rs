//! `deploy`: the environments to pass.

use super::job::{JobKind, jobs};
use super::{Deployment, keys};
use crate::faults::Collector;
use crate::names::EnvironmentName;
use crate::yaml::{Field, Fields, Node, Place, list, named};

const MOST_ENVIRONMENTS: usize = 16;
const MOST_JOBS: usize = 16;

pub(super) fn deployments(field: Field<'_>, faults: &mut Collector) -> Option<Vec<Deployment>> {
    let items = list(field, MOST_ENVIRONMENTS, faults)?;
    let mut seen = Vec::new();
    let deployments: Vec<Option<Deployment>> =
        items.iter().map(|item| deployment(item, &mut seen, faults)).collect();
    deployments.into_iter().collect()
}

fn deployment(
    item: &Node,
    seen: &mut Vec<(EnvironmentName, u32)>,
    faults: &mut Collector,
) -> Option<Deployment> {
    let fields = Fields::of(Field::item("deploy", item), &keys::DEPLOYMENT, faults)?;
    let environment: Option<EnvironmentName> = fields.required("environment", faults, named);
    if let (Some(name), Some(field)) = (&environment, fields.get("environment")) {
        match seen.iter().find(|(other, _)| other == name) {
            Some((_, line)) => field.fault(
                faults,
                &format!("{name} is deployed to twice, first in line {line}"),
                None,
            ),
            None => seen.push((name.clone(), field.node.place.line())),
        }
    }
    let verify = fields.optional("verify", faults, |field, faults| {
        jobs(field, JobKind::Verify, MOST_JOBS, faults)
    });
    Some(Deployment { environment: environment?, verify: verify.unwrap_or_default() })
}

/// The environments that a definition names, each with its place, as far as it can be read.
pub(super) fn environments(root: &Node) -> Vec<(EnvironmentName, Place)> {
    // Whatever is wrong here is told where the definition is read.
    let mut unheard = Collector::default();
    let Some(fields) =
        Fields::of(Field::item("the definition", root), &keys::DEFINITION, &mut unheard)
    else {
        return Vec::new();
    };
    let items = fields
        .optional("deploy", &mut unheard, |field, faults| list(field, MOST_ENVIRONMENTS, faults));
    let named = items.unwrap_or_default().iter().filter_map(|item| {
        let fields = Fields::of(Field::item("deploy", item), &keys::DEPLOYMENT, &mut unheard)?;
        let field = fields.get("environment")?;
        Some((named(field, &mut unheard)?, field.node.place))
    });
    named.collect()
}
