//! From the file to the settings.

use std::collections::BTreeMap;

use super::{EnvironmentCompute, SCHEMA, Settings, VariableName, keys};
use crate::definition::{compute::sizes, timeout, version};
use crate::faults::Collector;
use crate::yaml::{Field, Fields, Node, mapping, named, text};

const MOST_VARIABLES: usize = 100;
/// What all variables together may take of a `SubmitJob` request's 30 KiB.
const MOST_BYTES: usize = 8 * 1024;

type Variables = BTreeMap<VariableName, String>;

pub(super) fn settings(root: &Node, faults: &mut Collector) -> Option<Settings> {
    let fields = Fields::of(Field::item("the settings", root), &keys::SETTINGS, faults)?;
    fields.required("version", faults, version);
    let environment = fields.required("environment", faults, named);
    let data = fields
        .optional("data", faults, |field, faults| variables(field, &Variables::new(), faults));
    let data = data.unwrap_or_default();
    let parameters =
        fields.optional("parameters", faults, |field, faults| variables(field, &data, faults));
    let parameters = parameters.unwrap_or_default();
    let compute = fields.optional("compute", faults, compute).unwrap_or_default();
    let size: usize =
        data.iter().chain(&parameters).map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > MOST_BYTES {
        let message = format!("the variables take {size} bytes, at most {MOST_BYTES} can be sent");
        faults.fault_with_help(root.place, message, "put long values into a file in S3");
    }
    Some(Settings { schema: SCHEMA, environment: environment?, data, parameters, compute })
}

fn variables(field: Field<'_>, taken: &Variables, faults: &mut Collector) -> Option<Variables> {
    let mut variables = Variables::new();
    for entry in mapping(field, MOST_VARIABLES, faults)? {
        let value = text(Field::of(entry), faults);
        match VariableName::parse(entry.key.as_str()) {
            Err(error) => faults.fault(entry.place, error.to_string()),
            Ok(name) if taken.contains_key(&name) => {
                faults.fault(entry.place, format!("`{name}` is given twice, first in `data`"));
            }
            Ok(name) => {
                variables.extend(value.map(|value| (name, value)));
            }
        }
    }
    Some(variables)
}

fn compute(field: Field<'_>, faults: &mut Collector) -> Option<EnvironmentCompute> {
    let fields = Fields::of(field, &keys::COMPUTE, faults)?;
    let sizes = sizes(&fields, faults);
    Some(EnvironmentCompute {
        queue: fields.optional("queue", faults, named),
        vcpus: sizes.vcpus,
        memory_mib: sizes.memory_mib,
        gpus: sizes.gpus,
        timeout_seconds: fields.optional("timeout", faults, timeout),
    })
}
