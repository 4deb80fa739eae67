//! SubmitJob.

use aws_sdk_batch::types::{
    EcsPropertiesOverride, JobTimeout, KeyValuePair, ResourceRequirement, ResourceType,
    RetryStrategy, TaskContainerOverrides, TaskPropertiesOverride,
};
use signalbox_pipeline::effect::Submission;
use signalbox_pipeline::names::JobId;

use super::Submitted;
use crate::clients::{Trouble, trouble};

/// The container that does the work; the other brings the runner in.
pub(super) const MAIN: &str = "main";

pub(super) async fn once(
    client: &aws_sdk_batch::Client,
    submission: &Submission,
) -> Result<Submitted, Trouble> {
    let timeout = i32::try_from(submission.timeout_seconds).unwrap_or(i32::MAX);
    let parameters = submission.parameters.clone().into_iter().collect();
    let sent = client
        .submit_job()
        .job_name(submission.job_name.as_str())
        .job_queue(&submission.queue)
        .job_definition(submission.definition.name())
        .set_parameters(Some(parameters))
        // A retry is a new attempt of ours, decided in the core.
        .retry_strategy(RetryStrategy::builder().attempts(1).build())
        .timeout(JobTimeout::builder().attempt_duration_seconds(timeout).build())
        .ecs_properties_override(overrides(submission))
        .send()
        .await;
    let answer = sent.map_err(|error| trouble(&error))?;
    let id = answer.job_id.unwrap_or_default();
    Ok(match JobId::parse(id) {
        Ok(id) => Submitted::Accepted(id),
        Err(error) => Submitted::Unknown(format!("Batch's answer: {error}")),
    })
}

fn overrides(submission: &Submission) -> EcsPropertiesOverride {
    let mut main = TaskContainerOverrides::builder()
        .name(MAIN)
        .set_command(Some(submission.command.clone()))
        .resource_requirements(size(ResourceType::Vcpu, &submission.vcpus.to_string()))
        .resource_requirements(size(ResourceType::Memory, &submission.memory_mib.to_string()));
    if submission.gpus > 0 {
        main = main.resource_requirements(size(ResourceType::Gpu, &submission.gpus.to_string()));
    }
    for (name, value) in &submission.environment {
        main = main.environment(KeyValuePair::builder().name(name).value(value).build());
    }
    let task = TaskPropertiesOverride::builder().containers(main.build()).build();
    EcsPropertiesOverride::builder().task_properties(task).build()
}

pub(super) fn size(kind: ResourceType, value: &str) -> ResourceRequirement {
    ResourceRequirement::builder().r#type(kind).value(value).build()
}

/// Whether SubmitJob was refused because its job definition does not exist, or not any more.
pub(super) fn definition_is_missing(trouble: &Trouble) -> bool {
    let Trouble::Refused { code, message, .. } = trouble else { return false };
    let message = message.to_ascii_lowercase().replace(' ', "");
    code == "ClientException"
        && message.contains("jobdefinition")
        && ["notfound", "notexist", "inactive", "notactive", "deregistered", "noactive"]
            .iter()
            .any(|words| message.contains(words))
}

/// What a submission that was not accepted comes to.
pub(super) fn outcome(trouble: Trouble) -> Submitted {
    match trouble {
        // A policy that lacks a permission is mended by ops, and the run goes on then.
        Trouble::Refused { status: 401 | 403, .. } => Submitted::NotNow(trouble.to_string()),
        Trouble::Refused { message, .. } => Submitted::Refused(message),
        Trouble::Unsent(why) => Submitted::Refused(why),
        Trouble::Throttled(why) => Submitted::NotNow(why),
        Trouble::Unclear(why) => Submitted::Unknown(why),
    }
}
