//! How jobs move from submission to their place, and how they are ended.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::job::{End, Job, Status};
use super::{Inner, arn, submit, watch};
use crate::random;
use crate::wire::{Answer, WireError};

/// Why a job is not placed although nothing runs.
const NEVER: &str = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is higher than that can be met by the CE(s) attached to the job queue.";
/// How long a change that the disk refused waits for its next try.
const DISK_WAIT: Duration = Duration::from_secs(1);

/// Takes a job in.
pub(crate) fn submit(inner: &Arc<Inner>, body: Value) -> Answer {
    let now = inner.clock.now();
    let mut state = inner.lock();
    let mut job = submit::job(&state, body, now.as_millisecond())?;
    let waits = !job.spec.depends_on.is_empty();
    if !waits {
        job.enter(Status::Runnable, None, now);
    }
    state.journal.put(&job.id, &job).map_err(WireError::internal)?;
    let answer = json!({ "jobArn": arn::job(&job.id), "jobName": job.name, "jobId": job.id });
    let (next, id, queue) = (Arc::clone(inner), job.id.clone(), job.queue.clone());
    if waits {
        inner.tasks.spawn(admit(next, id));
    } else {
        state.line_up(&job);
        inner.outbox.flush(&inner.tasks, Arc::clone(inner), id);
        inner.tasks.spawn(async move { place(&next, &queue) });
    }
    state.insert(job);
    Ok(answer)
}

/// Takes up what an earlier engine left.
pub(crate) fn resume(inner: &Arc<Inner>) {
    let (mut placed, mut queues) = (Vec::new(), Vec::new());
    {
        let mut state = inner.lock();
        let all: Vec<Job> =
            state.order.values().filter_map(|id| state.jobs.get(id)).cloned().collect();
        for job in all {
            if !job.pending.is_empty() {
                inner.outbox.flush(&inner.tasks, Arc::clone(inner), job.id.clone());
            }
            match job.status {
                Status::Submitted | Status::Pending => {
                    inner.tasks.spawn(admit(Arc::clone(inner), job.id));
                }
                Status::Runnable => {
                    state.line_up(&job);
                    queues.push(job.queue);
                }
                Status::Starting | Status::Running => placed.push(job),
                Status::Succeeded | Status::Failed => {}
            }
        }
    }
    for job in placed {
        inner.tasks.spawn(watch::adopt(Arc::clone(inner), job));
    }
    for queue in queues {
        place(inner, &queue);
    }
}

/// Moves a job on that nothing keeps waiting, and has it wait where something does.
pub(crate) async fn admit(inner: Arc<Inner>, id: String) {
    enum Next {
        Run,
        Wait,
        Fail,
    }
    let now = inner.clock.now();
    let queue = persist(&inner, &id, |state, job| {
        if job.status.is_over() || job.status >= Status::Runnable {
            return None;
        }
        let needed = job.spec.depends_on.iter().filter_map(|one| state.get(one["jobId"].as_str()?));
        let next = needed.fold(Next::Run, |next, status| match (next, status) {
            (Next::Fail, _) | (_, Status::Failed) => Next::Fail,
            (next, Status::Succeeded) => next,
            (_, _) => Next::Wait,
        });
        match next {
            Next::Run => {
                job.enter(Status::Runnable, None, now);
                return Some(job.queue.clone());
            }
            Next::Wait if job.status == Status::Submitted => job.enter(Status::Pending, None, now),
            Next::Wait => {}
            Next::Fail => job.give_up("Dependent Job failed", now),
        }
        None
    })
    .await
    .flatten();
    if let Some(queue) = queue {
        {
            let mut state = inner.lock();
            if let Some(job) =
                state.jobs.get(&id).filter(|job| job.status == Status::Runnable).cloned()
            {
                state.line_up(&job);
            }
        }
        place(&inner, &queue);
    }
}

/// Starts what the queue has room for, first come, first served.
pub(crate) fn place(inner: &Arc<Inner>, queue: &str) {
    loop {
        let mut state = inner.lock();
        let (next, never) = state.next(queue);
        for id in never {
            let told =
                state.jobs.get(&id).is_some_and(|job| job.status_reason.as_deref() == Some(NEVER));
            if !told
                && let Err(error) =
                    inner.change(&mut state, &id, |job| job.status_reason = Some(NEVER.to_owned()))
            {
                tracing::warn!(job = id, %error, "the disk refused why a job waits");
            }
        }
        let Some(id) = next else { return };
        let (task, token) =
            (hex::encode(random::bytes::<16>()), hex::encode(random::bytes::<32>()));
        let now = inner.clock.now();
        let started = inner.change(&mut state, &id, |job| {
            job.start(task, token, now);
            job.clone()
        });
        match started {
            Ok(Some(job)) => {
                state.occupy(&job);
                drop(state);
                inner.tasks.spawn(watch::attempt(Arc::clone(inner), job));
            }
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(job = id, %error, "the disk refused a job's start; it is tried again");
                let (again, queue) = (Arc::clone(inner), queue.to_owned());
                inner.tasks.spawn(async move {
                    tokio::time::sleep(DISK_WAIT).await;
                    place(&again, &queue);
                });
                return;
            }
        }
    }
}

/// Ends a job for `reason`; a job that has its place only where `running` says so.
pub(crate) fn stop(
    inner: &Arc<Inner>,
    id: &str,
    reason: &str,
    running: bool,
) -> Result<(), WireError> {
    let now = inner.clock.now();
    let mut state = inner.lock();
    let Some(status) = state.jobs.get(id).map(|job| job.status) else { return Ok(()) };
    if status.is_over() || (status.is_placed() && !running) {
        return Ok(());
    }
    let changed = inner.change(&mut state, id, |job| {
        if status.is_placed() {
            job.end.get_or_insert_with(|| End::Terminated(reason.to_owned()));
        } else {
            job.terminated |= running;
            job.cancelled |= !running;
            job.give_up(reason, now);
        }
        job.clone()
    });
    if let Some(job) = changed.map_err(WireError::internal)? {
        state.leave(&job);
        if let Some(waker) = state.wakers.get(id) {
            waker.notify_one();
        }
    }
    drop(state);
    // The job may have been first in line, or others may have waited for its end.
    inner.tasks.spawn(follow_up(Arc::clone(inner), id.to_owned()));
    Ok(())
}

/// Moves on what the end of `id`, or of its attempt, sets free.
pub(crate) async fn follow_up(inner: Arc<Inner>, id: String) {
    let (queue, dependents) = {
        let state = inner.lock();
        let Some(job) = state.jobs.get(&id) else { return };
        let dependents = if job.status.is_over() { state.dependents(&id) } else { Vec::new() };
        (job.queue.clone(), dependents)
    };
    place(&inner, &queue);
    for dependent in dependents {
        Box::pin(admit(Arc::clone(&inner), dependent.clone())).await;
        let failed =
            inner.lock().jobs.get(&dependent).is_some_and(|job| job.status == Status::Failed);
        if failed {
            Box::pin(follow_up(Arc::clone(&inner), dependent)).await;
        }
    }
}

/// The states of the jobs that a job depends on.
pub(crate) type Others = std::collections::HashMap<String, Status>;

/// Changes a job, and does not give up when the disk refuses. `None` when the job is unknown.
pub(crate) async fn persist<T>(
    inner: &Arc<Inner>,
    id: &str,
    mut change: impl FnMut(&Others, &mut Job) -> T,
) -> Option<T> {
    loop {
        let tried = {
            let mut state = inner.lock();
            let others: Others = state.jobs.get(id).map_or_else(Others::new, |job| {
                let needed = job
                    .spec
                    .depends_on
                    .iter()
                    .filter_map(|one| state.jobs.get(one["jobId"].as_str()?));
                needed.map(|one| (one.id.clone(), one.status)).collect()
            });
            inner.change(&mut state, id, |job| change(&others, job))
        };
        match tried {
            Ok(result) => return result,
            Err(error) => {
                tracing::warn!(job = id, %error, "the disk refused a change; it is tried again");
                tokio::time::sleep(DISK_WAIT).await;
            }
        }
    }
}
