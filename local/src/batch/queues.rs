//! Job queues and compute environments: as much of them as makes a place for jobs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::config::{BatchConfig, QueueSpec};
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
            all.bring(spec);
        }
        Ok(all)
    }

    /// A queue that is there from the start, with a compute environment of the same name behind it;
    /// whether somebody has disabled them since stays as it was.
    fn bring(&mut self, spec: &QueueSpec) {
        let QueueSpec { name, vcpus, kind } = spec;
        let state_of = |known: Option<&Value>| {
            known.map_or_else(|| json!("ENABLED"), |known| known["state"].clone())
        };
        let mut environment = json!({
            "computeEnvironmentName": name,
            "computeEnvironmentArn": arn::environment(name),
            "ecsClusterArn": arn::cluster(name),
            "type": "MANAGED",
            "containerOrchestrationType": "ECS",
            "computeResources": { "type": kind, "maxvCpus": vcpus },
            "state": state_of(self.environments.get(name)),
        });
        valid(&mut environment);
        let mut queue = show(
            name,
            &json!({
                "priority": 1,
                "computeEnvironmentOrder":
                    [{ "order": 1, "computeEnvironment": arn::environment(name) }],
            }),
        );
        queue["state"] = state_of(self.queues.get(name).map(|queue| &queue.shown));
        self.environments.insert(name.clone(), environment);
        self.queues.insert(name.clone(), Queue { vcpus: (*vcpus).into(), shown: queue });
    }

    /// Enables or disables a queue, or puts other compute environments behind it.
    pub(crate) fn update(&mut self, request: &Value) -> Result<Value, WireError> {
        let text = request["jobQueue"].as_str().unwrap_or_default();
        let name = arn::last(text).to_owned();
        let Some(queue) = self.queues.get(&name) else {
            return Err(refuse(format!("{text} does not exist")));
        };
        let mut shown = queue.shown.clone();
        change(&mut shown, request, &["state", "priority", "computeEnvironmentOrder"]);
        self.write("queues", &name, &shown)?;
        self.insert(shown);
        Ok(json!({ "jobQueueName": name, "jobQueueArn": arn::queue(&name) }))
    }

    /// Enables or disables a compute environment.
    pub(crate) fn update_environment(&mut self, request: &Value) -> Result<Value, WireError> {
        let text = request["computeEnvironment"].as_str().unwrap_or_default();
        let name = arn::last(text).to_owned();
        let Some(shown) = self.environments.get(&name) else {
            return Err(refuse(format!("Compute environment {text} not found")));
        };
        let mut shown = shown.clone();
        change(&mut shown, request, &["state"]);
        self.write("environments", &name, &shown)?;
        self.environments.insert(name.clone(), shown);
        Ok(
            json!({ "computeEnvironmentName": name, "computeEnvironmentArn": arn::environment(&name) }),
        )
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

fn change(shown: &mut Value, request: &Value, members: &[&str]) {
    for member in members {
        if let Some(value) = request.get(*member).filter(|value| !value.is_null()) {
            shown[*member] = value.clone();
        }
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
