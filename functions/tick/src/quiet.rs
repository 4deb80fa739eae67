//! Jobs of which nothing was heard: Batch itself is asked.

use jiff::{SignedDuration, Timestamp};
use signalbox_cloud::fault::{Fault, Malformed};
use signalbox_cloud::ingest::Read;
use signalbox_cloud::ingest::batch::{JobEvent, JobStatus};
use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::fact::{Ending, JobEnded, Placement};
use signalbox_pipeline::run::{Fact, Run};

use super::{ACTOR, Tick};

/// A job of which nothing was heard for so long is asked for.
const QUIET: SignedDuration = SignedDuration::from_mins(2);
/// A job that has no place after so long is worth a word.
const PLACELESS: SignedDuration = SignedDuration::from_mins(10);

impl Tick {
    /// What Batch says about the jobs of which nothing was heard.
    pub(crate) async fn quiet(&self, run: &Run, now: Timestamp) -> Result<Vec<Occurrence>, Fault> {
        let heard = run.register.entries().last().map_or(run.state.started_at, |entry| entry.at);
        let awaited = run.state.awaited();
        let open = awaited.map(|(id, placement)| (id, placement.clone())).collect();
        self.said_of(open, heard, now).await
    }

    /// What Batch says about the jobs `open`, where nothing was heard since `heard` for too long.
    pub(crate) async fn said_of(
        &self,
        open: Vec<(AttemptId, Placement)>,
        heard: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Occurrence>, Fault> {
        if now.duration_since(heard) < QUIET {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = open.iter().map(|(_, placement)| placement.job_id.clone()).collect();
        let jobs = self.runs.batch.describe(&ids).await?;
        let said = jobs.iter().filter_map(|job| said(job.event(now), now));
        let mut news: Vec<Occurrence> = said.collect();
        let known = |placement: &Placement| {
            jobs.iter().any(|job| job.job_id() == Some(placement.job_id.as_str()))
        };
        for (attempt, placement) in open.into_iter().filter(|(_, placement)| !known(placement)) {
            let fact = vanished(attempt, placement);
            news.push(Occurrence { event: self.cause()?, actor: ACTOR.to_owned(), fact });
        }
        Ok(news)
    }
}

fn said(job: Result<Read<JobEvent>, Malformed>, now: Timestamp) -> Option<Occurrence> {
    match job {
        Ok(Read::Event(event)) if event.status == JobStatus::Runnable => {
            let long = now.duration_since(event.submitted_at?) >= PLACELESS;
            long.then(|| event.occurrence())
        }
        Ok(Read::Event(event)) => Some(event.occurrence()),
        // It has not come far enough for anything to depend on it.
        Ok(Read::Ignored(_)) => None,
        Err(malformed) => {
            tracing::error!(reason = %malformed, "what Batch says of a quiet job is unreadable");
            None
        }
    }
}

/// Batch forgets jobs a week after their end: what became of this one cannot be known any more.
fn vanished(attempt: AttemptId, placement: Placement) -> Fact {
    let reason = format!("AWS Batch no longer knows the job {}", placement.job_id);
    let ending = Ending {
        cause: None,
        succeeded: false,
        exit_code: None,
        reason: Some(reason),
        task: None,
        started_at: None,
        stopped_at: None,
    };
    Fact::JobEnded(JobEnded { attempt, placement, ending })
}
