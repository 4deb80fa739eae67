//! One thing of each kind, drawn.

use fastrand::Rng;
use signalbox_local::http::{Fault, What, When};

use super::{Decided, Deed, Deploy, Fate, PIPELINES, Policy, Push, Rollout};
use crate::simulated::calls::Blow;
use crate::simulated::jobs::{Conduct, WELL};
use crate::simulated::people::PEOPLE;

pub(super) fn push(rng: &mut Rng, pipelines: usize, before: u64) -> Push {
    let pipeline = PIPELINES[rng.usize(..pipelines)].to_owned();
    // Most come while the run before is under way.
    Push { pipeline, at_millis: before + rng.u64(0..=20_000) }
}

pub(super) fn policy(rng: &mut Rng) -> Policy {
    let rollout = match rng.u8(..4) {
        0 => Rollout::AtOnce,
        1 => Rollout::BlueGreen,
        _ => Rollout::Canary,
    };
    Policy { approvals: rng.u32(0..=2), rollout, validates: rng.bool() }
}

pub(super) fn decided(rng: &mut Rng, runs: usize, policy: Policy) -> Decided {
    let run = rng.usize(..runs);
    let usual = if rng.u8(..3) > 0 { Deed::Cancel } else { Deed::Retry };
    let deed = match rng.u8(..8) {
        _ if policy == Policy::default() => usual,
        0 | 1 => Deed::Approve(rng.usize(..PEOPLE.len())),
        2 => Deed::Reject(rng.usize(..PEOPLE.len())),
        3 => Deed::RollBack,
        4 => Deed::Hold,
        5 => Deed::Resume,
        _ => usual,
    };
    // A run takes about a quarter of a minute, and one that is over can be tried again; people and
    // launches take their time.
    let is_soon = deed == Deed::Cancel && policy.rollout == Rollout::AtOnce;
    let at_millis = rng.u64(0..=if is_soon { 60_000 } else { 300_000 });
    Decided { at_millis, run, deed }
}

/// A deploy in whose middle somebody cancels a run that is under way: that is a fact which code of
/// the version before does not know.
pub(super) fn deploy(rng: &mut Rng, pushes: &[Push]) -> (Deploy, Decided) {
    let run = rng.usize(..pushes.len());
    let begun = pushes.get(run).map_or(0, |push| push.at_millis);
    let at_millis = begun + rng.u64(2_000..=15_000);
    // A message that comes to old instances more than five times would be a dead letter.
    let from_millis = at_millis.saturating_sub(rng.u64(0..=20_000));
    let to_millis = at_millis + rng.u64(0..=60_000);
    (Deploy { from_millis, to_millis }, Decided { at_millis, run, deed: Deed::Cancel })
}

pub(super) fn blow(rng: &mut Rng) -> Blow {
    let when = if rng.bool() { When::Before } else { When::After };
    let what = match rng.u8(..11) {
        0 | 1 => return Blow::Dies(when),
        // Longer than a lease, so that it wakes after it.
        9 | 10 => return Blow::Sleeps(when, rng.u64(1_000..=120_000)),
        2 => What::Conflict,
        3 => What::Precondition,
        4 => What::Internal,
        5 => What::Throttled,
        6 => What::Silence,
        7 => What::Late(rng.u64(1_000..=70_000)),
        _ => What::Late(rng.u64(50..=4_000)),
    };
    // A 412 before the effect would be S3 refusing what it has to take.
    let when = if what == What::Precondition { When::After } else { when };
    Blow::Fault(Fault { when, what })
}

pub(super) fn fate(rng: &mut Rng) -> Fate {
    match rng.u8(..3) {
        0 => Fate::Lost,
        1 => Fate::Twice(rng.u64(0..=200_000)),
        _ => Fate::Late(rng.u64(0..=200_000)),
    }
}

pub(super) fn conduct(rng: &mut Rng) -> Conduct {
    match rng.u8(..6) {
        0 => Conduct { exit_code: 1, ..WELL },
        1 => Conduct { exit_code: 125, ..WELL },
        2 => Conduct { reports: false, ..WELL },
        3 => Conduct { vanishes: true, seconds: 60, ..WELL },
        4 => Conduct { is_reclaimed: true, ..WELL },
        _ => Conduct { seconds: 200, ..WELL },
    }
}
