//! The effects, by the one whose put won.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use signalbox_pipeline::effect::{
    Effect, Lease, Leaving, Overtaking, Pending, Releasing, Termination,
};
use signalbox_pipeline::notice::Notice;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::fact::{Left, Notified, Terminated};
use signalbox_pipeline::run::{Fact, Run};

use super::RunKey;
use super::telling::Telling;
use super::wake::{Wake, Why};
use crate::fault::Fault;

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
            && self.runs.has_time(pending)
    }

    async fn perform_one(&self, run: &Run, pending: &Pending) -> Result<Done, Fault> {
        let facts = match &pending.effect {
            Effect::Submit(submission) => {
                let is_in_doubt = self.doubtful.contains(&pending.id);
                self.runs.submit(pending, submission, is_in_doubt).await
            }
            Effect::Terminate(termination) => self.terminate(run, termination).await,
            Effect::Withdraw(withdrawal) => self.runs.withdraw(withdrawal).await,
            Effect::Release(releasing) => return self.release(releasing).await,
            Effect::Leave(leaving) => return self.leave(leaving).await,
            Effect::Notify(notifying) => self.notify(&notifying.notice).await,
            Effect::Overtake(overtaking) => return Ok(self.overtake(overtaking)),
        };
        Ok(Done { facts: facts?, woken: None })
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
        let Releasing { environment, release, rollout } = releasing;
        let (fact, woken) = match rollout {
            None => self.runs.record(self.key, environment, release).await?,
            Some(plan) => self.runs.roll_out(self.key, environment, release, plan).await?,
        };
        Ok(Done { facts: vec![fact], woken })
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
