//! The effects, by the one whose put won.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use jiff::SignedDuration;
use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::effect::{
    Effect, Lease, Pending, Releasing, Submission, Termination, Withdrawal,
};
use signalbox_pipeline::environment::{Environment, Recording};
use signalbox_pipeline::keys;
use signalbox_pipeline::names::JobName;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::fact::{
    JobFound, JobRefused, Placement, Released, Terminated, Withdrawn,
};
use signalbox_pipeline::run::{Decision, Fact, Run};

use super::telling::{Grounds, Telling};
use crate::effects::Submitted;
use crate::fault::Fault;
use crate::store::Step;

/// What has to be left of a lease for an effect to be begun: the longest that a request takes.
const ENOUGH: SignedDuration = SignedDuration::from_secs(15);
/// Batch forgets jobs after seven days; from here on, that it has none proves nothing.
const PROOF: SignedDuration = SignedDuration::from_hours(6 * 24);

impl Telling<'_> {
    /// Performs what this telling's writes have in hand, side by side; what that brings about is
    /// the next news.
    pub(super) async fn perform(&mut self, run: &Run) -> Vec<Occurrence> {
        let mine: Vec<&Pending> =
            run.pending.iter().filter(|pending| self.has_in_hand(pending)).collect();
        self.performed.extend(mine.iter().map(|pending| pending.id.clone()));
        let (first, rest) = self.in_order(mine);
        let this = &*self;
        let one = |pending| this.perform_one(run, pending);
        let mut ends = join_all(first.into_iter().map(one)).await;
        ends.extend(join_all(rest.into_iter().map(one)).await);
        let mut news = Vec::new();
        for end in ends {
            match end {
                Ok(facts) => news.extend(facts.into_iter().map(|fact| self.ours(fact))),
                // The lease runs out, and the effect is taken over.
                Err(fault) => {
                    self.fault.get_or_insert(fault);
                }
            }
        }
        news
    }

    /// What will be asked once the release in hand is recorded: looked up while the put of `run`,
    /// which takes it in hand, is under way.
    pub(super) async fn foresee(&self, run: &Run) -> Vec<(Grounds, Fact)> {
        let mut mine = run.pending.iter().filter(|pending| self.has_in_hand(pending));
        let released = mine.find_map(|pending| match &pending.effect {
            Effect::Release(releasing) => {
                let environment = releasing.environment.clone();
                Some(self.ours(Fact::Released(Released { environment, behind: None })))
            }
            _ => None,
        });
        let Some(released) = released else { return Vec::new() };
        let decision = run.decide(&released, &self.runs.platform, self.runs.clock.now());
        let Decision::Advance(next) = decision else { return Vec::new() };
        // What is not found out now is asked again when it is needed, and told then.
        self.look_up(&next, next.questions()).await.unwrap_or_default()
    }

    /// Of the submissions whose job definition is not known to be there, one of each goes ahead, so
    /// that it is missed and registered once and not by each of them.
    fn in_order<'p>(&self, mine: Vec<&'p Pending>) -> (Vec<&'p Pending>, Vec<&'p Pending>) {
        let mut ahead = BTreeSet::new();
        mine.into_iter().partition(|pending| match &pending.effect {
            Effect::Submit(submission) => {
                let definition = submission.definition.name();
                self.runs.batch.knows(&definition) || ahead.insert(definition)
            }
            Effect::Terminate(_) | Effect::Withdraw(_) | Effect::Release(_) => true,
        })
    }

    fn has_in_hand(&self, pending: &Pending) -> bool {
        let ours = |lease: &Lease| self.writes.contains(&lease.owner);
        pending.lease.as_ref().is_some_and(ours)
            && !self.performed.contains(&pending.id)
            && self.has_time(pending)
    }

    fn has_time(&self, pending: &Pending) -> bool {
        let enough = self.runs.clock.now().saturating_add(ENOUGH);
        let until = pending.lease.as_ref().map(|lease| lease.until);
        until.is_some_and(|until| enough.is_ok_and(|enough| until >= enough))
    }

    async fn perform_one(&self, run: &Run, pending: &Pending) -> Result<Vec<Fact>, Fault> {
        match &pending.effect {
            Effect::Submit(submission) => self.submit(pending, submission).await,
            Effect::Terminate(termination) => self.terminate(run, termination).await,
            Effect::Withdraw(withdrawal) => self.withdraw(withdrawal).await,
            Effect::Release(releasing) => self.release(run, releasing).await,
        }
    }

    async fn submit(&self, pending: &Pending, submission: &Submission) -> Result<Vec<Fact>, Fault> {
        let (name, queue) = (&submission.job_name, &submission.queue);
        // Somebody had it in hand before: SubmitJob takes no token, so the name is the only proof.
        if self.doubtful.contains(&pending.id) {
            let definition = submission.definition.name();
            let found = self.find(&submission.attempt, queue, name, &definition).await?;
            if !found.is_empty() {
                return Ok(found);
            }
            if self.runs.clock.now().duration_since(pending.since) > PROOF {
                return Err(Fault::page(
                    format!("whether {name} was submitted can no longer be known"),
                    "push again, or look for its results and end the run",
                ));
            }
        }
        // Whoever slept for too long leaves it to those who took it over, or took it back.
        match self.runs.batch.submit(submission, || self.has_time(pending)).await {
            Submitted::Accepted(job) => {
                tracing::info!(job.id = %job, job.name = %name, "submitted");
                // Its first event acknowledges it.
                Ok(Vec::new())
            }
            Submitted::Refused(reason) => {
                tracing::warn!(job.name = %name, %reason, "Batch refused the submission");
                let attempt = submission.attempt.clone();
                Ok(vec![Fact::JobRefused(JobRefused { attempt, reason })])
            }
            Submitted::NotNow(reason) | Submitted::Unknown(reason) => {
                tracing::warn!(job.name = %name, %reason, "not known to be submitted: `tick` takes it over");
                Ok(Vec::new())
            }
        }
    }

    /// The jobs that Batch has under the name of `attempt`, the oldest first: the first that the
    /// register holds is the believed one. A job of another definition is somebody else's: it proves
    /// nothing about ours.
    async fn find(
        &self,
        attempt: &AttemptId,
        queue: &str,
        name: &JobName,
        definition: &str,
    ) -> Result<Vec<Fact>, Fault> {
        let found = self.runs.batch.find_by_name(queue, name).await?;
        let ours = found.into_iter().rev().filter(|job| job.definition == definition);
        let facts = ours.map(|job| {
            let (job_id, definition, queue) = (job.job_id, job.definition, queue.to_owned());
            let placement = Placement { job_id, definition, queue };
            Fact::JobFound(JobFound { attempt: attempt.clone(), placement })
        });
        Ok(facts.collect())
    }

    /// The lease of the submission has run out, and its run does not want it any more: what Batch
    /// does not have under its name now was never submitted.
    async fn withdraw(&self, withdrawal: &Withdrawal) -> Result<Vec<Fact>, Fault> {
        let Withdrawal { attempt, job_name, queue, definition } = withdrawal;
        let found = self.find(attempt, queue, job_name, definition).await?;
        if !found.is_empty() {
            return Ok(found);
        }
        tracing::info!(job.name = %job_name, "withdrawn: it was never submitted");
        Ok(vec![Fact::Withdrawn(Withdrawn { attempt: attempt.clone() })])
    }

    async fn terminate(&self, run: &Run, termination: &Termination) -> Result<Vec<Fact>, Fault> {
        let Termination { attempt, job_id, reason } = termination;
        self.runs.batch.terminate(job_id, reason).await?;
        tracing::info!(job.id = %job_id, %reason, "told a job to end");
        let believed = run.state.attempt(attempt).and_then(|attempt| attempt.placement.as_ref());
        if believed.is_some_and(|believed| believed.job_id == *job_id) {
            // Nothing but its end acknowledges it.
            return Ok(Vec::new());
        }
        Ok(vec![Fact::Terminated(Terminated { attempt: attempt.clone(), job_id: job_id.clone() })])
    }

    async fn release(&self, run: &Run, releasing: &Releasing) -> Result<Vec<Fact>, Fault> {
        let Releasing { environment, release } = releasing;
        let documents = &self.runs.documents;
        let key = keys::state::environment(&run.pipeline, environment);
        let write_id = documents.chance().token();
        let released = |behind| {
            let environment = environment.clone();
            Ok(vec![Fact::Released(Released { environment, behind })])
        };
        let kept = self.runs.environments.take(&key);
        let known = kept.as_ref().map(|kept| kept.document.record(release, &write_id));
        if let Some(Recording::Behind(newer)) = known {
            // A release is only ever replaced by a newer one: what was behind still is.
            return released(Some(newer));
        }
        let behind = documents.transact_on(kept, &key, |found: Option<&Environment>| {
            let first = || Environment::new(run.pipeline.clone(), environment.clone());
            let document = found.cloned().unwrap_or_else(first);
            Ok(match document.record(release, &write_id) {
                Recording::Recorded(next) => Step::Put(*next, None),
                Recording::Live => Step::Keep(None),
                Recording::Behind(newer) => Step::Keep(Some(newer)),
            })
        });
        released(behind.await?)
    }
}
