//! A definition's containers with a submission's overrides laid over them.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::job::{containers, main_container};

/// What a submission may change of a container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ContainerOverride {
    name: Option<String>,
    command: Option<Vec<String>>,
    environment: Option<Vec<Value>>,
    resource_requirements: Option<Vec<Value>>,
    vcpus: Option<u64>,
    memory: Option<u64>,
}

/// Lays `over` over `container`.
pub(crate) fn container(container: &mut Value, over: &ContainerOverride) {
    if let Some(command) = &over.command {
        container["command"] = json!(command);
    }
    merge(container, "environment", "name", over.environment.as_deref());
    merge(container, "resourceRequirements", "type", over.resource_requirements.as_deref());
    for (kind, amount) in [("VCPU", over.vcpus), ("MEMORY", over.memory)] {
        if let Some(amount) = amount {
            let requirement = json!({ "type": kind, "value": amount.to_string() });
            merge(container, "resourceRequirements", "type", Some(&[requirement]));
        }
    }
}

/// Lays `overs` over the containers of `task` that they name.
///
/// # Errors
/// The name that no container of the task has.
pub(crate) fn task(task: &mut Value, overs: &[ContainerOverride]) -> Result<(), String> {
    let Some(all) = task["containers"].as_array_mut() else { return Ok(()) };
    for over in overs {
        // A container without a name is the task's only one, and is called `default`.
        let name = over.name.as_deref().unwrap_or("default");
        let one = all.iter_mut().find(|one| one["name"].as_str().unwrap_or("default") == name);
        container(one.ok_or_else(|| name.to_owned())?, over);
    }
    Ok(())
}

/// Replaces the entries of a list that have the same `key`, and adds the others.
fn merge(container: &mut Value, list: &str, key: &str, over: Option<&[Value]>) {
    let Some(over) = over else { return };
    let mut merged = container[list].as_array().cloned().unwrap_or_default();
    for entry in over {
        match merged.iter_mut().find(|old| old[key] == entry[key]) {
            Some(old) => entry.clone_into(old),
            None => merged.push(entry.clone()),
        }
    }
    container[list] = Value::Array(merged);
}

/// `over` laid over `base`, name by name.
pub(crate) fn maps(base: &Value, over: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = base.as_object().cloned().unwrap_or_default();
    merged.extend(over.clone());
    merged
}

/// Thousandths of a vCPU, and GPUs, that a container asks for.
pub(crate) fn size(container: &Value) -> (u64, u64) {
    let of = |kind: &str| {
        let all = container["resourceRequirements"].as_array().into_iter().flatten();
        all.filter(|one| one["type"] == kind).find_map(|one| millis(one["value"].as_str()?))
    };
    let legacy = container["vcpus"].as_u64().map(|vcpus| vcpus.saturating_mul(1000));
    (of("VCPU").or(legacy).unwrap_or(1000), of("GPU").unwrap_or(0).div_ceil(1000))
}

/// The size of a task: that of its essential containers, since the others are over before them.
pub(crate) fn task_size(task: &Value) -> (u64, u64) {
    debug_assert!(main_container(task).is_some());
    let essential =
        containers(task).iter().filter(|one| one["essential"].as_bool().unwrap_or(true));
    essential.map(size).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

/// A decimal number, such as `0.25`, in thousandths.
fn millis(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(part.parse().ok()?)
}
