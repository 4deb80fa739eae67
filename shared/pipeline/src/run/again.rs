//! When and where a job is tried again that the platform has ended.

use jiff::{SignedDuration, Timestamp};

use super::budget::{Kind, kind};
use super::fact::Cause;
use super::state::Attempt;
use crate::digest::sha256;
use crate::names::JobName;

/// The wait after the first trouble, in seconds; each further one doubles it.
const SHORTEST: i64 = 10;
/// No wait is longer, in seconds.
const LONGEST: i64 = 600;

/// When the job `name`, which follows `before`, may be submitted at the earliest; at once, where
/// absent. Only the platform's trouble makes it wait: the job's own failure is no reason to.
///
/// The wait is shortened by up to its half, by a share that follows from the job's name: what was
/// ended all at once does not come back all at once.
pub(crate) fn not_before(name: &JobName, before: &[Attempt], now: Timestamp) -> Option<Timestamp> {
    is_platforms(before.last()?).then_some(())?;
    let troubles = before.iter().filter(|attempt| is_platforms(attempt)).count();
    let doublings = u32::try_from(troubles.saturating_sub(1)).unwrap_or(u32::MAX);
    let longest = SHORTEST.checked_shl(doublings.min(16)).unwrap_or(LONGEST).min(LONGEST);
    let share = sha256(name.as_str().as_bytes());
    let share = i64::from_str_radix(&share.as_str()[..4], 16).unwrap_or_default();
    let wait = SignedDuration::from_millis(longest * 1_000 - longest * 500 * share / 0x1_0000);
    now.saturating_add(wait).ok()
}

/// Whether one of `before` has lost its machine or got none, as happens where capacity is lent: where
/// settings name a queue on demand, the next attempt goes there.
pub(crate) fn was_short_of_machines(before: &[Attempt]) -> bool {
    let causes = before.iter().filter_map(|attempt| attempt.ending.as_ref()?.cause);
    causes.into_iter().any(|cause| matches!(cause, Cause::Reclaimed | Cause::NoCapacity))
}

fn is_platforms(attempt: &Attempt) -> bool {
    matches!(kind(attempt), Some(Kind::Spot | Kind::Platform))
}
