//! Which task this is: its id names the only prefix that the job's role may write to.

use anyhow::Context as _;
use serde::Deserialize;
use signalbox_pipeline::names::TaskId;

use crate::environment::Environment;
use crate::http;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Task {
    #[serde(rename = "TaskARN")]
    task_arn: String,
}

/// Asks the task metadata endpoint for the id of the task.
pub(crate) async fn id(environment: &Environment) -> anyhow::Result<TaskId> {
    let endpoint = environment
        .get("ECS_CONTAINER_METADATA_URI_V4")
        .context("ECS_CONTAINER_METADATA_URI_V4 is not set: this is no container of an ECS task")?;
    let answer =
        http::get(&format!("{endpoint}/task"), None).await.context("the task's id is not known")?;
    of_metadata(&answer)
}

fn of_metadata(answer: &[u8]) -> anyhow::Result<TaskId> {
    let task: Task = serde_json::from_slice(answer).context("the task metadata has no TaskARN")?;
    let id = task.task_arn.rsplit('/').next().unwrap_or_default();
    TaskId::parse(id).with_context(|| format!("{} is no ARN of a task", task.task_arn))
}

#[cfg(test)]
mod tests;
