//! A plan that is being carried out.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Bound;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Ended, Outcome, Plan, Side, Step};
use crate::names::{LaunchId, RunId};

/// A rollout as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ramp {
    /// What its environment's settings said when it began.
    pub plan: Plan,
    /// The run whose release is rolled out.
    pub candidate: RunId,
    /// The run whose release is live.
    pub current: RunId,
    /// Which step it is at, counted from 0.
    pub step: u32,
    /// When it came there.
    pub since: Timestamp,
    /// How launches of the candidate have ended.
    pub on_candidate: Tally,
    /// How launches of the live release have ended meanwhile.
    pub on_current: Tally,
    /// How many launches of the candidate had ended well when the step began.
    pub well_before: u64,
    /// The launch that told most against the candidate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<LaunchId>,
    /// What the last fold found, and has counted: until the objects are gone they are found again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub folded: BTreeSet<LaunchId>,
}

/// How launches have ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Well.
    pub succeeded: u64,
    /// By the user's failure.
    pub failed: u64,
    /// Well, but with numbers that break a condition.
    pub broke: u64,
    /// By the platform or a person; they count for nobody.
    pub errored: u64,
}

/// What follows from a rollout as it stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Advance {
    /// Nothing yet.
    Waits(Wait),
    /// It goes on with the next step.
    Steps(Box<Ramp>),
    /// The candidate has passed all of its steps: it is the live release now.
    Finished,
    /// The candidate is worse than it may be.
    FallsBack(Evidence),
}

/// What a rollout waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Until when the step bakes, where that is ahead.
    pub bakes_until: Option<Timestamp>,
    /// How many more launches of the candidate have to end well.
    pub launches: u64,
}

/// What makes a candidate fall back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// In one sentence.
    pub reason: String,
    /// The launch that told most against it.
    pub launch: Option<LaunchId>,
}

impl Tally {
    /// How many launches say something about the release.
    #[must_use]
    pub fn counted(&self) -> u64 {
        self.succeeded.saturating_add(self.failed).saturating_add(self.broke)
    }

    pub(super) fn add(&mut self, ended: Ended) {
        let count = match ended {
            Ended::Succeeded => &mut self.succeeded,
            Ended::Failed => &mut self.failed,
            Ended::Broke => &mut self.broke,
            Ended::Errored => &mut self.errored,
        };
        *count = count.saturating_add(1);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { succeeded, failed, broke, errored } = self;
        write!(f, "{succeeded} succeeded, {failed} failed, {broke} broke a condition, ")?;
        write!(f, "{errored} errored (not counted)")
    }
}

impl Ramp {
    /// Begins to carry the release of `candidate` to where that of `current` is live.
    #[must_use]
    pub fn begin(plan: Plan, candidate: RunId, current: RunId, now: Timestamp) -> Self {
        Self {
            plan,
            candidate,
            current,
            step: 0,
            since: now,
            on_candidate: Tally::default(),
            on_current: Tally::default(),
            well_before: 0,
            worst: None,
            folded: BTreeSet::new(),
        }
    }

    /// The step that it is at; nothing where the plan has no such step.
    #[must_use]
    pub fn at(&self) -> Option<&Step> {
        self.plan.steps.get(self.step as usize)
    }

    /// How many of 100 launches the candidate gets now.
    #[must_use]
    pub fn weight(&self) -> u32 {
        self.at().map_or(0, |step| step.weight)
    }

    /// The side that `launch` is on.
    #[must_use]
    pub fn pick(&self, launch: &LaunchId) -> Side {
        Side::of(launch, self.weight())
    }

    /// Counts `listed`: the outcomes of its environment that were found after this ramp was read, in
    /// the order of their launches; the first of them where there are more.
    ///
    /// What is counted is remembered for as long as it may be found again. Whoever lists outcomes
    /// that are removed by now has read an older ramp and cannot write, so no more is needed: each
    /// counts once, and little more is remembered than one listing holds.
    pub fn fold(&mut self, listed: &[Outcome], are_there_more: bool) {
        let mut folded = BTreeSet::new();
        for outcome in listed {
            let is_new = folded.insert(outcome.launch.clone());
            if is_new && !self.folded.contains(&outcome.launch) {
                self.count(outcome);
            }
        }
        if are_there_more && let Some(last) = listed.last() {
            let behind = self.folded.range((Bound::Excluded(&last.launch), Bound::Unbounded));
            folded.extend(behind.cloned());
        }
        self.folded = folded;
    }

    fn count(&mut self, outcome: &Outcome) {
        if outcome.release == self.candidate {
            let Tally { failed, broke, .. } = self.on_candidate;
            let worse = match outcome.ended {
                Ended::Broke => broke == 0,
                Ended::Failed => failed == 0 && broke == 0,
                Ended::Succeeded | Ended::Errored => false,
            };
            if worse {
                self.worst = Some(outcome.launch.clone());
            }
            self.on_candidate.add(outcome.ended);
        } else if outcome.release == self.current {
            self.on_current.add(outcome.ended);
        }
    }

    /// What follows at `now`. A clock that goes backwards only makes it wait.
    #[must_use]
    pub fn advance(&self, now: Timestamp) -> Advance {
        // A plan without the step that it is at is carried out.
        let Some(step) = self.at() else { return Advance::Finished };
        if let Some(reason) = self.broken(step) {
            return Advance::FallsBack(Evidence { reason, launch: self.worst.clone() });
        }
        let bake = i64::try_from(step.bake_seconds).unwrap_or(i64::MAX);
        let bakes_until = self.since.saturating_add(SignedDuration::from_secs(bake));
        let bakes_until = bakes_until.ok().filter(|until| now < *until);
        let well = self.on_candidate.succeeded.saturating_sub(self.well_before);
        let launches = u64::from(step.launches).saturating_sub(well);
        if bakes_until.is_some() || launches > 0 {
            return Advance::Waits(Wait { bakes_until, launches });
        }
        let next = Self {
            step: self.step.saturating_add(1),
            since: now,
            well_before: self.on_candidate.succeeded,
            ..self.clone()
        };
        if next.at().is_some() { Advance::Steps(Box::new(next)) } else { Advance::Finished }
    }

    /// Why the candidate may not go on.
    ///
    /// Failures are held against as many launches as the step asks for, where fewer have ended: one
    /// of three is a third, whether it ends first or last.
    fn broken(&self, step: &Step) -> Option<String> {
        let Tally { failed, broke, .. } = self.on_candidate;
        if broke > 0 {
            let (launch, breaks) =
                if broke == 1 { ("launch", "breaks") } else { ("launches", "break") };
            return Some(format!(
                "{broke} {launch} on it {breaks} a condition of `fallback.require`"
            ));
        }
        let of = self.on_candidate.counted().max(u64::from(step.launches));
        let most = self.plan.fallback.failure_rate;
        most.is_exceeded(failed, of)
            .then(|| format!("{failed} of {of} launches on it failed, and {most} may"))
    }
}
