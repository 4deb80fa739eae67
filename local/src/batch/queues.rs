//! Job queues and compute environments: as much of them as makes a place for jobs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::config::BatchConfig;
use super::{arn, is_name, refuse};
use crate::durable::{read_json, write_json};
use crate::wire::WireError;

/// A queue, and what its jobs share.
pub(crate) struct Queue {
    pub(crate) vcpus: u64,
    shown: Value,
}

/// All queues and compute environments, by name.
pub(crate) struct Queues {
    dir: PathBuf,
    /// The vCPUs of a queue where nothing else says how many.
    default_vcpus: u64,
    queues: BTreeMap<String, Queue>,
    environments: BTreeMap<String, Value>,
}

impl Queues {
    pub(crate) fn open(dir: &Path, config: &BatchConfig) -> anyhow::Result<Self> {
        let mut all = Self {
            dir: dir.to_path_buf(),
            default_vcpus: config.vcpus.into(),
            queues: BTreeMap::new(),
            environments: BTreeMap::new(),
        };
        for kind in ["queues", "environments"] {
            std::fs::create_dir_all(dir.join(kind))?;
        }
        for environment in documents(&dir.join("environments"))? {
            let name =
                environment["computeEnvironmentName"].as_str().unwrap_or_default().to_owned();
            all.environments.insert(name, environment);
        }
        for queue in documents(&dir.join("queues"))? {
            all.insert(queue);
        }
        for spec in &config.queues {
            let shown = show(&spec.name, &json!({ "priority": 1, "computeEnvironmentOrder": [] }));
            all.queues.insert(spec.name.clone(), Queue { vcpus: spec.vcpus.into(), shown });
        }
        Ok(all)
    }

    /// The ARN of the queue with that name or ARN.
    pub(crate) fn arn(&self, text: &str) -> Result<String, WireError> {
        let name = arn::last(text);
        let known = self.queues.contains_key(name) && (name == text || text == arn::queue(name));
        known.then(|| arn::queue(name)).ok_or_else(|| refuse(format!("JobQueue {text} not found.")))
    }

    /// The vCPUs of the queue with that ARN: 0 when it is gone.
    pub(crate) fn vcpus(&self, queue: &str) -> u64 {
        self.queues.get(arn::last(queue)).map_or(0, |queue| queue.vcpus)
    }

    /// The queues with those names or ARNs, or all.
    pub(crate) fn describe(&self, wanted: Option<&[Value]>) -> Vec<Value> {
        self.queues
            .values()
            .map(|queue| &queue.shown)
            .filter(|one| is_wanted(one, "jobQueue", wanted))
            .cloned()
            .collect()
    }

    /// The compute environments with those names or ARNs, or all.
    pub(crate) fn describe_environments(&self, wanted: Option<&[Value]>) -> Vec<Value> {
        self.environments
            .values()
            .filter(|one| is_wanted(one, "computeEnvironment", wanted))
            .cloned()
            .collect()
    }

    pub(crate) fn create(&mut self, request: &Value) -> Result<Value, WireError> {
        let name = new_name(request, "jobQueueName", |name| self.queues.contains_key(name))?;
        for entry in request["computeEnvironmentOrder"].as_array().into_iter().flatten() {
            let environment = entry["computeEnvironment"].as_str().unwrap_or_default();
            if !self.environments.contains_key(arn::last(environment)) {
                return Err(refuse(format!("computeEnvironment {environment} not found.")));
            }
        }
        let shown = show(&name, request);
        self.write("queues", &name, &shown)?;
        self.insert(shown);
        Ok(json!({ "jobQueueName": name, "jobQueueArn": arn::queue(&name) }))
    }

    pub(crate) fn create_environment(&mut self, request: &Value) -> Result<Value, WireError> {
        let name = new_name(request, "computeEnvironmentName", |name| {
            self.environments.contains_key(name)
        })?;
        let mut shown = request.clone();
        shown["computeEnvironmentArn"] = json!(arn::environment(&name));
        shown["ecsClusterArn"] = json!(arn::cluster(&name));
        valid(&mut shown);
        self.write("environments", &name, &shown)?;
        self.environments.insert(name.clone(), shown);
        Ok(
            json!({ "computeEnvironmentName": name, "computeEnvironmentArn": arn::environment(&name) }),
        )
    }

    fn insert(&mut self, shown: Value) {
        let environments = shown["computeEnvironmentOrder"].as_array().into_iter().flatten();
        let vcpus: u64 = environments
            .filter_map(|entry| {
                self.environments.get(arn::last(entry["computeEnvironment"].as_str()?))
            })
            .filter_map(|environment| environment["computeResources"]["maxvCpus"].as_u64())
            .sum();
        let vcpus = if vcpus == 0 { self.default_vcpus } else { vcpus };
        let name = shown["jobQueueName"].as_str().unwrap_or_default().to_owned();
        self.queues.insert(name, Queue { vcpus, shown });
    }

    fn write(&self, kind: &str, name: &str, shown: &Value) -> Result<(), WireError> {
        write_json(&self.dir.join(kind).join(format!("{name}.json")), shown)
            .map_err(WireError::internal)
    }
}

fn show(name: &str, request: &Value) -> Value {
    let mut shown = request.clone();
    shown["jobQueueName"] = json!(name);
    shown["jobQueueArn"] = json!(arn::queue(name));
    valid(&mut shown);
    shown
}

fn valid(shown: &mut Value) {
    if shown.get("state").is_none() {
        shown["state"] = json!("ENABLED");
    }
    if shown.get("tags").is_none() {
        shown["tags"] = json!({});
    }
    shown["status"] = json!("VALID");
    shown["statusReason"] = json!("ComputeEnvironment Healthy");
}

fn is_wanted(shown: &Value, kind: &str, wanted: Option<&[Value]>) -> bool {
    let (name, arn) = (&shown[format!("{kind}Name")], &shown[format!("{kind}Arn")]);
    wanted.is_none_or(|wanted| wanted.iter().any(|one| one == name || one == arn))
}

fn new_name(
    request: &Value,
    member: &str,
    taken: impl Fn(&str) -> bool,
) -> Result<String, WireError> {
    let name = request[member].as_str().unwrap_or_default();
    if !is_name(name) {
        return Err(refuse(format!("{member} should match valid pattern: `{name}` does not")));
    }
    if taken(name) {
        return Err(refuse(format!("Object already exists: {name}")));
    }
    Ok(name.to_owned())
}

fn documents(dir: &Path) -> anyhow::Result<Vec<Value>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            all.push(read_json(&path)?);
        }
    }
    Ok(all)
}
