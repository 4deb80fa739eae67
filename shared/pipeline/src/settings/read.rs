//! From the file to the settings.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use super::{
    Admission, EnvironmentCompute, Retries, SCHEMA, SecretArn, Settings, Validation, VariableName,
    approvals, freeze, keys, secrets,
};
use crate::definition::compute::{sizes, unit};
use crate::definition::{timeout, version};
use crate::faults::Collector;
use crate::inspection::Bounds;
use crate::names::{NameError, PipelineName};
use crate::notice;
use crate::rollout;
use crate::units;
use crate::yaml::{Field, Fields, Node, mapping, named, names, text, whole_number};

const MOST_VARIABLES: usize = 100;
/// As many secrets fit into a job definition, which has 24 KiB.
const MOST_SECRETS: usize = 32;
/// As often a job may be tried again for one kind of trouble.
const MOST_RETRIES: u32 = 10;
/// As many pipelines, branches or checks as settings may name.
const MOST_NAMES: usize = 64;
/// As many findings of a severity as settings may allow.
const MOST_FINDINGS: u32 = 100_000;
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
    let taken: Variables = data.clone().into_iter().chain(parameters.clone()).collect();
    let secrets =
        fields.optional("secrets", faults, |field, faults| secrets(field, &taken, faults));
    let service_account = fields.optional("service_account", faults, secrets::service_account);
    let execution_role = fields.optional("execution_role", faults, named);
    fields.optional("executor", faults, secrets::executor);
    let compute = fields.optional("compute", faults, compute).unwrap_or_default();
    let admission = admission(&fields, faults);
    let approvals = fields.optional("approvals", faults, approvals::read);
    let rollout = fields.optional("rollout", faults, rollout::plan);
    let size: usize =
        data.iter().chain(&parameters).map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > MOST_BYTES {
        let message = format!("the variables take {size} bytes, at most {MOST_BYTES} can be sent");
        faults.fault_with_help(root.place, message, "put long values into a file in S3");
    }
    let mut settings = Settings {
        schema: SCHEMA,
        environment: environment?,
        data,
        parameters,
        secrets: secrets.unwrap_or_default(),
        service_account,
        execution_role,
        compute,
        admission,
        approvals,
        freeze: fields.optional("freeze", faults, freeze::freezes).unwrap_or_default(),
        notify: fields.optional("notify", faults, notice::targets).unwrap_or_default(),
        rollout,
    };
    freeze::check(&settings, fields.get("freeze"), faults);
    for name in &settings.admission.validate.datasets {
        if !settings.data.contains_key(name) {
            let message = format!("`datasets` names {name}, and `data` has none of that name");
            faults.fault(fields.get("validate").map_or(root.place, |field| field.place), message);
        }
    }
    settings.schema = schema(&settings);
    Some(settings)
}

/// The first version of the document that can hold what the settings say.
fn schema(settings: &Settings) -> u32 {
    let is_plain = settings.admission.is_open() && settings.compute.retries.is_none();
    let is_gated = settings.approvals.is_some() || !settings.freeze.is_empty();
    let is_told = !settings.notify.is_empty() || settings.rollout.is_some();
    match (is_gated || is_told, is_plain) {
        _ if is_newest(settings) => SCHEMA,
        (true, _) => 3,
        (false, false) => 2,
        (false, true) => 1,
    }
}

/// Whether older code would overlook something of it.
fn is_newest(settings: &Settings) -> bool {
    let validate = &settings.admission.validate;
    validate.scan.is_some()
        || !validate.datasets.is_empty()
        || !settings.secrets.is_empty()
        || settings.service_account.is_some()
        || settings.execution_role.is_some()
        || settings.compute.on_demand_queue.is_some()
}

fn admission(fields: &Fields<'_>, faults: &mut Collector) -> Admission {
    Admission {
        pipelines: fields.optional("pipelines", faults, pipelines).flatten(),
        branches: fields.optional("branches", faults, some).unwrap_or_default(),
        require_checks: fields.optional("require_checks", faults, some).unwrap_or_default(),
        validate: fields.optional("validate", faults, validation).unwrap_or_default(),
    }
}

fn some<T>(field: Field<'_>, faults: &mut Collector) -> Option<Vec<T>>
where
    T: FromStr<Err: Display> + PartialEq,
{
    names(field, MOST_NAMES, faults)
}

fn validation(field: Field<'_>, faults: &mut Collector) -> Option<Validation> {
    let fields = Fields::of(field, &keys::VALIDATE, faults)?;
    let max_image_mib =
        fields.optional("max_image", faults, |field, faults| unit(field, units::memory, faults));
    Some(Validation {
        max_image_mib,
        scan: fields.optional("scan", faults, bounds),
        datasets: fields.optional("datasets", faults, some).unwrap_or_default(),
    })
}

fn bounds(field: Field<'_>, faults: &mut Collector) -> Option<Bounds> {
    let fields = Fields::of(field, &keys::SCAN, faults)?;
    let mut most = |severity| {
        let read = |field, faults: &mut Collector| whole_number(field, 0..=MOST_FINDINGS, faults);
        fields.optional(severity, faults, read)
    };
    let bounds = Bounds {
        critical: most("critical"),
        high: most("high"),
        medium: most("medium"),
        low: most("low"),
    };
    if bounds == Bounds::default() {
        field.fault(faults, "bounds nothing", Some("write { critical: 0 } at least".to_owned()));
    }
    Some(bounds)
}

/// The pipelines in `field`; nothing inside where they are all of them.
fn pipelines(field: Field<'_>, faults: &mut Collector) -> Option<Option<Vec<PipelineName>>> {
    let named = some::<Wanted>(field, faults)?;
    let count = named.len();
    let pipelines: Vec<_> = named.into_iter().filter_map(|Wanted(pipeline)| pipeline).collect();
    if pipelines.len() == count {
        return Some(Some(pipelines));
    }
    if !pipelines.is_empty() {
        field.fault(faults, "has names beside \"*\", which stands for all pipelines", None);
    }
    Some(None)
}

/// A pipeline, or `*` for all of them.
#[derive(PartialEq)]
struct Wanted(Option<PipelineName>);

impl FromStr for Wanted {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text == "*" { Ok(Self(None)) } else { text.parse().map(|name| Self(Some(name))) }
    }
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

/// Of each secret, where it lies: its value never stands in settings.
fn secrets(
    field: Field<'_>,
    taken: &Variables,
    faults: &mut Collector,
) -> Option<BTreeMap<VariableName, SecretArn>> {
    let mut secrets = BTreeMap::new();
    for entry in mapping(field, MOST_SECRETS, faults)? {
        let reference = named(Field::of(entry), faults);
        match VariableName::parse(entry.key.as_str()) {
            Err(error) => faults.fault(entry.place, error.to_string()),
            Ok(name) if taken.contains_key(&name) => {
                faults.fault(entry.place, format!("`{name}` is given twice: it is no secret"));
            }
            Ok(name) => {
                secrets.extend(reference.map(|reference| (name, reference)));
            }
        }
    }
    Some(secrets)
}

fn compute(field: Field<'_>, faults: &mut Collector) -> Option<EnvironmentCompute> {
    let fields = Fields::of(field, &keys::COMPUTE, faults)?;
    let sizes = sizes(&fields, faults);
    Some(EnvironmentCompute {
        queue: fields.optional("queue", faults, named),
        on_demand_queue: fields.optional("on_demand_queue", faults, named),
        vcpus: sizes.vcpus,
        memory_mib: sizes.memory_mib,
        gpus: sizes.gpus,
        timeout_seconds: fields.optional("timeout", faults, timeout),
        retries: fields.optional("retries", faults, retries),
    })
}

fn retries(field: Field<'_>, faults: &mut Collector) -> Option<Retries> {
    let fields = Fields::of(field, &keys::RETRIES, faults)?;
    let default = Retries::default();
    let mut often = |key, default| {
        let read = |field, faults: &mut Collector| whole_number(field, 0..=MOST_RETRIES, faults);
        fields.optional(key, faults, read).unwrap_or(default)
    };
    Some(Retries {
        spot: often("spot", default.spot),
        platform: often("platform", default.platform),
    })
}
