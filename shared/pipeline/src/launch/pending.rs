//! The pending effects of a launch follow from its state, as those of a run do.

use jiff::{SignedDuration, Timestamp};

use super::{Launch, submission};
use crate::attempt::AttemptId;
use crate::effect::{Effect, EffectId, Lease, Pending, Submission, Termination, Withdrawal};
use crate::names::JobId;
use crate::phase::Phase;
use crate::platform::Platform;
use crate::run::again;
use crate::run::state::{Attempt, GivenUp};
use crate::shared::Shared;

/// How long after its lease a submission that was begun in time may still turn up in Batch's list.
const IN_FLIGHT: SignedDuration = SignedDuration::from_secs(30);

/// What `launch` needs. Effects that were pending already keep what was frozen into them, and their
/// lease.
pub(super) fn of(launch: &Launch, platform: &Platform, now: Timestamp) -> Vec<Pending> {
    let mut needed = Vec::new();
    let mut need = |id: EffectId, first: &dyn Fn() -> (Effect, Option<Timestamp>)| {
        let known = launch.pending.iter().find(|pending| pending.id == id).cloned();
        needed.push(known.unwrap_or_else(|| {
            let (effect, not_before) = first();
            Pending { id, effect, since: now, lease: None, not_before }
        }));
    };
    for attempt in &launch.attempts {
        let id = Launch::attempt_id(attempt.number);
        for (job_id, reason) in doomed(attempt, &id) {
            let termination = || {
                let (attempt, job_id) = (id.clone(), job_id.clone());
                (Effect::Terminate(Termination { attempt, job_id, reason: reason.clone() }), None)
            };
            need(EffectId::new(format!("terminate:{job_id}")), &termination);
        }
        let job_name = id.launch_name(&launch.pipeline, &launch.environment, &launch.id);
        if attempt.given_up == Some(GivenUp::InDoubt) {
            let withdrawal = || withdrawal(launch, &id, platform);
            need(EffectId::new(format!("withdraw:{job_name}")), &withdrawal);
        }
        if attempt.phase == Phase::Pending && attempt.placement.is_none() {
            let submit = || {
                let not_before = again::not_before(&job_name, launch.before(attempt.number), now);
                let submission = submission::build(launch, &id, platform);
                (Effect::Submit(Shared::new(submission)), not_before)
            };
            need(EffectId::new(format!("submit:{job_name}")), &submit);
        }
    }
    needed
}

/// The jobs of `attempt` that have to go, each with the reason that Batch shows.
fn doomed<'a>(attempt: &'a Attempt, id: &AttemptId) -> Vec<(&'a JobId, String)> {
    let surplus = attempt.surplus.iter().filter(|surplus| !surplus.over);
    let unbelieved = surplus
        .map(|surplus| (&surplus.job_id, format!("signalbox: it is not the believed job of {id}")));
    let given_up = attempt.awaited().filter(|_| attempt.given_up.is_some());
    let believed = given_up.map(|placement| {
        let reason = attempt.reason.as_deref().unwrap_or("the attempt was given up");
        (&placement.job_id, format!("signalbox: {reason}"))
    });
    unbelieved.chain(believed).collect()
}

/// Whoever has the submission in hand may be about to make it: until that lease is over, that Batch
/// has no such job proves nothing.
fn withdrawal(launch: &Launch, id: &AttemptId, platform: &Platform) -> (Effect, Option<Timestamp>) {
    let frozen = |pending: &Pending| match &pending.effect {
        Effect::Submit(it) if it.attempt == *id => Some((it.clone(), pending.lease.clone())),
        _ => None,
    };
    let known = launch.pending.iter().find_map(frozen);
    let (submission, lease): (Shared<Submission>, Option<Lease>) =
        known.unwrap_or_else(|| (Shared::new(submission::build(launch, id, platform)), None));
    let effect = Effect::Withdraw(Shared::new(Withdrawal {
        attempt: id.clone(),
        job_name: submission.job_name.clone(),
        queue: submission.queue.clone(),
        definition: submission.definition.name(),
    }));
    (effect, lease.and_then(|lease| lease.until.saturating_add(IN_FLIGHT).ok()))
}
