//! What must be done: decided by the core, performed by the one whose write won.
//!
//! The pending effects of a run follow from its state: whatever the state needs and nobody has
//! acknowledged is pending. So no effect is lost, and none is acknowledged by hand.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attempt::AttemptId;
use crate::environment::Release;
use crate::names::{EnvironmentName, JobId};
use crate::phase::Phase;
use crate::platform::Platform;
use crate::run::state::StageWork;
use crate::run::{Fact, Rejection, Run};

mod submission;

pub use submission::{JobDefinition, Submission};

/// The deterministic id of an effect inside its run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EffectId(String);

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An effect that is not known to be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// Its id.
    pub id: EffectId,
    /// What is to be done, with everything that it needs frozen in.
    pub effect: Effect,
    /// When it was decided.
    pub since: Timestamp,
    /// In whose hands it is.
    pub lease: Option<Lease>,
}

impl Pending {
    /// Whether nobody has it in hand at `now`.
    #[must_use]
    pub fn is_free(&self, now: Timestamp) -> bool {
        self.lease.as_ref().is_none_or(|lease| lease.until <= now)
    }
}

/// The right to perform an effect, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The write that took it.
    pub owner: String,
    /// Until when.
    pub until: Timestamp,
}

/// Something to be done outside of the document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// Submit an attempt to Batch. Acknowledged by its first event.
    Submit(Box<Submission>),
    /// End a job that is not believed. Acknowledged by the next put.
    Terminate(Termination),
    /// Record the verified release in its environment. Acknowledged by the next put.
    Release(Box<Releasing>),
}

/// A job that has to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Termination {
    /// The attempt that it is a surplus of.
    pub attempt: AttemptId,
    /// The job.
    pub job_id: JobId,
    /// What Batch shows as the reason.
    pub reason: String,
}

/// A release on its way into an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Releasing {
    /// The environment.
    pub environment: EnvironmentName,
    /// The release.
    pub release: Release,
}

/// The pending effects that follow from the state of `run`. Those that were pending already keep
/// what was frozen into them, and their lease.
pub(crate) fn pending(run: &Run, platform: &Platform, now: Timestamp) -> Vec<Pending> {
    let mut needed = Vec::new();
    for (id, stage, attempt) in run.state.attempts() {
        for surplus in attempt.surplus.iter().filter(|surplus| !surplus.over) {
            let job_id = surplus.job_id.clone();
            let reason = format!("signalbox: it is not the believed job of {id}");
            let key = EffectId(format!("terminate:{job_id}"));
            let termination = Termination { attempt: id.clone(), job_id, reason };
            needed.push((key, Effect::Terminate(termination)));
        }
        if attempt.phase == Phase::Pending && attempt.placement.is_none() {
            let key = submission_id(run, &id);
            let known = run.pending.iter().find(|pending| pending.id == key);
            let effect = match known {
                Some(known) => known.effect.clone(),
                None => Effect::Submit(Box::new(submission::build(run, stage, &id, platform))),
            };
            needed.push((key, effect));
        }
    }
    needed.extend(run.state.stages.iter().filter_map(|stage| match &stage.work {
        StageWork::Release { environment } if stage.phase == Phase::Running => {
            let release = Release::of(run, environment)?;
            let key = EffectId(format!("release:{environment}"));
            let environment = environment.clone();
            Some((key, Effect::Release(Box::new(Releasing { environment, release }))))
        }
        _ => None,
    }));
    let keep = |(id, effect)| {
        let known = run.pending.iter().find(|pending| pending.id == id).cloned();
        known.unwrap_or(Pending { id, effect, since: now, lease: None })
    };
    needed.into_iter().map(keep).collect()
}

/// Whether a fact from Batch is about the job that the run submitted: same definition, same queue.
pub(crate) fn believe(run: &Run, fact: &Fact) -> Result<(), Rejection> {
    let (Some(id), Some(placement)) = (fact.attempt(), fact.placement()) else { return Ok(()) };
    let submitted = run.pending.iter().find_map(|pending| match &pending.effect {
        Effect::Submit(submission) if pending.id == submission_id(run, id) => {
            Some((submission.definition.name(), submission.queue.clone()))
        }
        _ => None,
    });
    let recorded = || {
        let placement = run.state.attempt(id)?.placement.as_ref()?;
        Some((placement.definition.clone(), placement.queue.clone()))
    };
    let Some((definition, queue)) = submitted.or_else(recorded) else { return Ok(()) };
    if placement.definition == definition && placement.queue == queue {
        return Ok(());
    }
    Err(Rejection::NotOurs {
        attempt: Box::new(id.clone()),
        expected: format!("{definition} in {queue}"),
        found: format!("{} in {}", placement.definition, placement.queue),
    })
}

fn submission_id(run: &Run, attempt: &AttemptId) -> EffectId {
    EffectId(format!("submit:{}", attempt.job_name(&run.pipeline, &run.id)))
}
