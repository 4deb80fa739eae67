//! Bringing one run on that nothing else brings on.

use jiff::{SignedDuration, Timestamp};
use signalbox_cloud::advance::{News, RunKey};
use signalbox_cloud::fault::Fault;
use signalbox_pipeline::deadline::overdue;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::fact::Overdue;
use signalbox_pipeline::run::{Decision, Fact, Run};

use super::pass::Pass;
use super::runs::Known;
use super::{ACTOR, Tick};

/// A marker without a run is left for so long: the run may be about to be written.
const UNBORN: SignedDuration = SignedDuration::from_hours(1);

impl Tick {
    /// Heals the run `key`, and says which jobs it knows about.
    pub(crate) async fn heal(&self, key: &RunKey) -> Result<(Pass, Known), Fault> {
        let now = self.runs.clock.now();
        let Some(run) = self.runs.load(key).await? else {
            return Ok((self.unborn(key, now).await?, Known::new()));
        };
        let known = known(&run);
        if run.is_settled() {
            self.runs.retire(key).await?;
            return Ok((Pass { healed: 1, ..Pass::fine() }, known));
        }
        let quiet = self.quiet(&run, now).await?;
        let missed = self.news_to(&run, quiet);
        let late = self.news_to(&run, self.late(&run, now)?);
        if missed.is_empty() && late.is_empty() && !run.has_work(now) {
            return Ok((Pass::fine(), known));
        }
        let (missed_count, overdue) = (missed.len(), late.len());
        let occurrences = missed.into_iter().chain(late).collect();
        let told = self.runs.tell(key, News { cause: self.cause()?, occurrences }).await?;
        if told.puts == 0 {
            return Ok((Pass::fine(), known));
        }
        tracing::info!(missed = missed_count, overdue, puts = told.puts, "healed a run");
        Ok((Pass { healed: 1, missed: missed_count, overdue, ..Pass::fine() }, known))
    }

    async fn unborn(&self, key: &RunKey, now: Timestamp) -> Result<Pass, Fault> {
        let since = triggered(key);
        if since.is_none_or(|since| now.duration_since(since) > UNBORN) {
            tracing::info!("removed the marker of a run that was never begun");
            self.runs.retire(key).await?;
        }
        Ok(Pass::fine())
    }

    /// The attempts that have outlived a deadline.
    fn late(&self, run: &Run, now: Timestamp) -> Result<Vec<Occurrence>, Fault> {
        let late = overdue(run, now).into_iter().map(|(attempt, reason)| {
            let fact = Fact::Overdue(Overdue { attempt, reason });
            Ok(Occurrence { event: self.cause()?, actor: ACTOR.to_owned(), fact })
        });
        late.collect()
    }

    /// What of `occurrences` changes the run: the rest would cost a read to find out.
    fn news_to(&self, run: &Run, mut occurrences: Vec<Occurrence>) -> Vec<Occurrence> {
        let (platform, now) = (&self.runs.platform, self.runs.clock.now());
        occurrences.retain(|one| match run.decide(one, platform, now) {
            Decision::Advance(_) => true,
            Decision::AlreadyApplied => false,
            Decision::Rejected(rejection) => {
                tracing::warn!(reason = %rejection, "not taken");
                false
            }
        });
        occurrences
    }
}

/// The jobs that `run` knows about, believed or not.
pub(crate) fn known(run: &Run) -> Known {
    let of_attempt = run.state.attempts().flat_map(|(_, _, attempt)| {
        let believed = attempt.placement.iter().map(|placement| &placement.job_id);
        believed.chain(attempt.surplus.iter().map(|surplus| &surplus.job_id))
    });
    of_attempt.cloned().collect()
}

/// The time that a run's id begins with.
fn triggered(key: &RunKey) -> Option<Timestamp> {
    let time = key.run.as_str().get(..16)?;
    let time = jiff::civil::DateTime::strptime("%Y%m%dt%H%M%Sz", time).ok()?;
    time.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}
