//! The names that Batch and ECS give to things.

use crate::{ACCOUNT, REGION};

pub(crate) fn job(id: &str) -> String {
    format!("arn:aws:batch:{REGION}:{ACCOUNT}:job/{id}")
}

pub(crate) fn queue(name: &str) -> String {
    format!("arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/{name}")
}

pub(crate) fn definition(name: &str, revision: u64) -> String {
    format!("arn:aws:batch:{REGION}:{ACCOUNT}:job-definition/{name}:{revision}")
}

pub(crate) fn environment(name: &str) -> String {
    format!("arn:aws:batch:{REGION}:{ACCOUNT}:compute-environment/{name}")
}

pub(crate) fn cluster(queue: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{}_Batch", last(queue))
}

pub(crate) fn task(queue: &str, task: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task/{}_Batch/{task}", last(queue))
}

pub(crate) fn container_instance(queue: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:container-instance/{}_Batch/local", last(queue))
}

/// The part of an ARN, or of a plain name, that names the thing itself.
pub(crate) fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
