//! What ECS serves to its containers: who they are, and the keys of their role.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::job::{Job, containers};
use super::{Batch, arn};
use crate::principals::Kind;

/// How long keys are said to be good for, as on ECS.
const KEYS: SignedDuration = SignedDuration::from_hours(6);

/// The endpoints `/_ecs/…` for the containers of `batch`'s jobs.
pub fn container_endpoints(batch: Batch) -> Router {
    Router::new()
        .route("/_ecs/v4/{task}", get(container))
        .route("/_ecs/v4/{task}/task", get(task))
        .route("/_ecs/credentials/{task}", get(credentials))
        .with_state(batch)
}

async fn container(State(batch): State<Batch>, Path(task): Path<String>) -> Response {
    match batch.job_of_task(&task) {
        Some(job) => {
            Json(describe(&job, &task, job.main().unwrap_or(&Value::Null))).into_response()
        }
        None => unknown(&task),
    }
}

pub(super) async fn task(State(batch): State<Batch>, Path(task): Path<String>) -> Response {
    let Some(job) = batch.job_of_task(&task) else { return unknown(&task) };
    let family = arn::last(&job.definition).split(':').next().unwrap_or_default();
    let all = match &job.spec.task {
        Some(properties) => {
            containers(properties).iter().map(|one| describe(&job, &task, one)).collect()
        }
        None => vec![describe(&job, &task, job.main().unwrap_or(&Value::Null))],
    };
    Json(json!({
        "Cluster": arn::cluster(&job.queue),
        "TaskARN": arn::task(&job.queue, &task),
        "Family": family,
        "Revision": "1",
        "DesiredStatus": "RUNNING",
        "KnownStatus": "RUNNING",
        "Containers": all,
        "LaunchType": "EC2",
    }))
    .into_response()
}

pub(super) async fn credentials(
    State(batch): State<Batch>,
    Path(task): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(job) = batch.job_of_task(&task) else { return unknown(&task) };
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = job.attempt.as_ref().map(|attempt| attempt.token.as_str());
    if shown.is_none() || shown != token {
        return (StatusCode::UNAUTHORIZED, "the authorization token is not that of the task")
            .into_response();
    }
    let Some(role) = job.role() else {
        return (StatusCode::NOT_FOUND, "the job definition gives the task no role")
            .into_response();
    };
    let inner = &batch.inner;
    match inner.principals.mint(Kind::Job, &task, Some(&(inner.config.role_id)(role))) {
        Ok(principal) => Json(json!({
            "RoleArn": role,
            "AccessKeyId": principal.access_key_id,
            "SecretAccessKey": principal.secret_access_key,
            "Token": principal.session_token(),
            "Expiration": (inner.clock.now() + KEYS).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }))
        .into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

impl Batch {
    fn job_of_task(&self, task: &str) -> Option<Job> {
        let state = self.inner.lock();
        state.jobs.get(state.tasks.get(task)?).cloned()
    }
}

fn describe(job: &Job, task: &str, container: &Value) -> Value {
    let name = container["name"].as_str().unwrap_or("default");
    json!({
        "DockerId": format!("{task}-{name}"),
        "Name": name,
        "Image": container["image"],
        "Labels": { "com.amazonaws.ecs.task-arn": arn::task(&job.queue, task) },
        "DesiredStatus": "RUNNING",
        "KnownStatus": "RUNNING",
    })
}

fn unknown(task: &str) -> Response {
    (StatusCode::NOT_FOUND, format!("no task `{task}` runs")).into_response()
}
