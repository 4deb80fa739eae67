//! Batch's side of pending effects, for whoever has them in hand: a run's writer or a launch's.

use jiff::SignedDuration;
use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::effect::{Pending, Submission, Withdrawal};
use signalbox_pipeline::names::JobName;
use signalbox_pipeline::run::Fact;
use signalbox_pipeline::run::fact::{JobFound, JobRefused, Placement, Withdrawn};

use super::Runs;
use crate::effects::Submitted;
use crate::fault::Fault;

/// What has to be left of a lease for an effect to be begun: the longest that a request takes.
const ENOUGH: SignedDuration = SignedDuration::from_secs(15);
/// Batch forgets jobs after seven days; from here on, that it has none proves nothing.
const PROOF: SignedDuration = SignedDuration::from_hours(6 * 24);

impl Runs {
    /// Whether enough of the lease on `pending` is left to begin with it.
    pub(crate) fn has_time(&self, pending: &Pending) -> bool {
        let enough = self.clock.now().saturating_add(ENOUGH);
        let until = pending.lease.as_ref().map(|lease| lease.until);
        until.is_some_and(|until| enough.is_ok_and(|enough| until >= enough))
    }

    /// Submits; where somebody had it in hand before (`is_in_doubt`), unless Batch has it already:
    /// SubmitJob takes no token, so the name is the only proof.
    pub(crate) async fn submit(
        &self,
        pending: &Pending,
        submission: &Submission,
        is_in_doubt: bool,
    ) -> Result<Vec<Fact>, Fault> {
        let (name, queue) = (&submission.job_name, &submission.queue);
        if is_in_doubt {
            let definition = submission.definition.name();
            let found = self.find(&submission.attempt, queue, name, &definition).await?;
            if !found.is_empty() {
                return Ok(found);
            }
            if self.clock.now().duration_since(pending.since) > PROOF {
                return Err(Fault::page(
                    format!("whether {name} was submitted can no longer be known"),
                    "push again, or look for its results and end the run",
                ));
            }
        }
        // Whoever slept for too long leaves it to those who took it over, or took it back.
        match self.batch.submit(submission, || self.has_time(pending)).await {
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

    /// The jobs that Batch has under the name of `attempt`, the oldest first: the first that is
    /// recorded is the believed one. A job of another definition is somebody else's: it proves
    /// nothing about ours.
    async fn find(
        &self,
        attempt: &AttemptId,
        queue: &str,
        name: &JobName,
        definition: &str,
    ) -> Result<Vec<Fact>, Fault> {
        let found = self.batch.find_by_name(queue, name).await?;
        let ours = found.into_iter().rev().filter(|job| job.definition == definition);
        let facts = ours.map(|job| {
            let (job_id, definition, queue) = (job.job_id, job.definition, queue.to_owned());
            let placement = Placement { job_id, definition, queue };
            Fact::JobFound(JobFound { attempt: attempt.clone(), placement })
        });
        Ok(facts.collect())
    }

    /// The lease of the submission has run out, and nobody wants it any more: what Batch does not
    /// have under its name now was never submitted.
    pub(crate) async fn withdraw(&self, withdrawal: &Withdrawal) -> Result<Vec<Fact>, Fault> {
        let Withdrawal { attempt, job_name, queue, definition } = withdrawal;
        let found = self.find(attempt, queue, job_name, definition).await?;
        if !found.is_empty() {
            return Ok(found);
        }
        tracing::info!(job.name = %job_name, "withdrawn: it was never submitted");
        Ok(vec![Fact::Withdrawn(Withdrawn { attempt: attempt.clone() })])
    }
}
