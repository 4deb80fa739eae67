//! Bringing one run on that nothing else brings on.

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use signalbox_cloud::advance::{News, RunKey};
use signalbox_cloud::fault::Fault;
use signalbox_pipeline::deadline::overdue;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::fact::Overdue;
use signalbox_pipeline::run::{Decision, Fact, Run};

use super::pass::Pass;
use super::walk::Known;
use super::{ACTOR, Tick};

/// A marker that leads to no live run stays for so long: whoever put it may be about to write one.
const YOUNG: SignedDuration = SignedDuration::from_mins(5);

impl Tick {
    /// Heals the run `key`, whose marker was put at `marked_at`, and says which jobs it knows about.
    pub(crate) async fn heal(
        &self,
        key: &RunKey,
        marked_at: Option<Timestamp>,
    ) -> Result<(Pass, Known), Fault> {
        let now = self.runs.clock.now();
        let found = self.runs.load(key).await?;
        let known = found.as_ref().map(known).unwrap_or_default();
        let Some(run) = found.filter(|run| !run.is_settled()) else {
            let age = marked_at.map(|since| now.duration_since(since));
            return Ok((self.retire(key, age).await?, known));
        };
        let quiet = self.quiet(&run, now).await?;
        let missed = self.news_to(&run, quiet);
        let late = self.news_to(&run, self.late(&run, now)?);
        let mut found = self.gates(key, &run, now).await?;
        found.extend(self.rollouts(key, &run).boxed().await?);
        let found = self.news_to(&run, found);
        if missed.is_empty() && late.is_empty() && found.is_empty() && !run.has_work(now) {
            return Ok((Pass::fine(), known));
        }
        let (missed_count, overdue) = (missed.len(), late.len());
        let occurrences = missed.into_iter().chain(late).chain(found).collect();
        let told = self.runs.tell(key, News { cause: self.cause()?, occurrences }).await?;
        if told.puts == 0 {
            return Ok((Pass::fine(), known));
        }
        tracing::info!(missed = missed_count, overdue, puts = told.puts, "healed a run");
        Ok((Pass { healed: 1, missed: missed_count, overdue, ..Pass::fine() }, known))
    }

    /// Removes the marker of the run `key`, which is over or was never begun.
    async fn retire(&self, key: &RunKey, age: Option<SignedDuration>) -> Result<Pass, Fault> {
        if age.is_none_or(|age| age < YOUNG) {
            return Ok(Pass::fine());
        }
        self.runs.retire(key).await?;
        tracing::info!("removed the marker of a run that is over or was never begun");
        Ok(Pass { healed: 1, ..Pass::fine() })
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
