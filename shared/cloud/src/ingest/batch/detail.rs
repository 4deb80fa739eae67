//! A job as Batch writes it, as far as we read it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// The name of the container that does the work in our multi-container jobs.
pub(super) const MAIN: &str = "main";

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Detail {
    pub job_id: String,
    pub job_name: String,
    pub job_queue: String,
    pub job_definition: String,
    pub status: String,
    pub status_reason: Option<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    pub parameters: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_as_default")]
    pub attempts: Vec<Try>,
    pub created_at: Option<i64>,
    pub started_at: Option<i64>,
    pub stopped_at: Option<i64>,
    pub container: Option<Container>,
    pub ecs_properties: Option<Tasks>,
    pub eks_properties: Option<Present>,
    pub array_properties: Option<Present>,
    pub node_properties: Option<Present>,
}

/// One try of Batch's own; ours are submitted with a single one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Try {
    pub container: Option<Container>,
    #[serde(default, deserialize_with = "null_as_default")]
    pub task_properties: Vec<Task>,
    pub started_at: Option<i64>,
    pub stopped_at: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tasks {
    #[serde(default, deserialize_with = "null_as_default")]
    pub task_properties: Vec<Task>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Task {
    pub task_arn: Option<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    pub containers: Vec<Container>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Container {
    pub name: Option<String>,
    pub task_arn: Option<String>,
    pub exit_code: Option<i32>,
    pub reason: Option<String>,
}

/// Something that is only asked whether it is there.
#[derive(Debug, Deserialize)]
pub(super) struct Present {}

fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
