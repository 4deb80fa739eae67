//! How a process is started so that its end is known even when nobody was there to see it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open};
use tokio::io::unix::AsyncFd;

use super::executor::{Found, Launch, Running};

/// `$0` is the path of the task's marks, `$@` the command.
///
/// The pid is written first, and only once: whoever comes second (an engine that was started again
/// and did not find it) knows that the command will not run. The shell outlives a SIGTERM meant for
/// the command, and is gone as soon as it has written the exit code.
const SCRIPT: &str = r#"set -C; echo $$ >"$0.pid" || exit 125; set +C; trap : TERM INT HUP; (exec "$@"); echo $? >"$0.exit""#;
/// What is reported for a process that was killed with its shim.
const KILLED: i32 = 137;
/// How often, and how long apart, a pid that is just being written is looked at.
const LOOKS: u32 = 50;
const LOOK: Duration = Duration::from_millis(2);

/// Where a task leaves its pid and its exit code.
struct Marks {
    base: PathBuf,
}

impl Marks {
    fn new(folder: &Path, task: &str) -> Self {
        Self { base: folder.join(task) }
    }

    fn pid(&self) -> PathBuf {
        self.base.with_extension("pid")
    }

    /// The exit code: a line that is whole, or the shim was killed before it could write it.
    fn exit_code(&self) -> i32 {
        let text = fs::read_to_string(self.base.with_extension("exit")).unwrap_or_default();
        text.strip_suffix('\n').and_then(|code| code.parse().ok()).unwrap_or(KILLED)
    }
}

/// The programs that the shim is made of.
pub(crate) struct Shim {
    sh: PathBuf,
    /// Gives each job a session of its own, so that none can ask its questions on a terminal.
    setsid: Option<PathBuf>,
}

impl Shim {
    pub(crate) fn find() -> anyhow::Result<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let find = |name: &str| {
            std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
        };
        Ok(Self {
            sh: find("sh").context("jobs need the program `sh`, which is not on PATH")?,
            setsid: find("setsid"),
        })
    }

    /// Starts the command; what it prints goes to the end of the job's log.
    pub(crate) fn start(&self, launch: Launch, folder: &Path, task: &str) -> io::Result<Process> {
        let marks = Marks::new(folder, task);
        let log = OpenOptions::new().create(true).append(true).open(folder.join(super::LOG))?;
        let (env, odd): (BTreeMap<_, _>, BTreeMap<_, _>) =
            launch.env.into_iter().partition(|(name, _)| is_shell_name(name));
        let mut command = match &self.setsid {
            Some(setsid) => {
                let mut command = Command::new(setsid);
                command.arg(&self.sh);
                command
            }
            None => {
                let mut command = Command::new(&self.sh);
                std::os::unix::process::CommandExt::process_group(&mut command, 0);
                command
            }
        };
        command.arg("-c").arg(SCRIPT).arg(&marks.base).args(with_odd_names(launch.argv, odd));
        command.env_clear().envs(env);
        command.current_dir(&launch.cwd);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn()?;
        let pid = Pid::from_child(&child);
        Ok(Process { pid, fd: pidfd(pid)?, child: Some(child), marks })
    }

    /// Finds what an earlier engine started, or makes sure that it never starts.
    pub(crate) async fn adopt(folder: &Path, task: &str) -> io::Result<Found> {
        let marks = Marks::new(folder, task);
        fs::create_dir_all(folder)?;
        match OpenOptions::new().write(true).create_new(true).open(marks.pid()) {
            Ok(_) => return Ok(Found::Never),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        for _ in 0..LOOKS {
            let text = fs::read_to_string(marks.pid())?;
            if let Some(pid) = text.strip_suffix('\n') {
                let pid = pid.parse().ok().and_then(Pid::from_raw);
                return Ok(pid.map_or(Found::Ended(KILLED), |pid| look(pid, marks)));
            }
            // The shim stands between making the file and writing it, or was killed there.
            tokio::time::sleep(LOOK).await;
        }
        Ok(Found::Ended(KILLED))
    }
}

/// The process `pid`, if it still is the shim of that task.
fn look(pid: Pid, marks: Marks) -> Found {
    // The descriptor first: what is checked after it cannot be another process by then.
    let fd = pidfd(pid).ok();
    let is_ours = || {
        let line = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).unwrap_or_default();
        line.split(|byte| *byte == 0)
            .any(|argument| argument == marks.base.as_os_str().as_encoded_bytes())
    };
    match fd.filter(|_| is_ours()) {
        Some(fd) => Found::Running(Running::Process(Process { pid, fd, child: None, marks })),
        None => Found::Ended(marks.exit_code()),
    }
}

/// A descriptor of the process that becomes readable when it ends.
#[expect(
    deprecated,
    reason = "its safe way in: what the new one asks for without a check, a descriptor that stays the same and open, an `OwnedFd` is"
)]
fn pidfd(pid: Pid) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(pidfd_open(pid, PidfdFlags::NONBLOCK)?)
}

/// A shell drops variables that it could not name itself, so `env` sets those after it.
fn with_odd_names(argv: Vec<OsString>, odd: BTreeMap<String, OsString>) -> Vec<OsString> {
    if odd.is_empty() {
        return argv;
    }
    let pairs = odd.into_iter().map(|(name, value)| {
        let mut pair = OsString::from(format!("{name}="));
        pair.push(value);
        pair
    });
    std::iter::once(OsString::from("env")).chain(pairs).chain(argv).collect()
}

fn is_shell_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// A job's process.
pub(crate) struct Process {
    pid: Pid,
    fd: AsyncFd<OwnedFd>,
    /// There when this engine started it.
    child: Option<Child>,
    marks: Marks,
}

impl Process {
    /// Returns as soon as the process is gone.
    pub(crate) async fn ended(&self) {
        if let Err(error) = self.fd.readable().await {
            tracing::error!(%error, "the end of a job's process cannot be awaited");
            std::future::pending::<()>().await;
        }
    }

    /// Sends `signal` to the process and all that it started.
    pub(crate) fn signal(&self, signal: Signal) {
        if kill_process_group(self.pid, signal).is_err() {
            // It has not made its group yet, or is gone, which is as good.
            let _ = kill_process(self.pid, signal);
        }
    }

    /// What the process ended with. What it left behind ends too, as in a container.
    pub(crate) fn reap(mut self) -> i32 {
        let _ = kill_process_group(self.pid, Signal::KILL);
        if let Some(child) = &mut self.child {
            // Its end was seen, so this does not wait; the code is what the shim wrote down.
            let _ = child.wait();
        }
        self.marks.exit_code()
    }
}
