//! One process and its whole group: run, logged, measured, and ended when its time is over.

use std::io::{self, PipeReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::sync::oneshot;
use wait4::{ResUse, Wait4 as _};

use crate::log::Log;
use crate::stop::Stop;

mod usage;

pub(crate) use usage::Usage;

/// How long the log is read on after its process ended, where another one still holds it open.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The time that a process has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// When SIGTERM is sent.
    pub(crate) deadline: Instant,
    /// How long after SIGTERM SIGKILL is sent.
    pub(crate) grace: Duration,
}

/// What ended a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Nobody here.
    Itself,
    /// Its time was over.
    Timeout,
    /// The attempt was stopped from outside.
    Stopped,
}

/// A process that has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) cause: Cause,
    pub(crate) usage: Usage,
}

/// Runs `command` to its end. What it writes goes to `log`, both streams in the order of writing.
///
/// When it has ended, what is left of its process group is killed.
///
/// # Errors
/// When it cannot be started.
pub(crate) async fn run(
    mut command: Command,
    log: &Log,
    limits: Limits,
    stop: &mut Stop,
) -> io::Result<Ended> {
    let (reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).process_group(0);
    let started = Instant::now();
    let child = command.spawn()?;
    // It holds our writing ends of the pipe, and the pipe ends when all are closed.
    drop(command);
    let group = Pid::from_child(&child);
    let mut ended = on_a_thread(move || wait(child, group));
    let read = on_a_thread({
        let log = log.clone();
        move || pass_on(reader, &log)
    });
    let cause = tokio::select! {
        biased;
        used = &mut ended => return finish(used, read, log, Cause::Itself, started).await,
        () = stop.requested() => Cause::Stopped,
        () = tokio::time::sleep_until(limits.deadline.into()) => Cause::Timeout,
    };
    // Errors mean that the group is gone, which is what is wanted.
    let _ = kill_process_group(group, Signal::TERM);
    let used = match tokio::time::timeout(limits.grace, &mut ended).await {
        Ok(used) => used,
        Err(_) => {
            let _ = kill_process_group(group, Signal::KILL);
            ended.await
        }
    };
    finish(used, read, log, cause, started).await
}

type Answer<T> = Result<T, oneshot::error::RecvError>;

async fn finish(
    used: Answer<io::Result<ResUse>>,
    read: oneshot::Receiver<()>,
    log: &Log,
    cause: Cause,
    started: Instant,
) -> io::Result<Ended> {
    let used = used.map_err(io::Error::other)??;
    let usage = Usage::of(&used, started.elapsed());
    if tokio::time::timeout(LAST_WORDS, read).await.is_err() {
        log.say("a process that left the job's process group still holds the log open; it is not waited for");
    }
    Ok(Ended { status: used.status, cause, usage })
}

/// Waits without reaping first, so that the group's number cannot be taken by another group before
/// what is left of it has been killed.
fn wait(child: Child, group: Pid) -> io::Result<ResUse> {
    while let Err(error) = waitid(WaitId::Pid(group), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
    {
        if error != rustix::io::Errno::INTR {
            return Err(error.into());
        }
    }
    let _ = kill_process_group(group, Signal::KILL);
    child.wait4()
}

fn pass_on(mut reader: PipeReader, log: &Log) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return,
            Ok(length) => log.pass(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
            Err(_) => return,
        }
    }
}

/// A thread of its own rather than one of tokio's, which would be waited for at the end.
fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> oneshot::Receiver<T> {
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        // Nobody waits for the answer any more where this fails.
        let _ = sender.send(work());
    });
    receiver
}

#[cfg(test)]
mod tests;
