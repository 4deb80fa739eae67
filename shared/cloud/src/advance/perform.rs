//! The effects, by the one whose put won.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use jiff::SignedDuration;
use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::effect::{
    Effect, Lease, Leaving, Overtaking, Pending, Releasing, Submission, Termination, Withdrawal,
};
use signalbox_pipeline::names::JobName;
use signalbox_pipeline::notice::Notice;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::fact::{
    JobFound, JobRefused, Left, Notified, Placement, Released, Terminated, Withdrawn,
};
use signalbox_pipeline::run::{Fact, Run};

use super::RunKey;
use super::telling::Telling;
use super::wake::{Wake, Why};
use crate::effects::Submitted;
use crate::fault::Fault;

/// What has to be left of a lease for an effect to be begun: the longest that a request takes.
const ENOUGH: SignedDuration = SignedDuration::from_secs(15);
/// Batch forgets jobs after seven days; from here on, that it has none proves nothing.
const PROOF: SignedDuration = SignedDuration::from_hours(6 * 24);

/// What an effect brought about.
struct Done {
    facts: Vec<Fact>,
    /// Who waits for that.
    woken: Option<Wake>,
}

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
                Ok(Done { facts, woken }) => {
                    news.extend(facts.into_iter().map(|fact| self.ours(fact)));
                    self.wakes.extend(woken);
                }
                // The lease runs out, and the effect is taken over.
                Err(fault) => {
                    self.fault.get_or_insert(fault);
                }
            }
        }
        news
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
            _ => true,
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

    async fn perform_one(&self, run: &Run, pending: &Pending) -> Result<Done, Fault> {
        let facts = match &pending.effect {
            Effect::Submit(submission) => self.submit(pending, submission).await,
            Effect::Terminate(termination) => self.terminate(run, termination).await,
            Effect::Withdraw(withdrawal) => self.withdraw(withdrawal).await,
            Effect::Release(releasing) => return self.release(releasing).await,
            Effect::Leave(leaving) => return self.leave(leaving).await,
            Effect::Notify(notifying) => self.notify(&notifying.notice).await,
            Effect::Overtake(overtaking) => return Ok(self.overtake(overtaking)),
        };
        Ok(Done { facts: facts?, woken: None })
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

    async fn release(&self, releasing: &Releasing) -> Result<Done, Fault> {
        let Releasing { environment, release } = releasing;
        let (behind, woken) = self.runs.record(self.key, environment, release).await?;
        let released = Released { environment: environment.clone(), behind, refused: None };
        Ok(Done { facts: vec![Fact::Released(released)], woken })
    }

    async fn notify(&self, notice: &Notice) -> Result<Vec<Fact>, Fault> {
        self.runs.notices.send(notice).await?;
        tracing::info!(notice = %notice.id, "sent a notice");
        Ok(vec![Fact::Notified(Notified { notice: notice.id.clone() })])
    }

    /// Told once this telling is over; what acknowledges it is told then, too.
    fn overtake(&self, overtaking: &Overtaking) -> Done {
        let run = RunKey { pipeline: self.key.pipeline.clone(), run: overtaking.run.clone() };
        let woken = Wake { run, why: Why::Superseded(self.key.run.clone()) };
        Done { facts: Vec::new(), woken: Some(woken) }
    }

    async fn leave(&self, leaving: &Leaving) -> Result<Done, Fault> {
        let environment = &leaving.environment;
        let woken = self.runs.leave(self.key, environment).await?;
        Ok(Done { facts: vec![Fact::Left(Left { environment: environment.clone() })], woken })
    }
}
