//! What the kernel says of a process.

use std::io;
use std::os::fd::OwnedFd;

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::io::unix::AsyncFd;

/// The fields of `/proc/<pid>/stat` from the third on: the second may hold blanks and brackets.
pub(crate) fn stat(pid: i32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

/// When the process began, in the kernel's ticks: a later one of the same id began at another time.
/// Nothing when there is no such process.
pub(crate) fn began(pid: i32) -> Option<String> {
    // The 22nd field.
    stat(pid)?.into_iter().nth(19)
}

/// A descriptor of the process that becomes readable when it ends.
#[expect(
    deprecated,
    reason = "its safe way in: what the new one asks for without a check, a descriptor that stays the same and open, an `OwnedFd` is"
)]
pub(crate) fn pidfd(pid: Pid) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(pidfd_open(pid, PidfdFlags::NONBLOCK)?)
}
