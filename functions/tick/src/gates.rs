//! Runs that wait for others, for people or for a time: whatever they wait for is looked at.

use jiff::Timestamp;
use signalbox_cloud::advance::RunKey;
use signalbox_cloud::fault::Fault;
use signalbox_pipeline::deadline;
use signalbox_pipeline::effect::Effect;
use signalbox_pipeline::names::EnvironmentName;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::fact::{Entered, Expired, Overtaken};
use signalbox_pipeline::run::{Fact, Run};

use super::pass::Budget;
use super::{ACTOR, Tick};

impl Tick {
    /// What the run `key` finds now where it waits.
    pub(crate) async fn gates(
        &self,
        key: &RunKey,
        run: &Run,
        now: Timestamp,
    ) -> Result<Vec<Occurrence>, Fault> {
        let mut news = Vec::new();
        for (environment, reason) in deadline::expired(run, now) {
            let fact = Fact::Expired(Expired { environment, reason });
            news.push(Occurrence { event: self.cause()?, actor: ACTOR.to_owned(), fact });
        }
        if !news.is_empty() {
            return Ok(news);
        }
        if let Some(before) = run.state.queued_behind() {
            let other = RunKey { pipeline: key.pipeline.clone(), run: before.clone() };
            let other = self.runs.load(&other).await?;
            if other.is_none_or(|other| other.state.phase.is_terminal()) {
                let fact = Fact::Overtaken(Overtaken { run: before.clone() });
                news.push(Occurrence { event: self.cause()?, actor: ACTOR.to_owned(), fact });
            }
        }
        for stage in run.state.waits_before() {
            let Some(environment) = stage.work.environment() else { continue };
            let entered = self.at_the_gate(key, environment).await?;
            let fact = Fact::Entered(entered);
            news.push(Occurrence { event: self.cause()?, actor: ACTOR.to_owned(), fact });
        }
        for environment in run.state.waits_for_findings() {
            let Some(found) = self.runs.inspect(run, environment).await? else { continue };
            let fact = Fact::Inspected(found);
            news.push(Occurrence { event: self.cause()?, actor: ACTOR.to_owned(), fact });
        }
        Ok(news)
    }

    /// How the rollouts stand that the run waits for: looked at here once a minute at least, also
    /// where no launch ends, since a step may have baked for long enough.
    pub(crate) async fn rollouts(&self, key: &RunKey, run: &Run) -> Result<Vec<Occurrence>, Fault> {
        let mut news = Vec::new();
        for stage in run.state.rolls_out() {
            let Some(environment) = stage.work.environment() else { continue };
            self.count(&key.pipeline, environment, Budget::begin()).await?;
            let fact = self.runs.rollout_of(key, environment).await?;
            if let Some(fact) = fact {
                news.push(Occurrence { event: self.cause()?, actor: ACTOR.to_owned(), fact });
            }
        }
        Ok(news)
    }

    /// How the run finds the environment, once nobody is there any more who is over.
    async fn at_the_gate(
        &self,
        key: &RunKey,
        environment: &EnvironmentName,
    ) -> Result<Entered, Fault> {
        let entered = self.runs.entering(key, environment).await?;
        let standing = entered.standing.as_ref();
        let Some(holder) = standing.and_then(|standing| standing.behind.clone()) else {
            return Ok(entered);
        };
        let holder = RunKey { pipeline: key.pipeline.clone(), run: holder };
        if self.runs.load(&holder).await?.is_some_and(|run| may_hold(&run, environment)) {
            return Ok(entered);
        }
        tracing::warn!(run = %holder, %environment, "it is over and had kept its place");
        self.runs.evict(&holder, environment).await?;
        self.runs.entering(key, environment).await
    }
}

/// Whether the place may be the run's: it goes on, or has yet to give the place back.
fn may_hold(run: &Run, environment: &EnvironmentName) -> bool {
    let gives_back = run.pending.iter().any(|pending| match &pending.effect {
        Effect::Release(releasing) => releasing.environment == *environment,
        Effect::Leave(leaving) => leaving.environment == *environment,
        _ => false,
    });
    gives_back || !run.state.phase.is_terminal()
}
