//! One pass: what it may spend, and what it did.

use std::ops::AddAssign;
use std::time::Duration;

use signalbox_cloud::fault::Fault;
use tokio::time::Instant;

/// Nothing new is begun after this: the function has 30 s, and what is under way needs some too.
const LONGEST: Duration = Duration::from_secs(18);
/// As long as counting how launches have ended may take, so that what comes after it has its turn.
const LONGEST_OF_OUTCOMES: Duration = Duration::from_secs(6);
/// The same of the runs.
const LONGEST_OF_RUNS: Duration = Duration::from_secs(12);
/// The same of the launches.
const LONGEST_OF_LAUNCHES: Duration = Duration::from_secs(15);

/// What one pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Runs, repositories and jobs that were looked at.
    pub seen: usize,
    /// Runs that had to be written, or whose marker had to go.
    pub healed: usize,
    /// Events that never came: pushes that were found at their branch, and news of jobs.
    pub missed: usize,
    /// Jobs that no run believes.
    pub orphans: usize,
    /// Attempts that have outlived a deadline.
    pub overdue: usize,
    /// Documents that are damaged, or of a newer version.
    pub damaged: usize,
    /// What could not be looked at.
    pub failed: usize,
}

impl Pass {
    /// A look at something that is as it should be.
    pub(crate) fn fine() -> Self {
        Self { seen: 1, ..Self::default() }
    }

    /// A look that failed, and the one line about it.
    pub(crate) fn failed(fault: &Fault) -> Self {
        let reason = fault.chain();
        if let Fault::Unreadable { .. } = fault {
            tracing::error!(%reason, "a document cannot be used");
            return Self { damaged: 1, ..Self::fine() };
        }
        tracing::error!(%reason, "it could not be looked at");
        Self { failed: 1, ..Self::fine() }
    }

    /// The one line that sums the pass up; a pass that found all well says nothing.
    pub(crate) fn log(&self) {
        let Self { seen, healed, missed, orphans, overdue, damaged, failed } = *self;
        if (Self { seen: 0, ..*self }) != Self::default() {
            tracing::info!(seen, healed, missed, orphans, overdue, damaged, failed, "a pass");
        }
    }
}

impl AddAssign for Pass {
    fn add_assign(&mut self, more: Self) {
        self.seen += more.seen;
        self.healed += more.healed;
        self.missed += more.missed;
        self.orphans += more.orphans;
        self.overdue += more.overdue;
        self.damaged += more.damaged;
        self.failed += more.failed;
    }
}

impl std::iter::Sum for Pass {
    fn sum<I: Iterator<Item = Self>>(passes: I) -> Self {
        let mut all = Self::default();
        passes.for_each(|pass| all += pass);
        all
    }
}

/// The time that a pass has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    begun: Instant,
}

impl Budget {
    pub(crate) fn begin() -> Self {
        Self { begun: Instant::now() }
    }

    /// Whether there is time to begin with something more.
    pub(crate) fn is_left(self) -> bool {
        self.begun.elapsed() < LONGEST
    }

    /// Whether there is time to count one more batch of outcomes.
    pub(crate) fn is_left_for_outcomes(self) -> bool {
        self.begun.elapsed() < LONGEST_OF_OUTCOMES
    }

    /// Whether there is time to begin with one more launch.
    pub(crate) fn is_left_for_launches(self) -> bool {
        self.begun.elapsed() < LONGEST_OF_LAUNCHES
    }

    /// Whether there is time to begin with one more run.
    pub(crate) fn is_left_for_runs(self) -> bool {
        self.begun.elapsed() < LONGEST_OF_RUNS
    }
}
