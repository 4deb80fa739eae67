//! From stamps and counts to figures.

use std::collections::BTreeMap;

use serde::Serialize;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::state::{Stage, StageWork};

use super::stamps::Span;

/// The gaps of one kind, in milliseconds.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Gaps {
    pub(super) transitions: usize,
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// The gaps between consecutive jobs of these runs, by what they lie between.
pub(super) fn gaps(runs: &[Run], spans: &BTreeMap<String, Span>) -> BTreeMap<String, Vec<f64>> {
    let mut gaps: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for run in runs {
        let jobs: Vec<(&Stage, Span)> = run
            .state
            .attempts()
            .filter_map(|(_, stage, attempt)| {
                let placement = attempt.placement.as_ref()?;
                Some((stage, *spans.get(placement.job_id.as_str())?))
            })
            .collect();
        for pair in jobs.windows(2) {
            let [(before, ended), (after, began)] = pair else { continue };
            let kind = format!("{}-{}", kind(before), kind(after));
            gaps.entry(kind).or_default().push(milliseconds(began.began - ended.ended));
        }
    }
    gaps
}

fn kind(stage: &Stage) -> &'static str {
    match stage.work {
        StageWork::Checkout => "checkout",
        StageWork::Checks => "checks",
        StageWork::Build => "build",
        StageWork::Validate { .. } => "validate",
        StageWork::Approve { .. } => "approve",
        StageWork::Verify { .. } => "verify",
        StageWork::Release { .. } => "release",
    }
}

/// The middle and the end of some gaps; nothing where there are none.
pub(super) fn summary(mut gaps: Vec<f64>) -> Option<Gaps> {
    gaps.sort_by(f64::total_cmp);
    let last = gaps.len().checked_sub(1)?;
    let at = |percent: usize| gaps.get((last * percent).div_ceil(100)).copied();
    Some(Gaps { transitions: gaps.len(), p50: rounded(at(50)?), p99: rounded(at(99)?) })
}

/// To thousandths.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "a gap of years is no gap")]
fn milliseconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_end_are_values_that_were_measured() {
        let gaps = summary((1..=100).rev().map(f64::from).collect()).unwrap();
        assert_eq!(gaps, Gaps { transitions: 100, p50: 51.0, p99: 100.0 });
        assert_eq!(summary(vec![2.5]).unwrap(), Gaps { transitions: 1, p50: 2.5, p99: 2.5 });
        assert_eq!(summary(Vec::new()), None);
    }
}
