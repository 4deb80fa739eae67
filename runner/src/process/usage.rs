//! What a process took.

use std::time::Duration;

use wait4::ResUse;

/// Time and memory of a process and of the children that it waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// Wall-clock time.
    pub(crate) seconds: f64,
    /// Processor time.
    pub(crate) cpu_seconds: f64,
    /// The largest resident set of any of them.
    pub(crate) max_rss_bytes: u64,
}

impl Usage {
    /// The usage that the kernel reports.
    pub(super) fn of(used: &ResUse, elapsed: Duration) -> Self {
        Self {
            seconds: elapsed.as_secs_f64(),
            cpu_seconds: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
            max_rss_bytes: used.rusage.maxrss,
        }
    }

    /// The usage of one after the other.
    pub(crate) fn and(self, next: Self) -> Self {
        Self {
            seconds: self.seconds + next.seconds,
            cpu_seconds: self.cpu_seconds + next.cpu_seconds,
            max_rss_bytes: self.max_rss_bytes.max(next.max_rss_bytes),
        }
    }
}
