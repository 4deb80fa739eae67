//! A job's process, as its parent sees it.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{self, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::unix::AsyncFd;

use super::super::executor::Launch;
use super::KILLED;
use crate::pid::pidfd;

/// A job's process, which leads a group of its own.
pub(super) struct Child {
    pub(super) pid: Pid,
    fd: AsyncFd<OwnedFd>,
    process: process::Child,
}

impl Child {
    /// Starts the command; what it prints goes to the end of `log`.
    pub(super) fn start(launch: &Launch, log: &Path) -> io::Result<Self> {
        let (program, arguments) =
            launch.argv.split_first().ok_or_else(|| io::Error::other("there is no command"))?;
        let log = OpenOptions::new().create(true).append(true).open(log)?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(&launch.env).current_dir(&launch.cwd);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
        let process = command.spawn()?;
        let pid = Pid::from_child(&process);
        Ok(Self { pid, fd: pidfd(pid)?, process })
    }

    /// Returns as soon as the process has ended.
    pub(super) async fn ended(&self) -> io::Result<()> {
        self.fd.readable().await.map(drop)
    }

    pub(super) fn signal(&self, signal: Signal) {
        // A group that is gone has ended, which is as good.
        let _ = kill_process_group(self.pid, signal);
    }

    /// What the process ended with. What it left behind ends too, as in a container.
    pub(super) fn reap(&mut self) -> i32 {
        // First, while its id is still its own.
        self.signal(Signal::KILL);
        let Ok(status) = self.process.wait() else { return KILLED };
        status.code().or_else(|| Some(128 + status.signal()?)).unwrap_or(KILLED)
    }
}
