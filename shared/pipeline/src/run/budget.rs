//! How often a job is tried again, by what went wrong.

use super::fact::Cause;
use super::state::{Attempt, Job, Stage, State};
use crate::phase::Phase;
use crate::settings::Retries;

/// What is granted to one job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// After its own failure, as the definition says.
    own: u32,
    /// After the platform's, as the environment says.
    platforms: Retries,
}

impl Budget {
    /// What is granted to `job` of `stage`.
    pub(super) fn of(state: &State, stage: &Stage, job: &Job) -> Self {
        let specification = state.specification(&stage.work, &job.name);
        let settings = state.entered(stage).and_then(|entered| entered.settings.as_ref());
        Self {
            own: specification.map_or(0, |specification| specification.retries),
            platforms: settings.and_then(|it| it.compute.retries).unwrap_or_default(),
        }
    }

    /// So often after the job's own failure, and so often after the platform's.
    pub(crate) fn granted(own: u32, platforms: Retries) -> Self {
        Self { own, platforms }
    }

    /// Whether another attempt is granted after `last`, the last of `attempts`. Each kind of trouble
    /// has a budget of its own: a machine that is taken away uses up nobody's retries.
    pub(crate) fn is_left(self, attempts: &[Attempt], last: &Attempt) -> bool {
        let kind = kind(last);
        let granted = match kind {
            Some(Kind::Own) => self.own,
            Some(Kind::Spot) => self.platforms.spot,
            Some(Kind::Platform) => self.platforms.platform,
            None => return false,
        };
        let spent = attempts.iter().filter(|attempt| self::kind(attempt) == kind).count();
        spent <= granted as usize
    }
}

/// What went wrong with an attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its own work failed.
    Own,
    /// Its machine was taken away.
    Spot,
    /// Anything else that the platform has ended.
    Platform,
}

pub(super) fn kind(attempt: &Attempt) -> Option<Kind> {
    match (attempt.phase, &attempt.ending) {
        (Phase::Failed, _) => Some(Kind::Own),
        (Phase::Errored, Some(ending)) if ending.cause == Some(Cause::Reclaimed) => {
            Some(Kind::Spot)
        }
        // Only what Batch itself ended: a refused submission would be refused again, and what has
        // outlived its deadline may still run.
        (Phase::Errored, Some(_)) => Some(Kind::Platform),
        _ => None,
    }
}
