//! Releases of an environment: rolled out, and fallen back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::history::{Noted, What};
use super::{Environment, Release};
use crate::definition::Job;
use crate::launch::Picked;
use crate::names::{LaunchId, RunId};
use crate::rollout::{Advance, Evidence, InFlight, Outcome, Plan, Ramp, Side};
use crate::settings::Settings;
use crate::shared::Shared;

/// Who changes what nobody decides.
pub(super) const SIGNALBOX: &str = "signalbox";

/// A release that is being rolled out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The release.
    pub release: Release,
    /// How far it has come.
    pub ramp: Ramp,
}

/// A release that fell back, or that a person took out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fallen {
    /// Its run.
    pub run: RunId,
    /// When.
    pub at: Timestamp,
    /// Why, in one sentence.
    pub reason: String,
    /// What becomes of its launches that still run.
    pub in_flight: InFlight,
}

/// What beginning a rollout comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Beginning {
    /// It is under way; the document goes on so.
    Begun(Box<Environment>),
    /// There was nothing to roll it out against: it is live at once.
    Live(Box<Environment>),
    /// It stands as it did: on its way, live, behind a newer one, or out.
    Known(Whereabouts),
}

/// How the release of a run stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// It is being rolled out.
    OnItsWay,
    /// It is live, or was until a newer one took its place.
    Live,
    /// A newer run's release is there instead.
    Behind(RunId),
    /// It is out, for this reason.
    Out(String),
    /// Nobody has put it in.
    Unknown,
}

/// What a look at a rollout has brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// Nothing but its counts.
    Counted,
    /// It came to its next step: the candidate's new weight.
    Stepped(u32),
    /// The candidate is live.
    Finished,
    /// The candidate fell back: the evidence, in one sentence.
    FellBack(String),
}

impl Environment {
    /// The side of `launch`, and the release that it runs.
    #[must_use]
    pub fn pick(&self, launch: &LaunchId) -> Option<(Side, &Release)> {
        match &self.candidate {
            Some(candidate) if candidate.ramp.pick(launch) == Side::Candidate => {
                Some((Side::Candidate, &candidate.release))
            }
            _ => self.current.as_ref().map(|release| (Side::Current, release)),
        }
    }

    /// All that a launch of `release` is begun with.
    #[must_use]
    pub fn picked(
        &self,
        side: Side,
        release: &Release,
        train: Shared<Job>,
        settings: Settings,
    ) -> Picked {
        let candidate = self.candidate.as_ref().filter(|_| side == Side::Candidate);
        let against = self.current.as_ref().filter(|_| candidate.is_some());
        Picked {
            side,
            release: release.clone(),
            train,
            settings,
            require: candidate.map(|it| it.ramp.plan.fallback.require.clone()).unwrap_or_default(),
            against: against.map(Release::live),
        }
    }

    /// How the release of `run` stands.
    #[must_use]
    pub fn whereabouts(&self, run: &RunId) -> Whereabouts {
        if self.candidate.as_ref().is_some_and(|it| it.release.run == *run) {
            return Whereabouts::OnItsWay;
        }
        if let Some(fallen) = self.fallen.as_ref().filter(|fallen| fallen.run == *run) {
            return Whereabouts::Out(fallen.reason.clone());
        }
        match &self.current {
            Some(current) if current.run == *run => Whereabouts::Live,
            Some(current) if current.run > *run => Whereabouts::Behind(current.run.clone()),
            _ => Whereabouts::Unknown,
        }
    }

    /// Begins to roll `release` out. Where nothing is live there is nothing to compare it with, and
    /// no other side: it goes live at once.
    #[must_use]
    pub fn begin_rollout(
        &self,
        release: &Release,
        plan: &Plan,
        write_id: &str,
        now: Timestamp,
    ) -> Beginning {
        match self.whereabouts(&release.run) {
            Whereabouts::Unknown => {}
            known => return Beginning::Known(known),
        }
        if let Some(hold) = self.keeps_out(&release.run) {
            return Beginning::Known(Whereabouts::Out(hold.to_string()));
        }
        if self.has_left(&release.run) {
            let left = "the run has left the environment".to_owned();
            return Beginning::Known(Whereabouts::Out(left));
        }
        let mut next = self.rewritten(write_id);
        next.lift_passed(&release.run, now);
        let Some(current) = &self.current else {
            next.go_live(release.clone(), None, now);
            return Beginning::Live(Box::new(next));
        };
        let ramp = Ramp::begin(plan.clone(), release.run.clone(), current.run.clone(), now);
        let why = format!("{} of 100 launches", ramp.weight());
        next.give_up_candidate("a newer release took its place", now);
        next.candidate = Some(Box::new(Candidate { release: release.clone(), ramp }));
        next.note(
            Noted {
                by: SIGNALBOX,
                what: What::Began,
                run: Some(&release.run),
                why: Some(&why),
                live: None,
            },
            now,
        );
        Beginning::Begun(Box::new(next))
    }

    /// Counts what was `listed` after this document was read, and goes on as far as the rollout
    /// leads. `of_worst` says what a launch came to, for the words of a fallback. Nothing, where
    /// nothing changes.
    #[must_use]
    pub fn look_at_rollout(
        &self,
        listed: &[Outcome],
        are_there_more: bool,
        of_worst: impl Fn(&LaunchId) -> Option<String>,
        write_id: &str,
        now: Timestamp,
    ) -> Option<(Self, Moved)> {
        let Candidate { release, ramp } = self.candidate.as_deref()?;
        let mut counted = ramp.clone();
        counted.fold(listed, are_there_more);
        let mut next = self.rewritten(write_id);
        let run = &release.run;
        let moved = match counted.advance(now) {
            Advance::Waits(_) if counted == *ramp => return None,
            Advance::Waits(_) => {
                next.candidate =
                    Some(Box::new(Candidate { release: release.clone(), ramp: counted }));
                Moved::Counted
            }
            Advance::Steps(stepped) => {
                let weight = stepped.weight();
                let why = format!("{weight} of 100 launches; so far {}", stepped.on_candidate);
                next.candidate =
                    Some(Box::new(Candidate { release: release.clone(), ramp: *stepped }));
                let (what, run) = (What::Stepped, Some(run));
                next.note(Noted { by: SIGNALBOX, what, run, why: Some(&why), live: None }, now);
                Moved::Stepped(weight)
            }
            Advance::Finished => {
                // The place of its run goes to the next with the same put.
                next = self.without(run, write_id).unwrap_or(next);
                next.schema = super::SCHEMA;
                next.candidate = None;
                let why = format!("rolled out: {}", counted.on_candidate);
                next.go_live(release.clone(), Some(&why), now);
                Moved::Finished
            }
            Advance::FallsBack(Evidence { reason, launch }) => {
                let told = launch.as_ref().and_then(|launch| Some((launch, of_worst(launch)?)));
                let reason = match told {
                    Some((launch, told)) => format!("{reason}; launch {launch}: {told}"),
                    None => reason,
                };
                next.fall_back(&reason, now);
                Moved::FellBack(reason)
            }
        };
        Some((next, moved))
    }

    /// The candidate's weight is 0 from here on, and releases are held until a newer commit arrives
    /// or a person lifts it. What was live stays so: it is the last release that was verified.
    fn fall_back(&mut self, reason: &str, now: Timestamp) {
        let Some(candidate) = self.candidate.take() else { return };
        let Candidate { release, ramp } = *candidate;
        let in_flight = ramp.plan.fallback.in_flight;
        let run = release.run;
        let live = self.current.clone();
        let (what, why) = (What::FellBack, Some(reason));
        let noted = Noted { by: SIGNALBOX, what, run: Some(&run), why, live: live.as_ref() };
        self.note(noted, now);
        let fallen = Fallen { run: run.clone(), at: now, reason: reason.to_owned(), in_flight };
        self.fallen = Some(fallen);
        self.set_hold(SIGNALBOX, &format!("{run} fell back: {reason}"), Some(run), now);
    }

    /// The rollout of `run` is given up where it is under way: the run does not wait for it any more.
    pub(super) fn withdraw(&mut self, run: &RunId, now: Timestamp) {
        if self.candidate.as_ref().is_some_and(|candidate| candidate.release.run == *run) {
            self.schema = super::SCHEMA;
            self.give_up_candidate("its run was ended", now);
        }
    }

    pub(super) fn give_up_candidate(&mut self, why: &str, now: Timestamp) {
        let Some(candidate) = self.candidate.take() else { return };
        let Candidate { release, ramp } = *candidate;
        let (what, run) = (What::Withdrawn, Some(&release.run));
        self.note(Noted { by: SIGNALBOX, what, run, why: Some(why), live: None }, now);
        let in_flight = ramp.plan.fallback.in_flight;
        let reason = why.to_owned();
        self.fallen = Some(Fallen { run: release.run, at: now, reason, in_flight });
    }

    /// `release` is live from here on.
    pub(super) fn go_live(&mut self, release: Release, why: Option<&str>, now: Timestamp) {
        let (what, run) = (What::Released, Some(&release.run));
        self.note(Noted { by: SIGNALBOX, what, run, why, live: Some(&release) }, now);
        self.previous = self.current.replace(release).map(Box::new);
    }

    /// The document as the write `write_id` leaves it, with what only this version knows.
    pub(super) fn rewritten(&self, write_id: &str) -> Self {
        Self { schema: super::SCHEMA, ..self.next(write_id) }
    }
}
