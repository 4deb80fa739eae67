//! Job definitions and their revisions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{arn, is_name, job, refuse};
use crate::durable::{read_json, write_json};
use crate::wire::WireError;

/// The largest definition, in bytes, as on AWS.
const MAX_BYTES: usize = 24 * 1024;

/// All definitions, each revision as `DescribeJobDefinitions` shows it.
pub(crate) struct Definitions {
    dir: PathBuf,
    by_name: BTreeMap<String, BTreeMap<u64, Value>>,
}

impl Definitions {
    pub(crate) fn open(dir: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let mut by_name: BTreeMap<String, BTreeMap<u64, Value>> = BTreeMap::new();
        for entry in std::fs::read_dir(dir)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let definition: Value = read_json(&path)?;
                let name = definition["jobDefinitionName"].as_str().unwrap_or_default().to_owned();
                let revision = definition["revision"].as_u64().unwrap_or_default();
                by_name.entry(name).or_default().insert(revision, definition);
            }
        }
        Ok(Self { dir: dir.to_path_buf(), by_name })
    }

    /// Adds a revision.
    pub(crate) fn register(&mut self, request: &Value) -> Result<Value, WireError> {
        validate(request)?;
        let name = request["jobDefinitionName"].as_str().unwrap_or_default().to_owned();
        let last = self.by_name.get(&name).and_then(|all| all.keys().next_back().copied());
        let revision = last.unwrap_or(0) + 1;
        let mut definition = request.clone();
        for (member, default) in [
            ("parameters", json!({})),
            ("tags", json!({})),
            ("propagateTags", json!(false)),
            ("platformCapabilities", json!(["EC2"])),
        ] {
            if definition.get(member).is_none_or(Value::is_null) {
                definition[member] = default;
            }
        }
        definition["jobDefinitionArn"] = json!(arn::definition(&name, revision));
        definition["revision"] = json!(revision);
        definition["status"] = json!("ACTIVE");
        self.write(&name, revision, definition)?;
        Ok(json!({
            "jobDefinitionName": name,
            "jobDefinitionArn": arn::definition(&name, revision),
            "revision": revision,
        }))
    }

    /// Takes a revision out of use.
    pub(crate) fn deregister(&mut self, text: &str) -> Result<(), WireError> {
        let (name, revision) = parse(text);
        let known =
            revision.and_then(|revision| Some((revision, self.by_name.get(name)?.get(&revision)?)));
        let Some((revision, definition)) = known else { return Err(unknown(text)) };
        let mut definition = definition.clone();
        definition["status"] = json!("INACTIVE");
        self.write(name, revision, definition)
    }

    /// The active definition that a submission names: the newest where no revision is named.
    pub(crate) fn resolve(&self, text: &str) -> Result<&Value, WireError> {
        let (name, revision) = parse(text);
        let revisions = self.by_name.get(name).ok_or_else(|| unknown(text))?;
        let mut fitting = revisions
            .iter()
            .rev()
            .filter(|(number, _)| revision.is_none_or(|only| only == **number));
        fitting
            .find(|(_, one)| one["status"] == "ACTIVE")
            .map(|(_, one)| one)
            .ok_or_else(|| unknown(text))
    }

    /// The definitions that fit, by name and newest first.
    pub(crate) fn list(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let all = self.by_name.values().flat_map(|revisions| revisions.values().rev());
        all.filter(|one| wanted(one)).cloned().collect()
    }

    fn write(&mut self, name: &str, revision: u64, definition: Value) -> Result<(), WireError> {
        write_json(&self.dir.join(format!("{name}.{revision}.json")), &definition)
            .map_err(WireError::internal)?;
        self.by_name.entry(name.to_owned()).or_default().insert(revision, definition);
        Ok(())
    }
}

/// Whether `definition` is what `text` names, by ARN, `name:revision` or name.
pub(crate) fn is_named(definition: &Value, text: &str) -> bool {
    let (name, revision) = parse(text);
    definition["jobDefinitionName"] == name
        && revision.is_none_or(|only| definition["revision"] == only)
}

fn parse(text: &str) -> (&str, Option<u64>) {
    let name = arn::last(text);
    match name.split_once(':') {
        // A revision that is no number is none that was ever given out.
        Some((name, revision)) => (name, Some(revision.parse().unwrap_or(0))),
        None => (name, None),
    }
}

fn unknown(text: &str) -> WireError {
    refuse(format!("JobDefinition {text} not found."))
}

fn validate(request: &Value) -> Result<(), WireError> {
    let name = request["jobDefinitionName"].as_str().unwrap_or_default();
    if !is_name(name) {
        return Err(refuse(format!(
            "Job definition name should match valid pattern: `{name}` does not"
        )));
    }
    if request.to_string().len() > MAX_BYTES {
        return Err(refuse(format!("a job definition may have at most {MAX_BYTES} bytes")));
    }
    if request["type"] != "container" {
        return Err(refuse("the local engine runs job definitions of type `container`"));
    }
    super::submit::check_retry(&request["retryStrategy"])?;
    super::submit::check_timeout(&request["timeout"])?;
    match (request.get("containerProperties"), request.get("ecsProperties")) {
        (Some(container), None) => check_container(container, "containerProperties"),
        (None, Some(ecs)) => check_task(ecs),
        _ => Err(refuse("one of containerProperties and ecsProperties must be provided")),
    }
}

fn check_container(container: &Value, path: &str) -> Result<(), WireError> {
    if container["image"].as_str().is_none_or(str::is_empty) {
        return Err(refuse(format!("{path} must contain image")));
    }
    for list in ["command", "environment", "resourceRequirements", "mountPoints", "secrets"] {
        if container.get(list).is_some_and(|value| !value.is_array() && !value.is_null()) {
            return Err(refuse(format!("{path}.{list} must be a list")));
        }
    }
    Ok(())
}

fn check_task(ecs: &Value) -> Result<(), WireError> {
    let tasks = ecs["taskProperties"].as_array().map_or(&[][..], Vec::as_slice);
    let [task] = tasks else {
        return Err(refuse("ecsProperties.taskProperties must contain exactly one element"));
    };
    let containers = job::containers(task);
    for container in containers {
        check_container(container, "ecsProperties.taskProperties[0].containers")?;
        for needed in container["dependsOn"].as_array().into_iter().flatten() {
            check_dependency(containers, needed)?;
        }
    }
    let essential = containers.iter().filter(|one| one["essential"].as_bool().unwrap_or(true));
    match essential.count() {
        1 => Ok(()),
        0 => Err(refuse("a task must have at least one essential container")),
        _ => Err(refuse("the local engine runs tasks with one essential container")),
    }
}

fn check_dependency(containers: &[Value], needed: &Value) -> Result<(), WireError> {
    let name = &needed["containerName"];
    let Some(target) = containers.iter().find(|one| one["name"] == *name) else {
        return Err(refuse(format!(
            "dependsOn names the container {name}, which the task has not"
        )));
    };
    let must_end =
        ["SUCCESS", "COMPLETE"].iter().any(|condition| needed["condition"] == *condition);
    if must_end && target["essential"].as_bool().unwrap_or(true) {
        return Err(refuse(format!(
            "the container {name} is essential, so nothing can wait for its end"
        )));
    }
    Ok(())
}
