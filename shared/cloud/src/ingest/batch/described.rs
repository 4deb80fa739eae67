//! DescribeJobs' answer as the same event that Batch would have sent.

use aws_sdk_batch::types::{AttemptDetail, AttemptEcsTaskDetails, EcsTaskDetails, JobDetail};
use jiff::Timestamp;
use signalbox_pipeline::names::EventId;

use super::detail::{Container, Detail, Present, Task, Tasks, Try};
use super::{Identity, JobEvent, Read, identify, interpret};
use crate::fault::Malformed;

/// What `job` says, asked at `at`.
///
/// # Errors
/// When it has one of our definitions and is still not a job.
pub fn described(job: &JobDetail, at: Timestamp) -> Result<Read<JobEvent>, Malformed> {
    let detail = detail(job);
    // The same state seen twice is one event: its id follows from what it says.
    let event: EventId =
        super::super::name(&format!("seen:{}:{}", detail.job_id, detail.status), "jobId")?;
    interpret(detail, event, at)
}

/// Whose job `job` is, in whatever state.
///
/// # Errors
/// As [`described`].
pub fn identified(job: &JobDetail) -> Result<Read<Identity>, Malformed> {
    identify(&detail(job))
}

/// The role that the containers of `job` have.
#[must_use]
pub fn job_role(job: &JobDetail) -> Option<&str> {
    job.ecs_properties()?.task_properties().first()?.task_role_arn()
}

pub(super) fn detail(job: &JobDetail) -> Detail {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    Detail {
        job_id: text(job.job_id()),
        job_name: text(job.job_name()),
        job_queue: text(job.job_queue()),
        job_definition: text(job.job_definition()),
        status: text(job.status().map(aws_sdk_batch::types::JobStatus::as_str)),
        status_reason: job.status_reason().map(str::to_owned),
        parameters: job.parameters().into_iter().flatten().map(owned).collect(),
        attempts: job.attempts().iter().map(a_try).collect(),
        created_at: job.created_at(),
        // The SDK holds this one for required, and puts 0 where Batch left it out.
        started_at: job.started_at().filter(|&at| at > 0),
        stopped_at: job.stopped_at(),
        container: job.container().map(|container| Container {
            name: None,
            task_arn: container.task_arn().map(str::to_owned),
            exit_code: container.exit_code(),
            reason: container.reason().map(str::to_owned),
        }),
        ecs_properties: job
            .ecs_properties()
            .map(|ecs| Tasks { task_properties: ecs.task_properties().iter().map(task).collect() }),
        eks_properties: job.eks_properties().map(|_| Present {}),
        array_properties: job.array_properties().map(|_| Present {}),
        node_properties: job.node_properties().map(|_| Present {}),
    }
}

fn owned((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
}

fn a_try(attempt: &AttemptDetail) -> Try {
    Try {
        container: attempt.container().map(|container| Container {
            name: None,
            task_arn: container.task_arn().map(str::to_owned),
            exit_code: container.exit_code(),
            reason: container.reason().map(str::to_owned),
        }),
        task_properties: attempt.task_properties().iter().map(tried_task).collect(),
        started_at: attempt.started_at(),
        stopped_at: attempt.stopped_at(),
    }
}

fn tried_task(task: &AttemptEcsTaskDetails) -> Task {
    let containers = task.containers().iter().map(|container| Container {
        name: container.name().map(str::to_owned),
        task_arn: None,
        exit_code: container.exit_code(),
        reason: container.reason().map(str::to_owned),
    });
    Task { task_arn: task.task_arn().map(str::to_owned), containers: containers.collect() }
}

fn task(task: &EcsTaskDetails) -> Task {
    let containers = task.containers().iter().map(|container| Container {
        name: container.name().map(str::to_owned),
        task_arn: None,
        exit_code: container.exit_code(),
        reason: container.reason().map(str::to_owned),
    });
    Task { task_arn: task.task_arn().map(str::to_owned), containers: containers.collect() }
}
