//! The launch document: one production training job, on the release that was picked for it.
//!
//! A launch is small: a request, a pick that never changes, and the attempts of one job. What is
//! told about an attempt is what is told about a run's, by the same facts; a launch keeps no
//! register of them, since nothing is decided by people in it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attempt::AttemptId;
use crate::definition::Job;
use crate::effect::{Effect, EffectId, Lease, Pending};
use crate::environment::Release;
use crate::gate::Condition;
use crate::names::{EnvironmentName, EventId, JobId, JobKey, LaunchId, PipelineName, StageName};
use crate::phase::Phase;
use crate::platform::Platform;
use crate::rollout::{Ended, Outcome, Side};
use crate::run::fact::LiveRelease;
use crate::run::fact::Placement;
use crate::run::state::Attempt;
use crate::settings::Settings;
use crate::shared::Shared;

mod deadline;
mod fold;
mod pending;
mod submission;

/// The newest version of the document that this code writes. A launch bears the first one that can
/// hold it: older code would run one without its secrets, under another role.
pub const SCHEMA: u32 = 2;

/// A launch document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Launch {
    /// The version of the document.
    pub schema: u32,
    /// Counts the writes, from 1.
    pub revision: u64,
    /// Names the write.
    pub write_id: String,
    /// Its id.
    pub id: LaunchId,
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The environment.
    pub environment: EnvironmentName,
    /// Who wanted it, and why.
    pub requested: Requested,
    /// What it runs: fixed when it begins, for all of its attempts.
    pub picked: Shared<Picked>,
    /// How far it has come.
    pub phase: Phase,
    /// Why it ended otherwise than well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Which condition of `fallback.require` its numbers break.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaks: Option<String>,
    /// Its submissions, the last one being the one that counts.
    pub attempts: Vec<Attempt>,
    /// What was decided and is not known to be done.
    pub pending: Vec<Pending>,
    /// When it began.
    pub began_at: Timestamp,
    /// When anything was told about it last.
    pub heard_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// A request for a launch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// Its id: the same request makes one launch, however often it comes.
    pub event: EventId,
    /// When it was made.
    pub at: Timestamp,
    /// Who sent it, as the queue attests.
    pub by: String,
    /// Why, in the words of whoever asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a launch runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picked {
    /// The side that it is on.
    pub side: Side,
    /// The release.
    pub release: Release,
    /// What its definition says of `train`.
    pub train: Shared<Job>,
    /// The settings that the release was verified under.
    pub settings: Settings,
    /// What must hold of a launch of the candidate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<Condition>,
    /// The live release that a candidate is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<LiveRelease>,
}

impl Launch {
    /// Begins a launch.
    #[must_use]
    pub fn begin(
        id: LaunchId,
        pipeline: PipelineName,
        environment: EnvironmentName,
        requested: Requested,
        picked: Picked,
        platform: &Platform,
        now: Timestamp,
    ) -> Self {
        let is_plain = picked.settings.schema <= 3;
        let mut launch = Self {
            schema: if is_plain { 1 } else { SCHEMA },
            revision: 0,
            write_id: String::new(),
            id,
            pipeline,
            environment,
            requested,
            picked: Shared::new(picked),
            phase: Phase::Running,
            reason: None,
            breaks: None,
            attempts: vec![Attempt::new(1)],
            pending: Vec::new(),
            began_at: now,
            heard_at: now,
            ended_at: None,
        };
        launch.pending = pending::of(&launch, platform, now);
        launch
    }

    /// Makes the launch ready to be written: the next revision under `write_id`, every effect that
    /// is in nobody's hands leased to the writer. Returns what the writer has to perform once it has
    /// won, and which of that somebody else may have performed before.
    pub fn seal(&mut self, write_id: &str, now: Timestamp, lease: SignedDuration) -> Taken {
        self.revision = self.revision.saturating_add(1);
        write_id.clone_into(&mut self.write_id);
        let until = now.saturating_add(lease).unwrap_or(Timestamp::MAX);
        let mut taken = Taken::default();
        for pending in self.pending.iter_mut().filter(|pending| pending.is_free(now)) {
            if pending.lease.is_some() && matches!(pending.effect, Effect::Submit(_)) {
                taken.in_doubt.push(pending.id.clone());
            }
            pending.lease = Some(Lease { owner: write_id.to_owned(), until });
            taken.mine.push(pending.id.clone());
        }
        taken
    }

    /// Whether some pending effect is in nobody's hands.
    #[must_use]
    pub fn has_work(&self, now: Timestamp) -> bool {
        self.pending.iter().any(|pending| pending.is_free(now))
    }

    /// Whether it is over and nothing of it is open.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.phase.is_terminal() && self.pending.is_empty()
    }

    /// The attempt with this number, by its full name.
    #[must_use]
    pub fn attempt_id(number: u32) -> AttemptId {
        AttemptId { stage: StageName::launch(), job: JobKey::train(), number }
    }

    /// The attempts before the one with this number.
    fn before(&self, number: u32) -> &[Attempt] {
        let own = self.attempts.iter().position(|attempt| attempt.number == number);
        &self.attempts[..own.unwrap_or(self.attempts.len())]
    }

    /// The believed jobs whose end was not seen yet.
    pub fn awaited(&self) -> impl Iterator<Item = (AttemptId, &Placement)> {
        self.attempts
            .iter()
            .filter_map(|attempt| Some((Self::attempt_id(attempt.number), attempt.awaited()?)))
    }

    /// All jobs that it knows about, believed or not.
    pub fn jobs(&self) -> impl Iterator<Item = &JobId> {
        self.attempts.iter().flat_map(|attempt| {
            let believed = attempt.placement.iter().map(|placement| &placement.job_id);
            believed.chain(attempt.surplus.iter().map(|surplus| &surplus.job_id))
        })
    }

    /// What a rollout is to know of it, once nothing of it is open.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        let ended = match self.phase {
            _ if !self.is_settled() => return None,
            Phase::Succeeded if self.breaks.is_some() => Ended::Broke,
            Phase::Succeeded => Ended::Succeeded,
            Phase::Failed => Ended::Failed,
            _ => Ended::Errored,
        };
        Some(Outcome {
            environment: self.environment.clone(),
            pipeline: self.pipeline.clone(),
            launch: self.id.clone(),
            release: self.picked.release.run.clone(),
            ended,
        })
    }
}

/// The effects that a write took in hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// All of them.
    pub mine: Vec<EffectId>,
    /// Submissions that somebody else may have made.
    pub in_doubt: Vec<EffectId>,
}

#[cfg(test)]
mod tests;
