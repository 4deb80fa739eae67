//! What is known of a job's attempts.

use jiff::Timestamp;
use signalbox_pipeline::report::{Report, Tests};
use signalbox_pipeline::run::fact::{Evidence, Found};
use signalbox_pipeline::run::state::{Attempt, Stage};

use super::time::between;

/// What the attempt reported, where it was read.
pub(crate) fn found(attempt: &Attempt) -> Option<&Found> {
    match attempt.evidence.as_ref()? {
        Evidence::Read(found) => Some(found),
        Evidence::Missing { .. } => None,
    }
}

/// What the attempt reported, where it was read.
pub(crate) fn report(attempt: &Attempt) -> Option<&Report> {
    found(attempt).map(|found| &found.report)
}

/// How long the attempt took, or has taken at `now`.
pub(crate) fn seconds(attempt: &Attempt, now: Timestamp) -> Option<f64> {
    if let Some(report) = report(attempt) {
        return Some(report.seconds);
    }
    let ending = attempt.ending.as_ref();
    let start = attempt.started_at.or_else(|| ending?.started_at)?;
    match ending {
        Some(ending) => Some(between(start, ending.stopped_at?)),
        None => Some(between(start, now)),
    }
}

/// How long the stage took, or has taken at `now`.
pub(crate) fn stage_seconds(stage: &Stage, now: Timestamp) -> Option<f64> {
    Some(between(stage.started_at?, stage.ended_at.unwrap_or(now)))
}

/// Counted tests in a few words: `12 passed`, `11 of 12 passed, 1 skipped`.
pub(crate) fn tests(tests: &Tests) -> String {
    let Tests { total, passed, skipped, .. } = *tests;
    let mut text = if passed + skipped == total {
        format!("{passed} passed")
    } else {
        format!("{passed} of {total} passed")
    };
    if skipped > 0 {
        text.push_str(&format!(", {skipped} skipped"));
    }
    text
}
