//! Batch: jobs that stay as the test puts them.

use serde_json::{Value, json};

use super::World;
use crate::{Answer, json_error, ok, variable};

/// A job that was submitted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its queue's ARN.
    pub queue: String,
    /// The name of its definition.
    pub definition: String,
    /// What it was submitted with.
    pub parameters: Value,
    /// When, in milliseconds since 1970.
    pub created_at: i64,
    /// Batch's word for its state; `RUNNABLE` where it is empty.
    pub status: String,
    /// Batch's reason.
    pub status_reason: Option<String>,
    /// The task that carried it.
    pub task: Option<String>,
    /// The role of its containers; that of all jobs where there is none.
    pub role: Option<String>,
}

impl Job {
    fn status(&self) -> &str {
        if self.status.is_empty() { "RUNNABLE" } else { &self.status }
    }

    fn definition_arn(&self) -> String {
        format!("arn:aws:batch:eu-west-1:123456789012:job-definition/{}:1", self.definition)
    }

    fn summary(&self) -> Value {
        json!({
            "jobId": self.id, "jobName": self.name, "status": self.status(),
            "createdAt": self.created_at, "jobDefinition": self.definition_arn(),
        })
    }

    fn detail(&self) -> Value {
        let mut task = json!({
            "containers": [{ "name": "main" }],
            "taskRoleArn": self.role.clone().or_else(|| variable("SIGNALBOX_JOB_ROLE")),
        });
        if let Some(id) = &self.task {
            task["taskArn"] = json!(format!("arn:aws:ecs:eu-west-1:123456789012:task/c/{id}"));
            task["containers"][0]["exitCode"] = json!(i32::from(self.status == "FAILED"));
        }
        let mut detail = self.summary();
        detail["jobQueue"] = json!(self.queue);
        detail["parameters"] = self.parameters.clone();
        detail["statusReason"] = json!(self.status_reason);
        detail["ecsProperties"] = json!({ "taskProperties": [task] });
        detail
    }
}

impl World {
    pub(super) fn batch(&mut self, operation: &str, body: &Value) -> Answer {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        match operation {
            "submitjob" => self.submit(body),
            "registerjobdefinition" => {
                self.definitions.insert(text("jobDefinitionName"));
                let answer =
                    json!({ "jobDefinitionName": "n", "jobDefinitionArn": "a", "revision": 1 });
                ok(answer.to_string())
            }
            "listjobs" => {
                let (name, status) = (&body["filters"][0]["values"][0], text("jobStatus"));
                let wanted = |job: &&Job| match name.as_str() {
                    Some(name) => job.name == name,
                    None => job.status() == status && job.queue == text("jobQueue"),
                };
                let jobs = self.jobs.iter().rev().filter(wanted).map(Job::summary);
                ok(json!({ "jobSummaryList": jobs.collect::<Vec<_>>() }).to_string())
            }
            "describejobs" => {
                let asked = body["jobs"].as_array().cloned().unwrap_or_default();
                let jobs = self.jobs.iter().filter(|job| asked.contains(&json!(job.id)));
                ok(json!({ "jobs": jobs.map(Job::detail).collect::<Vec<_>>() }).to_string())
            }
            "describejobqueues" => {
                let arn = body["jobQueues"][0].as_str().unwrap_or_default();
                let name = arn.rsplit('/').next().unwrap_or_default();
                let state = if self.is_disabled { "DISABLED" } else { "ENABLED" };
                let behind = json!([{ "order": 1, "computeEnvironment": "ce" }]);
                let queue = json!({
                    "jobQueueName": name, "jobQueueArn": arn, "state": state, "status": "VALID",
                    "computeEnvironmentOrder": behind,
                });
                ok(json!({ "jobQueues": [queue] }).to_string())
            }
            "describecomputeenvironments" => {
                let kind = variable("SIGNALBOX_PLATFORM").unwrap_or_else(|| "FARGATE".to_owned());
                let environment = json!({
                    "computeEnvironmentName": "ce", "state": "ENABLED", "status": "VALID",
                    "computeResources": { "type": kind, "maxvCpus": 16 },
                });
                ok(json!({ "computeEnvironments": [environment] }).to_string())
            }
            "terminatejob" => {
                self.terminated.push(text("jobId"));
                ok("{}")
            }
            other => panic!("{other} is not pretended"),
        }
    }

    fn submit(&mut self, body: &Value) -> Answer {
        if let Some(refusal) = self.refusal {
            return json_error(400, "ClientException", refusal);
        }
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let definition = text("jobDefinition");
        if !self.definitions.contains(&definition) {
            let words = format!("JobDefinition {definition} not found");
            return json_error(400, "ClientException", &words);
        }
        let (id, name) = (format!("job-{}", self.jobs.len() + 1), text("jobName"));
        self.jobs.push(Job {
            id: id.clone(),
            name: name.clone(),
            queue: text("jobQueue"),
            definition,
            parameters: body["parameters"].clone(),
            created_at: self.now,
            ..Job::default()
        });
        ok(json!({ "jobId": id, "jobArn": "a", "jobName": name }).to_string())
    }
}
