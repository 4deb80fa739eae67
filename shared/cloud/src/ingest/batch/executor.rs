//! Where each kind of job keeps its task and its exit code. A new executor is an arm here.

use super::detail::{Container, Detail, MAIN, Task};

/// What became of the main container.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub task_arn: Option<String>,
    pub exit_code: Option<i32>,
    pub reason: Option<String>,
}

/// The outcome of the last try, or the reason why such jobs are left alone.
pub(super) fn outcome(detail: &Detail) -> Result<Outcome, String> {
    if detail.array_properties.is_some() || detail.job_id.contains(':') {
        return Err("array jobs are not supported yet".to_owned());
    }
    if detail.eks_properties.is_some() {
        return Err("jobs on EKS are not supported yet".to_owned());
    }
    if detail.node_properties.is_some() {
        return Err("multi-node jobs are not supported yet".to_owned());
    }
    let now = detail.ecs_properties.as_ref().and_then(|ecs| ecs.task_properties.first());
    Ok(match now {
        Some(now) => multi_container(detail, now),
        None => plain(detail),
    })
}

/// The last try is asked first: the job's own fields may lag behind it, and are all there is while
/// the first try still runs.
fn multi_container(detail: &Detail, now: &Task) -> Outcome {
    let last = detail.attempts.last().and_then(|try_| try_.task_properties.first());
    let (last_main, main) = (last.and_then(main), main(now));
    Outcome {
        task_arn: last.and_then(|task| task.task_arn.clone()).or_else(|| now.task_arn.clone()),
        exit_code: first(last_main, main, |container| container.exit_code),
        reason: first(last_main, main, |container| container.reason.clone()),
    }
}

fn plain(detail: &Detail) -> Outcome {
    let last = detail.attempts.last().and_then(|try_| try_.container.as_ref());
    let now = detail.container.as_ref();
    Outcome {
        task_arn: first(last, now, |container| container.task_arn.clone()),
        exit_code: first(last, now, |container| container.exit_code),
        reason: first(last, now, |container| container.reason.clone()),
    }
}

fn main(task: &Task) -> Option<&Container> {
    task.containers.iter().find(|container| container.name.as_deref() == Some(MAIN))
}

fn first<T>(
    last: Option<&Container>,
    now: Option<&Container>,
    field: impl Fn(&Container) -> Option<T>,
) -> Option<T> {
    last.and_then(&field).or_else(|| now.and_then(&field))
}
