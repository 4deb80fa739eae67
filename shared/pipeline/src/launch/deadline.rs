//! How long an attempt of a launch may be in a state that only others can end.

use jiff::{SignedDuration, Timestamp};

use super::{Launch, submission};
use crate::attempt::AttemptId;
use crate::deadline::{ANSWER, OVERTIME, PLACE, SUBMISSION};
use crate::phase::Phase;

impl Launch {
    /// The attempt that has outlived a deadline at `now`, and which, in one sentence.
    #[must_use]
    pub fn overdue(&self, now: Timestamp) -> Option<(AttemptId, String)> {
        let attempt = self.attempts.last().filter(|last| !last.phase.is_terminal())?;
        let granted = i64::try_from(submission::timeout_seconds(self)).unwrap_or(i64::MAX);
        let running = SignedDuration::from_secs(granted).saturating_add(OVERTIME);
        let (since, limit, what) = if let Some(ending) = &attempt.ending {
            (ending.stopped_at, ANSWER, "its result could not be read")
        } else if attempt.phase == Phase::Running {
            (attempt.started_at, running, "its job ran")
        } else if attempt.placement.is_some() {
            (None, PLACE, "AWS Batch gave its job no place")
        } else {
            let since = self.pending.iter().map(|pending| pending.since).max();
            (since, SUBMISSION, "AWS Batch did not take its submission")
        };
        let late = now.duration_since(since.unwrap_or(self.heard_at)) > limit;
        let why = attempt.waiting.as_ref().map(|wait| format!(": {}", wait.reason));
        late.then(|| {
            let (id, minutes) = (Self::attempt_id(attempt.number), limit.as_mins());
            (id, format!("{what} for more than {minutes} minutes{}", why.unwrap_or_default()))
        })
    }
}
