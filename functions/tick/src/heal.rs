//! Bringing one run on that nothing else brings on.

use jiff::{SignedDuration, Timestamp};
use signalbox_cloud::advance::{News, RunKey};
use signalbox_cloud::fault::Fault;
use signalbox_cloud::ingest::Read;
use signalbox_cloud::ingest::batch::described;
use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::names::EventId;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::fact::{Ending, JobEnded, Placement};
use signalbox_pipeline::run::{Fact, Run};

use super::{Look, Tick};

/// A job of which nothing was heard for so long is asked for.
const QUIET: SignedDuration = SignedDuration::from_mins(2);
/// A marker without a run is left for so long: the run may be about to be written.
const UNBORN: SignedDuration = SignedDuration::from_hours(1);

impl Tick {
    pub(super) async fn heal(&self, key: &RunKey) -> Result<Look, Fault> {
        let now = self.runs.clock.now();
        let Some(run) = self.runs.load(key).await? else {
            return self.unborn(key, now).await;
        };
        if run.is_settled() {
            self.runs.retire(key).await?;
            return Ok(Look::Healed);
        }
        let occurrences = self.missed(&run, now).await?;
        if occurrences.is_empty() && !run.has_work(now) {
            return Ok(Look::Fine);
        }
        let missed = occurrences.len();
        let told = self.runs.tell(key, News { cause: cause(now)?, occurrences }).await?;
        tracing::info!(missed, puts = told.puts, "healed a run");
        Ok(if told.puts > 0 { Look::Healed } else { Look::Fine })
    }

    async fn unborn(&self, key: &RunKey, now: Timestamp) -> Result<Look, Fault> {
        let since = triggered(key);
        if since.is_none_or(|since| now.duration_since(since) > UNBORN) {
            tracing::info!("removed the marker of a run that was never begun");
            self.runs.retire(key).await?;
        }
        Ok(Look::Fine)
    }

    /// What Batch says about the jobs of which nothing was heard.
    async fn missed(&self, run: &Run, now: Timestamp) -> Result<Vec<Occurrence>, Fault> {
        let heard = run.register.entries().last().map_or(run.state.started_at, |entry| entry.at);
        if now.duration_since(heard) < QUIET {
            return Ok(Vec::new());
        }
        let awaited = run.state.awaited();
        let open: Vec<(AttemptId, Placement)> =
            awaited.map(|(id, placement)| (id, placement.clone())).collect();
        let ids: Vec<_> = open.iter().map(|(_, placement)| placement.job_id.clone()).collect();
        let jobs = self.runs.batch.describe(&ids).await?;
        let mut missed = Vec::new();
        for job in &jobs {
            match described(job, now) {
                Ok(Read::Event(event)) => missed.push(event.occurrence()),
                Ok(Read::Ignored(reason)) => tracing::info!(%reason, "nothing new of a quiet job"),
                Err(malformed) => tracing::error!(reason = %malformed, "a quiet job is unreadable"),
            }
        }
        let known = |placement: &Placement| {
            jobs.iter().any(|job| job.job_id() == Some(placement.job_id.as_str()))
        };
        for (attempt, placement) in open.into_iter().filter(|(_, placement)| !known(placement)) {
            missed.push(vanished(attempt, placement, now)?);
        }
        Ok(missed)
    }
}

/// Batch forgets jobs a week after their end: what became of this one cannot be known any more.
fn vanished(attempt: AttemptId, placement: Placement, now: Timestamp) -> Result<Occurrence, Fault> {
    let reason = format!("AWS Batch no longer knows the job {}", placement.job_id);
    let ending = Ending {
        succeeded: false,
        exit_code: None,
        reason: Some(reason),
        task: None,
        started_at: None,
        stopped_at: None,
    };
    let fact = Fact::JobEnded(JobEnded { attempt, placement, ending });
    Ok(Occurrence { event: cause(now)?, actor: "signalbox".to_owned(), fact })
}

fn cause(now: Timestamp) -> Result<EventId, Fault> {
    let id = format!("tick:{}", now.as_millisecond());
    EventId::parse(id).map_err(|error| Fault::page(error, "this is a bug: please report it"))
}

/// The time that a run's id begins with.
fn triggered(key: &RunKey) -> Option<Timestamp> {
    let time = key.run.as_str().get(..16)?;
    let time = jiff::civil::DateTime::strptime("%Y%m%dt%H%M%Sz", time).ok()?;
    time.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}
