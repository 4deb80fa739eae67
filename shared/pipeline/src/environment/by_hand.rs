//! What people decide about the releases of an environment.

use std::fmt;

use jiff::Timestamp;

use super::history::{Noted, What};
use super::rollout::Fallen;
use super::{Environment, Release};
use crate::names::RunId;

/// What a decision about an environment is made for: one that comes late, or again, must not hit
/// what was released or held since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// How many holds there were.
    pub holds: u64,
    /// The run whose release is live.
    pub current: Option<RunId>,
    /// The run whose release is being rolled out.
    pub candidate: Option<RunId>,
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name =
            |run: &Option<RunId>| run.as_ref().map_or("nothing".to_owned(), RunId::to_string);
        let (current, candidate) = (name(&self.current), name(&self.candidate));
        write!(f, "{current} live, {candidate} rolled out, {} holds", self.holds)
    }
}

/// Why a person's decision changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It was made for another state of the environment.
    #[error("the environment has changed since this was decided: it was {decided}, and is {found}")]
    Changed {
        /// What it was made for.
        decided: Generation,
        /// What there is.
        found: Generation,
    },
    /// There is nothing to go back to.
    #[error("no release was live before the one that is: name one with --to")]
    NothingBefore,
    /// It is live already.
    #[error("the release of {0} is live already")]
    Live(RunId),
    /// Another hold, or none.
    #[error("hold {decided} is not the one that stands: {found}")]
    OtherHold {
        /// The hold that was meant.
        decided: u64,
        /// The one that there is.
        found: String,
    },
}

impl Environment {
    /// What a decision that is made now is made for.
    #[must_use]
    pub fn generation(&self) -> Generation {
        Generation {
            holds: self.holds,
            current: self.current.as_ref().map(|it| it.run.clone()),
            candidate: self.candidate.as_ref().map(|it| it.release.run.clone()),
        }
    }

    fn still_is(&self, decided: &Generation) -> Result<(), Refused> {
        let found = self.generation();
        let is_same = found == *decided;
        let changed = || Refused::Changed { decided: decided.clone(), found };
        if is_same { Ok(()) } else { Err(changed()) }
    }

    /// Takes the candidate out, or brings back the release that was live before; `to` is another
    /// one. Releases are held from here on.
    ///
    /// # Errors
    /// When it was decided for another state of the environment, or there is nothing to go back to.
    pub fn roll_back(
        &self,
        decided: &Generation,
        to: Option<&Release>,
        by: &str,
        why: &str,
        write_id: &str,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        self.still_is(decided)?;
        let mut next = self.rewritten(write_id);
        let out = match (&self.candidate, &self.current) {
            (Some(candidate), _) => Some(&candidate.release.run),
            (None, current) => current.as_ref().map(|current| &current.run),
        };
        let back = match (to, &self.candidate) {
            (Some(to), _) => Some(to.clone()),
            // What is live stays so.
            (None, Some(_)) => None,
            (None, None) => Some(*self.previous.clone().ok_or(Refused::NothingBefore)?),
        };
        if let (Some(back), None, Some(current)) = (&back, &self.candidate, &self.current)
            && back.run == current.run
        {
            return Err(Refused::Live(back.run.clone()));
        }
        next.give_up_candidate(why, now);
        if let Some(back) = back {
            // What is rolled back from is not what one goes back to next.
            next.previous = None;
            next.current = Some(back);
        }
        let live = next.current.clone();
        let noted =
            Noted { by, what: What::RolledBack, run: out, why: Some(why), live: live.as_ref() };
        next.note(noted, now);
        if let Some(out) = out {
            let in_flight = next.fallen.as_ref().map(|fallen| fallen.in_flight).unwrap_or_default();
            let (run, reason) = (out.clone(), format!("{by} rolled back: {why}"));
            next.fallen = Some(Fallen { run, at: now, reason, in_flight });
        }
        next.set_hold(by, why, out.cloned(), now);
        Ok(next)
    }

    /// Keeps every release out until a person lifts it.
    ///
    /// # Errors
    /// When it was decided for another state of the environment.
    pub fn hold(
        &self,
        decided: &Generation,
        by: &str,
        why: &str,
        write_id: &str,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        self.still_is(decided)?;
        let mut next = self.rewritten(write_id);
        next.set_hold(by, why, None, now);
        Ok(next)
    }

    /// Lifts the hold with this number.
    ///
    /// # Errors
    /// When another one stands, or none.
    pub fn resume(
        &self,
        number: u64,
        by: &str,
        why: Option<&str>,
        write_id: &str,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        if self.hold.as_ref().is_none_or(|hold| hold.number != number) {
            let none = || "there is none".to_owned();
            let found = self.hold.as_ref().map_or_else(none, |it| format!("{} is", it.number));
            return Err(Refused::OtherHold { decided: number, found });
        }
        let mut next = self.rewritten(write_id);
        next.hold = None;
        next.note(Noted { by, what: What::Resumed, run: None, why, live: None }, now);
        Ok(next)
    }
}
