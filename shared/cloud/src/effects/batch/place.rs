//! DescribeJobQueues, DescribeComputeEnvironments: where jobs would find a place.

use serde::Deserialize;
use serde_json::json;
use signalbox_pipeline::inspection::{ComputeEnvironment, Queue};

use super::Batch;
use crate::fault::Fault;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Queues {
    job_queues: Vec<QueueDetail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueueDetail {
    job_queue_name: String,
    state: String,
    status: Option<String>,
    status_reason: Option<String>,
    #[serde(default)]
    compute_environment_order: Vec<Ordered>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ordered {
    compute_environment: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Environments {
    compute_environments: Vec<EnvironmentDetail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnvironmentDetail {
    compute_environment_name: String,
    state: Option<String>,
    status: Option<String>,
    status_reason: Option<String>,
    container_orchestration_type: Option<String>,
    compute_resources: Option<Resources>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resources {
    r#type: Option<String>,
    #[serde(rename = "maxvCpus")]
    max_vcpus: Option<f64>,
    #[serde(default)]
    instance_types: Vec<String>,
}

impl Batch {
    /// The queue of this ARN with what is behind it, where there is one.
    ///
    /// # Errors
    /// When Batch does not say.
    pub async fn queue(&self, arn: &str) -> Result<Option<Queue>, Fault> {
        let asked = self.json.call("DescribeJobQueues", &json!({ "jobQueues": [arn] })).await;
        let found: Queues = asked.map_err(|trouble| trouble.fault(format!("describing {arn}")))?;
        let Some(queue) = found.job_queues.into_iter().next() else { return Ok(None) };
        let named = queue.compute_environment_order.into_iter().map(|it| it.compute_environment);
        let environments = self.environments(named.collect()).await?;
        Ok(Some(Queue {
            name: queue.job_queue_name,
            state: queue.state,
            status: queue.status.unwrap_or_default(),
            reason: queue.status_reason,
            environments,
        }))
    }

    async fn environments(&self, named: Vec<String>) -> Result<Vec<ComputeEnvironment>, Fault> {
        // Nobody named would mean all of the account.
        if named.is_empty() {
            return Ok(Vec::new());
        }
        let asked = json!({ "computeEnvironments": named });
        let found = self.json.call("DescribeComputeEnvironments", &asked).await;
        let found: Environments =
            found.map_err(|trouble| trouble.fault("describing compute environments"))?;
        Ok(found.compute_environments.into_iter().map(environment).collect())
    }
}

fn environment(detail: EnvironmentDetail) -> ComputeEnvironment {
    let resources = detail.compute_resources;
    let (kind, max_vcpus, instances) = resources.map_or((None, None, Vec::new()), |resources| {
        (resources.r#type, resources.max_vcpus, resources.instance_types)
    });
    ComputeEnvironment {
        name: detail.compute_environment_name,
        state: detail.state.unwrap_or_default(),
        status: detail.status.unwrap_or_default(),
        reason: detail.status_reason,
        orchestration: detail.container_orchestration_type,
        kind,
        max_vcpus,
        instances,
    }
}
