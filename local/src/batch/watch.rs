//! One attempt of a job, from its place to its end.

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rustix::process::Signal;

use super::Inner;
use super::executor::{Found, Running};
use super::job::{End, Job, Outcome, Status};
use super::lifecycle::{follow_up, persist};
use super::{image, keeper, launch};
use crate::random;

/// Runs the attempt that `job` has a place for.
pub(crate) async fn attempt(inner: Arc<Inner>, job: Job) {
    match start(&inner, &job).await {
        Ok(running) => {
            run(&inner, &job.id).await;
            watch(&inner, &job, running).await;
        }
        Err(reason) => finish(&inner, &job, Outcome::NotStarted(reason)).await,
    }
}

/// Looks for the attempt that an earlier engine gave a place, and stays with it.
pub(crate) async fn adopt(inner: Arc<Inner>, job: Job) {
    let Some(attempt) = &job.attempt else { return };
    let found = inner.starter.adopt(&attempt.task).await;
    let found = found.unwrap_or_else(|error| {
        tracing::warn!(job = job.id, %error, "nobody knows what became of a job's process");
        Found::Ended(keeper::KILLED)
    });
    if job.status == Status::Starting && !matches!(found, Found::Never) {
        run(&inner, &job.id).await;
    }
    match found {
        Found::Running(running) => watch(&inner, &job, running).await,
        Found::Ended(code) => finish(&inner, &job, Outcome::Exited(code)).await,
        Found::Never => again(&inner, job).await,
    }
}

/// The process was never started: the attempt begins anew, as another task.
async fn again(inner: &Arc<Inner>, job: Job) {
    let now = inner.clock.now();
    let task = hex::encode(random::bytes::<16>());
    let renewed = persist(inner, &job.id, |_, job| {
        let token = hex::encode(random::bytes::<32>());
        job.start(task.clone(), token, now);
        job.clone()
    });
    if let Some(renewed) = renewed.await {
        {
            let mut state = inner.lock();
            let old = job.attempt.as_ref().map(|attempt| attempt.task.clone()).unwrap_or_default();
            state.vacate(&job, &old);
            state.occupy(&renewed);
        }
        Box::pin(attempt(Arc::clone(inner), renewed)).await;
    }
}

async fn start(inner: &Arc<Inner>, job: &Job) -> Result<Running, String> {
    let attempt = job.attempt.as_ref().ok_or("the job has no attempt")?;
    let folder = inner.jobs.join(&job.id);
    empty(&folder).map_err(|error| format!("CannotStartContainerError: {error}"))?;
    let image = image::prepare(inner, job, &folder).await?;
    let launch = launch::plan(job, attempt, &folder, &inner.config, image.as_ref())?;
    let ended = inner.lock().jobs.get(&job.id).is_none_or(|job| job.end.is_some());
    if ended {
        return Err("the job was ended before it ran".to_owned());
    }
    let cannot = |error| format!("CannotStartContainerError: {error}");
    std::fs::create_dir_all(&launch.cwd).map_err(cannot)?;
    inner.starter.start(launch, &folder, &attempt.task).await.map_err(cannot)
}

/// A container begins with nothing of the one before it.
fn empty(folder: &Path) -> std::io::Result<()> {
    for name in ["work", "image"] {
        if let Err(error) = std::fs::remove_dir_all(folder.join(name))
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error);
        }
    }
    std::fs::create_dir_all(folder)
}

async fn run(inner: &Arc<Inner>, id: &str) {
    let now = inner.clock.now();
    persist(inner, id, |_, job| job.run(now)).await;
}

/// Stays with a process until it is gone, and ends it when somebody asks or its time is up.
async fn watch(inner: &Arc<Inner>, job: &Job, running: Running) {
    let waker = inner.lock().wakers.get(&job.id).cloned().unwrap_or_default();
    let mut kill_at: Option<Timestamp> = None;
    let mut killed = false;
    loop {
        let (ending, deadline) = look(inner, &job.id);
        if ending && kill_at.is_none() {
            running.signal(Signal::TERM);
            kill_at = Some(later(inner.clock.now(), inner.config.grace.as_secs_f64()));
        }
        tokio::select! {
            biased;
            () = running.ended() => break,
            () = waker.notified() => {}
            () = inner.clock.until(kill_at.unwrap_or(Timestamp::MAX)), if kill_at.is_some() && !killed => {
                running.signal(Signal::KILL);
                killed = true;
            }
            () = inner.clock.until(deadline.unwrap_or(Timestamp::MAX)), if deadline.is_some() && !ending => {
                persist(inner, &job.id, |_, job| { job.end.get_or_insert(End::TimedOut); }).await;
            }
        }
    }
    finish(inner, job, Outcome::Exited(running.exit_code())).await;
}

/// Whether the job is to end, and when its time is up.
fn look(inner: &Inner, id: &str) -> (bool, Option<Timestamp>) {
    let state = inner.lock();
    let Some(job) = state.jobs.get(id) else { return (true, None) };
    let started = job.started_at.and_then(|at| Timestamp::from_millisecond(at).ok());
    let deadline = started.zip(job.spec.timeout);
    #[expect(clippy::cast_precision_loss, reason = "no timeout is so long")]
    let deadline = deadline.map(|(started, seconds)| later(started, seconds as f64));
    (job.end.is_some(), deadline)
}

fn later(at: Timestamp, seconds: f64) -> Timestamp {
    SignedDuration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|wait| at.checked_add(wait).ok())
        .unwrap_or(Timestamp::MAX)
}

/// Writes down how the attempt ended, frees its place, and moves on what waited for it.
async fn finish(inner: &Arc<Inner>, job: &Job, outcome: Outcome) {
    let now = inner.clock.now();
    let finished = persist(inner, &job.id, |_, job| {
        let task = job.attempt.as_ref().map(|attempt| attempt.task.clone()).unwrap_or_default();
        job.finish(&outcome, now);
        (job.clone(), task)
    });
    let Some((finished, task)) = finished.await else { return };
    {
        let mut state = inner.lock();
        state.vacate(&finished, &task);
        if finished.status == Status::Runnable {
            state.line_up(&finished);
        }
    }
    let folder = inner.jobs.join(&finished.id);
    let keep_work = finished.status != Status::Succeeded;
    inner.tasks.spawn(follow_up(Arc::clone(inner), finished.id));
    inner.starter.forget(&task).await;
    // The next attempt, if there is one, has emptied or will empty the folder itself.
    if finished.status.is_over() {
        let cleaned = tokio::task::spawn_blocking(move || {
            let leftovers: &[&str] = if keep_work { &["image"] } else { &["image", "work"] };
            for name in leftovers {
                // A folder that cannot be removed costs space, and nothing else.
                let _ = std::fs::remove_dir_all(folder.join(name));
            }
        });
        let _ = cleaned.await;
    }
}
