//! A job as `DescribeJobs` and its events show it.

use serde_json::{Value, json};

use super::arn;
use super::job::{Attempt, Job, Outcome, Status, main_container};

/// The whole detail.
pub(crate) fn job(job: &Job) -> Value {
    let spec = &job.spec;
    let arn = arn::job(&job.id);
    let mut tags = spec.tags.clone();
    tags.insert("resourceArn".to_owned(), json!(arn));
    let mut detail = json!({
        "jobArn": arn,
        "jobName": job.name,
        "jobId": job.id,
        "jobQueue": job.queue,
        "status": job.status,
        "attempts": job.attempts,
        "createdAt": job.created_at,
        "retryStrategy": { "attempts": spec.attempts, "evaluateOnExit": spec.evaluate_on_exit },
        "dependsOn": spec.depends_on,
        "jobDefinition": job.definition,
        "parameters": spec.parameters,
        "tags": tags,
        "propagateTags": spec.propagate_tags,
        "platformCapabilities": spec.platform_capabilities,
        "eksAttempts": [],
        "isCancelled": job.cancelled,
        "isTerminated": job.terminated,
    });
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            detail[name] = value;
        }
    };
    set("statusReason", job.status_reason.as_ref().map(|reason| json!(reason)));
    set("startedAt", job.started_at.map(|at| json!(at)));
    set("stoppedAt", job.stopped_at.map(|at| json!(at)));
    set("timeout", spec.timeout.map(|seconds| json!({ "attemptDurationSeconds": seconds })));
    set("container", spec.container.as_ref().map(|container| plain_container(job, container)));
    set(
        "ecsProperties",
        spec.task.as_ref().map(|task| json!({ "taskProperties": [ecs_task(job, task)] })),
    );
    detail
}

/// The summary that `ListJobs` shows.
pub(crate) fn summary(job: &Job) -> Value {
    let mut summary = json!({
        "jobArn": arn::job(&job.id),
        "jobId": job.id,
        "jobName": job.name,
        "createdAt": job.created_at,
        "status": job.status,
        "jobDefinition": job.definition,
    });
    let detail = self::job(job);
    for name in ["statusReason", "startedAt", "stoppedAt"] {
        if let Some(value) = detail.get(name) {
            summary[name] = value.clone();
        }
    }
    if let Some(code) = detail["container"].get("exitCode") {
        summary["container"] = json!({ "exitCode": code });
    }
    summary
}

/// Adds the attempt that just ended to the job's attempts.
pub(crate) fn record_attempt(job: &mut Job, outcome: &Outcome, reason: &str) {
    let Some(attempt) = &job.attempt else { return };
    let mut ended = json!({
        "container": { "networkInterfaces": [] },
        "stoppedAt": job.stopped_at,
        "statusReason": reason,
        "taskProperties": [],
    });
    if let Some(at) = job.started_at {
        ended["startedAt"] = json!(at);
    }
    match &job.spec.task {
        None => {
            let container = &mut ended["container"];
            place(container, job, attempt);
            result(container, job, attempt, outcome);
        }
        Some(task) => {
            let main = main_container(task).map(|main| &main["name"]);
            let containers: Vec<Value> = super::job::containers(task)
                .iter()
                .map(|container| {
                    let mut shown = json!({ "name": container["name"], "networkInterfaces": [] });
                    let helper = Outcome::Exited(0);
                    let ran = matches!(outcome, Outcome::Exited(_));
                    let own =
                        if Some(&container["name"]) == main || !ran { outcome } else { &helper };
                    result(&mut shown, job, attempt, own);
                    shown
                })
                .collect();
            let mut shown = json!({ "containers": containers });
            place(&mut shown, job, attempt);
            ended["taskProperties"] = json!([shown]);
        }
    }
    job.attempts.push(ended);
}

fn result(container: &mut Value, job: &Job, attempt: &Attempt, outcome: &Outcome) {
    match outcome {
        Outcome::Exited(code) => {
            container["exitCode"] = json!(code);
            container["logStreamName"] = json!(log_stream(job, attempt));
        }
        Outcome::NotStarted(reason) => container["reason"] = json!(reason),
    }
}

fn place(shown: &mut Value, job: &Job, attempt: &Attempt) {
    shown["taskArn"] = json!(arn::task(&job.queue, &attempt.task));
    shown["containerInstanceArn"] = json!(arn::container_instance(&job.queue));
}

/// The log stream: `<definition>/default/<task id>`.
fn log_stream(job: &Job, attempt: &Attempt) -> String {
    let definition = arn::last(&job.definition).split(':').next().unwrap_or_default();
    let definition: String = definition.chars().take(200).collect();
    format!("{definition}/default/{}", attempt.task)
}

const LISTS: [&str; 7] = [
    "command",
    "volumes",
    "environment",
    "mountPoints",
    "ulimits",
    "resourceRequirements",
    "secrets",
];

fn plain_container(job: &Job, container: &Value) -> Value {
    let mut shown = with_lists(container);
    shown["networkInterfaces"] = json!([]);
    match (&job.attempt, job.attempts.last()) {
        (Some(attempt), _) => show_running(&mut shown, job, attempt),
        (None, Some(last)) => copy(&last["container"], &mut shown),
        (None, None) => {}
    }
    shown
}

fn ecs_task(job: &Job, task: &Value) -> Value {
    let mut shown = task.clone();
    let ended = job.attempts.last().map(|attempt| &attempt["taskProperties"][0]);
    let mut containers: Vec<Value> = super::job::containers(task).iter().map(with_lists).collect();
    match (&job.attempt, ended) {
        (Some(attempt), _) => {
            show_running(&mut shown, job, attempt);
            if let Some(shown) = shown.as_object_mut() {
                shown.remove("logStreamName");
            }
        }
        (None, Some(ended)) => {
            place_of(ended, &mut shown);
            for (container, ended) in containers.iter_mut().zip(super::job::containers(ended)) {
                copy(ended, container);
            }
        }
        (None, None) => {}
    }
    shown["containers"] = Value::Array(containers);
    shown
}

fn show_running(shown: &mut Value, job: &Job, attempt: &Attempt) {
    place(shown, job, attempt);
    if job.status == Status::Running {
        shown["logStreamName"] = json!(log_stream(job, attempt));
    }
}

fn place_of(ended: &Value, shown: &mut Value) {
    for name in ["taskArn", "containerInstanceArn"] {
        shown[name] = ended[name].clone();
    }
}

fn copy(from: &Value, to: &mut Value) {
    for (name, value) in from.as_object().into_iter().flatten() {
        to[name] = value.clone();
    }
}

/// A container as AWS shows it: lists that were left out are there, and empty.
fn with_lists(container: &Value) -> Value {
    let mut shown = container.clone();
    for name in LISTS {
        if shown.get(name).is_none_or(Value::is_null) {
            shown[name] = json!([]);
        }
    }
    shown
}
