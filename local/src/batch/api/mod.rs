//! The API of Batch: the operations that clients of Signalbox call.

mod list;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{Batch, definitions, detail, lifecycle, refuse};
use crate::principals::Principal;
use crate::wire::{Answer, JsonService, WireError};

/// The most jobs that one DescribeJobs asks for.
const MAX_JOBS: usize = 100;
const MAX_REASON: usize = 1024;

impl JsonService for Batch {
    fn call<'a>(
        &'a self,
        _: &'a Principal,
        operation: &'a str,
        body: Value,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.carry_out(operation, body) })
    }
}

impl Batch {
    fn carry_out(&self, operation: &str, body: Value) -> Answer {
        let inner = &self.inner;
        match operation {
            "SubmitJob" => lifecycle::submit(inner, body),
            "DescribeJobs" => self.describe_jobs(&body),
            "ListJobs" => list::jobs(&inner.lock(), body),
            "TerminateJob" => self.stop(&body, true),
            "CancelJob" => self.stop(&body, false),
            "RegisterJobDefinition" => inner.lock().definitions.register(&body),
            "DeregisterJobDefinition" => {
                inner.lock().definitions.deregister(text(&body, "jobDefinition")?)?;
                Ok(json!({}))
            }
            "DescribeJobDefinitions" => self.describe_definitions(&body),
            "CreateJobQueue" => inner.lock().queues.create(&body),
            "UpdateJobQueue" => inner.lock().queues.update(&body),
            "UpdateComputeEnvironment" => inner.lock().queues.update_environment(&body),
            "DescribeJobQueues" => {
                let all = inner.lock().queues.describe(list_of(&body, "jobQueues"));
                list::page(&body, all, "jobQueues", MAX_JOBS)
            }
            "CreateComputeEnvironment" => inner.lock().queues.create_environment(&body),
            "DescribeComputeEnvironments" => {
                let all = inner
                    .lock()
                    .queues
                    .describe_environments(list_of(&body, "computeEnvironments"));
                list::page(&body, all, "computeEnvironments", MAX_JOBS)
            }
            other => Err(WireError {
                status: 404,
                code: "UnknownOperationException".to_owned(),
                message: format!("the local engine has no operation `{other}` of Batch"),
            }),
        }
    }

    fn describe_jobs(&self, body: &Value) -> Answer {
        let ids = list_of(body, "jobs").ok_or_else(|| refuse("jobs is missing"))?;
        if ids.len() > MAX_JOBS {
            return Err(refuse(format!("jobs may name at most {MAX_JOBS} jobs")));
        }
        let state = self.inner.lock();
        let found = ids.iter().filter_map(|id| state.jobs.get(id.as_str()?));
        Ok(json!({ "jobs": found.map(detail::job).collect::<Vec<_>>() }))
    }

    fn stop(&self, body: &Value, running: bool) -> Answer {
        let (id, reason) = (text(body, "jobId")?, text(body, "reason")?);
        let reason: String = reason.chars().take(MAX_REASON).collect();
        lifecycle::stop(&self.inner, id, &reason, running)?;
        Ok(json!({}))
    }

    fn describe_definitions(&self, body: &Value) -> Answer {
        let named = list_of(body, "jobDefinitions");
        let all = self.inner.lock().definitions.list(|one| {
            let is =
                |text: &Value| text.as_str().is_some_and(|text| definitions::is_named(one, text));
            named.is_none_or(|named| named.iter().any(is))
                && (body["jobDefinitionName"].is_null()
                    || one["jobDefinitionName"] == body["jobDefinitionName"])
                && (body["status"].is_null() || one["status"] == body["status"])
        });
        list::page(body, all, "jobDefinitions", MAX_JOBS)
    }
}

fn text<'a>(body: &'a Value, member: &str) -> Result<&'a str, WireError> {
    let text = body[member].as_str().filter(|text| !text.is_empty());
    text.ok_or_else(|| refuse(format!("'{member}' is a required field (cannot be a empty string)")))
}

fn list_of<'a>(body: &'a Value, member: &str) -> Option<&'a [Value]> {
    body[member].as_array().map(Vec::as_slice)
}
