//! From a submission to a job: what AWS checks, and how definition and overrides become one.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::job::{Job, Spec, Status};
use super::overrides::{self, ContainerOverride};
use super::state::State;
use super::{is_name, refuse};
use crate::random;
use crate::wire::WireError;

/// The largest submission, in bytes, as on AWS.
const MAX_BYTES: usize = 30 * 1024;
const MAX_DEPENDENCIES: usize = 20;
const SHORTEST_TIMEOUT: u64 = 60;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    job_name: String,
    job_queue: String,
    job_definition: String,
    #[serde(default)]
    parameters: Option<Map<String, Value>>,
    container_overrides: Option<ContainerOverride>,
    ecs_properties_override: Option<EcsOverride>,
    #[serde(default)]
    retry_strategy: Value,
    #[serde(default)]
    timeout: Value,
    depends_on: Option<Vec<Value>>,
    array_properties: Option<Value>,
    propagate_tags: Option<bool>,
    tags: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EcsOverride {
    task_properties: Option<Vec<TaskOverride>>,
}

#[derive(Deserialize)]
struct TaskOverride {
    containers: Option<Vec<ContainerOverride>>,
}

/// Makes the job that `body` asks for.
pub(crate) fn job(state: &State, body: Value, created_at: i64) -> Result<Job, WireError> {
    if body.to_string().len() > MAX_BYTES {
        return Err(refuse(format!(
            "the request is larger than the {MAX_BYTES} bytes that a job may have"
        )));
    }
    let request: Request = serde_json::from_value(body)
        .map_err(|error| refuse(format!("the request cannot be read: {error}")))?;
    if !is_name(&request.job_name) {
        return Err(refuse("Job name should match valid pattern"));
    }
    if request.array_properties.as_ref().is_some_and(|array| array.get("size").is_some()) {
        return Err(refuse("the local engine runs no array jobs: submit one job for each element"));
    }
    let queue = state.queues.arn(&request.job_queue)?;
    let definition = state.definitions.resolve(&request.job_definition)?;
    let spec = spec(state, &request, definition)?;
    Ok(Job {
        schema: 1,
        number: state.next_number(),
        id: random::uuid(),
        queue,
        definition: definition["jobDefinitionArn"].as_str().unwrap_or_default().to_owned(),
        name: request.job_name,
        spec,
        status: Status::Submitted,
        status_reason: None,
        created_at,
        started_at: None,
        stopped_at: None,
        attempt: None,
        attempts: Vec::new(),
        end: None,
        cancelled: false,
        terminated: false,
        pending: Vec::new(),
    })
}

fn spec(state: &State, request: &Request, definition: &Value) -> Result<Spec, WireError> {
    check_retry(&request.retry_strategy)?;
    check_timeout(&request.timeout)?;
    let depends_on = request.depends_on.clone().unwrap_or_default();
    check_dependencies(state, &depends_on)?;
    let retry = either(&request.retry_strategy, &definition["retryStrategy"]);
    let timeout = either(&request.timeout, &definition["timeout"]);
    let (container, task) = containers(request, definition)?;
    let (millicpus, gpus) = match (&container, &task) {
        (_, Some(task)) => overrides::task_size(task),
        (Some(container), None) => overrides::size(container),
        (None, None) => (0, 0),
    };
    let propagate = definition["propagateTags"].as_bool().unwrap_or(false);
    let given = request.parameters.clone().unwrap_or_default();
    if given.values().any(|value| !value.is_string()) {
        return Err(refuse("parameters must be a string to string map"));
    }
    Ok(Spec {
        container,
        task,
        parameters: overrides::maps(&definition["parameters"], &given),
        attempts: retry["attempts"]
            .as_u64()
            .and_then(|attempts| u32::try_from(attempts).ok())
            .unwrap_or(1),
        evaluate_on_exit: either(&retry["evaluateOnExit"], &json!([])).clone(),
        timeout: timeout["attemptDurationSeconds"].as_u64(),
        tags: request.tags.clone().unwrap_or_default(),
        propagate_tags: request.propagate_tags.unwrap_or(propagate),
        platform_capabilities: definition["platformCapabilities"].clone(),
        depends_on,
        millicpus,
        gpus,
    })
}

/// The definition's container or task, overridden.
fn containers(
    request: &Request,
    definition: &Value,
) -> Result<(Option<Value>, Option<Value>), WireError> {
    let mut container = definition.get("containerProperties").cloned();
    let mut task = definition.get("ecsProperties").map(|ecs| ecs["taskProperties"][0].clone());
    if let Some(over) = &request.container_overrides {
        let container = container
            .as_mut()
            .ok_or_else(|| refuse("containerOverrides fit no job definition with ecsProperties; use ecsPropertiesOverride"))?;
        overrides::container(container, over);
    }
    if let Some(over) = &request.ecs_properties_override {
        let task = task
            .as_mut()
            .ok_or_else(|| refuse("ecsPropertiesOverride fits no job definition with containerProperties; use containerOverrides"))?;
        for over in over.task_properties.iter().flatten() {
            overrides::task(task, over.containers.as_deref().unwrap_or_default()).map_err(
                |name| refuse(format!("the job definition has no container `{name}` to override")),
            )?;
        }
    }
    Ok((container, task))
}

/// Batch tries a job 1 to 10 times.
pub(crate) fn check_retry(retry: &Value) -> Result<(), WireError> {
    match retry.get("attempts") {
        None | Some(Value::Null) => Ok(()),
        Some(attempts)
            if attempts.as_u64().is_some_and(|attempts| (1..=10).contains(&attempts)) =>
        {
            Ok(())
        }
        Some(attempts) => {
            Err(refuse(format!("retryStrategy.attempts must be between 1 and 10, not {attempts}")))
        }
    }
}

/// Batch measures timeouts from a minute upwards.
pub(crate) fn check_timeout(timeout: &Value) -> Result<(), WireError> {
    match timeout.get("attemptDurationSeconds") {
        None | Some(Value::Null) => Ok(()),
        Some(seconds) if seconds.as_u64().is_some_and(|seconds| seconds >= SHORTEST_TIMEOUT) => {
            Ok(())
        }
        Some(seconds) => Err(refuse(format!(
            "timeout.attemptDurationSeconds must be at least {SHORTEST_TIMEOUT}, not {seconds}"
        ))),
    }
}

fn check_dependencies(state: &State, depends_on: &[Value]) -> Result<(), WireError> {
    if depends_on.len() > MAX_DEPENDENCIES {
        return Err(refuse(format!("dependsOn may name at most {MAX_DEPENDENCIES} jobs")));
    }
    for needed in depends_on {
        let id = needed["jobId"].as_str().unwrap_or_default();
        if !state.jobs.contains_key(id) {
            return Err(refuse(format!("dependsOn names the job `{id}`, which does not exist")));
        }
    }
    Ok(())
}

fn either<'a>(first: &'a Value, second: &'a Value) -> &'a Value {
    if first.is_null() { second } else { first }
}
