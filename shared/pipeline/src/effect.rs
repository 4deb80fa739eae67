//! What must be done: decided by the core, performed by the one whose write won.
//!
//! The pending effects of a run follow from its state: whatever the state needs and nobody has
//! acknowledged is pending. So no effect is lost, and none is acknowledged by hand.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attempt::AttemptId;
use crate::environment::Release;
use crate::names::{EnvironmentName, JobId, JobName, RunId};
use crate::notice::{self, Notice};
use crate::phase::Phase;
use crate::platform::Platform;
use crate::rollout::Plan;
use crate::run::state::{Attempt, GivenUp, Stage, StageWork};
use crate::run::{Fact, Rejection, Run, again, places};
use crate::shared::Shared;

mod submission;

pub(crate) use submission::{Asked, Task, asking, timeout_seconds};
pub use submission::{JobDefinition, Submission, role_id};

/// The deterministic id of an effect inside its run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EffectId(String);

impl EffectId {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }
}

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
    /// Nobody may take it in hand earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
}

impl Pending {
    /// Whether nobody has it in hand at `now`.
    #[must_use]
    pub fn is_free(&self, now: Timestamp) -> bool {
        self.not_before.is_none_or(|due| due <= now)
            && self.lease.as_ref().is_none_or(|lease| lease.until <= now)
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
    Submit(Shared<Submission>),
    /// End a job: one that is not believed, acknowledged by the next put; or the believed one of an
    /// attempt that was given up, acknowledged by nothing but its end.
    Terminate(Termination),
    /// Find out whether a submission that was given up has reached Batch after all. Acknowledged by
    /// the next put.
    Withdraw(Shared<Withdrawal>),
    /// Record the verified release in its environment. Acknowledged by the next put.
    Release(Shared<Releasing>),
    /// Tell the run before that this one takes its place. Acknowledged by the next put.
    Overtake(Overtaking),
    /// Give the place in an environment back, or the wait for one up. Acknowledged by the next put.
    Leave(Leaving),
    /// Send a notice to people. Acknowledged by the next put.
    Notify(Notifying),
}

/// A job that has to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Termination {
    /// The attempt that it belongs to, or is a surplus of.
    pub attempt: AttemptId,
    /// The job.
    pub job_id: JobId,
    /// What Batch shows as the reason.
    pub reason: String,
}

/// A submission that must not be made any more, and may have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// The attempt.
    pub attempt: AttemptId,
    /// The name that its job would have.
    pub job_name: JobName,
    /// The ARN of the queue that it would be in.
    pub queue: String,
    /// The name of the job definition that it would have; a job of another is somebody else's.
    pub definition: String,
}

/// A release on its way into an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Releasing {
    /// The environment.
    pub environment: EnvironmentName,
    /// The release.
    pub release: Release,
    /// How it is to take the place of the live one; at once, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Plan>,
}

/// A run that has to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overtaking {
    /// The run.
    pub run: RunId,
}

/// A run on its way out of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaving {
    /// The environment.
    pub environment: EnvironmentName,
}

/// A notice on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notifying {
    /// What it says, and to whom.
    pub notice: Shared<Notice>,
}

/// The pending effects that follow from the state of `run`. Those that were pending already keep
/// what was frozen into them, and their lease.
pub(crate) fn pending(run: &Run, platform: &Platform, now: Timestamp) -> Vec<Pending> {
    let mut needed = Needed { run, platform, now, pending: Vec::new() };
    for (id, stage, attempt) in run.state.attempts() {
        needed.terminations(&id, attempt);
        if attempt.given_up == Some(GivenUp::InDoubt) {
            needed.withdrawal(&id, stage);
        }
        if attempt.phase == Phase::Pending && attempt.placement.is_none() {
            needed.submission(&id, stage);
        }
    }
    for stage in run.state.stages.iter().filter(|stage| stage.phase == Phase::Running) {
        if let StageWork::Release { environment } = &stage.work
            && stage.rolling.is_none()
        {
            needed.release(stage, environment);
        }
    }
    if let Some(before) = run.state.supersedes() {
        let key = EffectId(format!("overtake:{before}"));
        let overtaking = Overtaking { run: before.clone() };
        needed.need(key, |this, key| Some(this.fresh(key, Effect::Overtake(overtaking))));
    }
    for environment in places(&run.state) {
        let key = EffectId(format!("leave:{environment}"));
        let leaving = Leaving { environment: environment.clone() };
        needed.need(key, |this, key| Some(this.fresh(key, Effect::Leave(leaving))));
    }
    for notice in notice::due(run) {
        let key = EffectId(format!("notify:{}", notice.id));
        let effect = || Effect::Notify(Notifying { notice: Shared::new(notice) });
        needed.need(key, |this, key| Some(this.fresh(key, effect())));
    }
    needed.pending
}

/// How long after its lease a submission that was begun in time may still turn up in Batch's list:
/// the listing is not promised to show at once what was submitted.
const IN_FLIGHT: SignedDuration = SignedDuration::from_secs(30);

/// The effects that a run needs, as they are gathered.
struct Needed<'r> {
    run: &'r Run,
    platform: &'r Platform,
    now: Timestamp,
    pending: Vec<Pending>,
}

impl Needed<'_> {
    /// The effect `id`: as it was pending before, or made by `first`.
    fn need(&mut self, id: EffectId, first: impl FnOnce(&Self, EffectId) -> Option<Pending>) {
        let known = find(self.run, &id).cloned();
        self.pending.extend(known.or_else(|| first(self, id)));
    }

    fn fresh(&self, id: EffectId, effect: Effect) -> Pending {
        Pending { id, effect, since: self.now, lease: None, not_before: None }
    }

    fn terminations(&mut self, id: &AttemptId, attempt: &Attempt) {
        let surplus = attempt.surplus.iter().filter(|surplus| !surplus.over);
        let unbelieved = surplus.map(|surplus| {
            (&surplus.job_id, format!("signalbox: it is not the believed job of {id}"))
        });
        let given_up = attempt.awaited().filter(|_| attempt.given_up.is_some());
        let believed = given_up.map(|placement| {
            let reason = attempt.reason.as_deref().unwrap_or("the attempt was given up");
            (&placement.job_id, format!("signalbox: {reason}"))
        });
        for (job_id, reason) in unbelieved.chain(believed) {
            let key = EffectId(format!("terminate:{job_id}"));
            let termination = Termination { attempt: id.clone(), job_id: job_id.clone(), reason };
            self.need(key, |this, key| Some(this.fresh(key, Effect::Terminate(termination))));
        }
    }

    /// Whoever has the submission in hand may be about to make it: until that lease is over, that
    /// Batch has no such job proves nothing.
    fn withdrawal(&mut self, id: &AttemptId, stage: &Stage) {
        let key = EffectId(format!("withdraw:{}", id.job_name(&self.run.pipeline, &self.run.id)));
        self.need(key, |this, key| {
            let known = find(this.run, &submission_id(this.run, id));
            let frozen = known.and_then(|pending| match &pending.effect {
                Effect::Submit(submission) => Some(submission.clone()),
                _ => None,
            });
            let submission = frozen.unwrap_or_else(|| {
                Shared::new(submission::build(this.run, stage, id, this.platform))
            });
            let withdrawal = Withdrawal {
                attempt: id.clone(),
                job_name: submission.job_name.clone(),
                queue: submission.queue.clone(),
                definition: submission.definition.name(),
            };
            let over = |lease: &Lease| lease.until.saturating_add(IN_FLIGHT).ok();
            Some(Pending {
                not_before: known.and_then(|known| known.lease.as_ref()).and_then(over),
                ..this.fresh(key, Effect::Withdraw(Shared::new(withdrawal)))
            })
        });
    }

    fn submission(&mut self, id: &AttemptId, stage: &Stage) {
        let key = submission_id(self.run, id);
        self.need(key, |this, key| {
            let submission = submission::build(this.run, stage, id, this.platform);
            let before = submission::before(stage, id);
            let not_before = again::not_before(&submission.job_name, before, this.now);
            let submit = this.fresh(key, Effect::Submit(Shared::new(submission)));
            Some(Pending { not_before, ..submit })
        });
    }

    fn release(&mut self, stage: &Stage, environment: &EnvironmentName) {
        let key = EffectId(format!("release:{environment}"));
        self.need(key, |this, key| {
            let release = Release::of(this.run, environment)?;
            let (environment, rollout) =
                (environment.clone(), this.run.state.rollout(stage).cloned());
            let releasing = Releasing { environment, release, rollout };
            Some(this.fresh(key, Effect::Release(Shared::new(releasing))))
        });
    }
}

fn find<'r>(run: &'r Run, id: &EffectId) -> Option<&'r Pending> {
    run.pending.iter().find(|pending| pending.id == *id)
}

/// Whether a fact from Batch is about the job that the run submitted: same definition, same queue.
pub(crate) fn believe(run: &Run, fact: &Fact) -> Result<(), Rejection> {
    let (Some(id), Some(placement)) = (fact.attempt(), fact.placement()) else { return Ok(()) };
    let submitted = run.pending.iter().find_map(|pending| match &pending.effect {
        Effect::Submit(submission) if submission.attempt == *id => {
            Some((submission.definition.name(), submission.queue.clone()))
        }
        Effect::Withdraw(withdrawal) if withdrawal.attempt == *id => {
            Some((withdrawal.definition.clone(), withdrawal.queue.clone()))
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
