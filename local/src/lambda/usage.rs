//! What the processes of a function use.

use std::time::Duration;

use crate::pid::stat;

/// The kernel counts CPU time for user space in hundredths of a second, whatever its own clock.
const TICK: Duration = Duration::from_millis(10);

/// What the processes of one function use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many processes there are.
    pub processes: usize,
    /// The CPU time of all of them, since each began.
    pub cpu: Duration,
    /// The most memory that one of them holds resident just now, in bytes.
    pub rss: u64,
    /// The most memory that one of them ever held resident, in bytes.
    pub peak_rss: u64,
}

/// The usage of these processes; one that has ended counts as nothing.
pub(super) fn of(pids: &[i32]) -> Usage {
    let mut usage = Usage::default();
    for pid in pids {
        let Some(stat) = stat(*pid) else { continue };
        // Fields 14 and 15 of the file; two stand before those of `stat`.
        let ticks = stat.iter().skip(11).take(2).filter_map(|field| field.parse::<u32>().ok());
        usage.processes += 1;
        usage.cpu += TICK * ticks.sum::<u32>();
        usage.rss = usage.rss.max(kibibytes(*pid, "VmRSS:") * 1024);
        usage.peak_rss = usage.peak_rss.max(kibibytes(*pid, "VmHWM:") * 1024);
    }
    usage
}

/// Whether the process is there and has not ended.
pub(super) fn lives(pid: i32) -> bool {
    stat(pid).is_some_and(|fields| fields.first().is_some_and(|state| state != "Z"))
}

fn kibibytes(pid: i32, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
