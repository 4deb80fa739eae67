//! What one run brings about for another.
//!
//! Nobody depends on it: who was not reached is found by `tick`, or by whoever takes over what is
//! still pending.

use signalbox_pipeline::definition::Concurrency;
use signalbox_pipeline::head::Head;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EnvironmentName, EventId, RunId};
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::fact::{Overtaken, Superseded};
use signalbox_pipeline::run::{Fact, Run};

use super::step::ACTOR;
use super::telling::{Base, Telling};
use super::{News, RunKey, Runs, Told};
use crate::fault::Fault;

/// As many runs as one telling may wake, one by the other.
const WAKES: usize = 20;

/// A run for which something has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wake {
    pub run: RunKey,
    pub why: Why,
}

/// What has changed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It is to look at an environment once more.
    Environment(EnvironmentName),
    /// A newer run takes its place.
    Superseded(RunId),
    /// The run before it is over, or knows that it is.
    Overtaken(RunId),
}

impl Runs {
    /// Tells `news`, and wakes those for whom that has changed something.
    pub(super) async fn carry(&self, key: &RunKey, news: News, base: Base) -> Result<Told, Fault> {
        let cause = news.cause.clone();
        // In boxes: what is told nests deep, and every caller would hold all of it on its stack.
        let (told, mut wakes) = Box::pin(Telling::new(self, key, news).carry(base)).await?;
        for _ in 0..WAKES {
            let Some(wake) = wakes.pop() else { break };
            match Box::pin(self.wake(&wake, &cause)).await {
                Ok(more) => wakes.extend(more),
                Err(fault) => {
                    let (run, reason) = (&wake.run, fault.chain());
                    tracing::warn!(%run, %reason, "it was not woken: `tick` looks at it");
                }
            }
        }
        Ok(told)
    }

    async fn wake(&self, wake: &Wake, cause: &EventId) -> Result<Vec<Wake>, Fault> {
        let Wake { run, why } = wake;
        let fact = match why {
            Why::Environment(environment) => Fact::Entered(self.entering(run, environment).await?),
            Why::Superseded(by) => Fact::Superseded(Superseded { by: by.clone() }),
            Why::Overtaken(before) => Fact::Overtaken(Overtaken { run: before.clone() }),
        };
        let news = Occurrence { event: cause.clone(), actor: ACTOR.to_owned(), fact };
        let news = News { cause: cause.clone(), occurrences: vec![news] };
        let told = Telling::new(self, run, news).carry(Base::Unknown).await;
        let mut wakes = match told {
            Ok((told, wakes)) => {
                told.log(run);
                wakes
            }
            // The run before was never begun: there is nobody to be told.
            Err(Fault::NotOurs(_)) if matches!(why, Why::Superseded(_)) => Vec::new(),
            Err(fault) => return Err(fault),
        };
        if let Why::Superseded(by) = why {
            let pipeline = run.pipeline.clone();
            let by = RunKey { pipeline, run: by.clone() };
            wakes.push(Wake { run: by, why: Why::Overtaken(run.run.clone()) });
        }
        Ok(wakes)
    }

    /// The run that waits for the end of `run`, where the pipeline's runs are queued: the one that
    /// owns the branch now. One between the two is found by `tick`.
    pub(super) async fn next_in_queue(&self, run: &Run) -> Result<Option<Wake>, Fault> {
        let definition = run.state.definition.as_ref().map(|defined| &defined.content);
        if definition.is_none_or(|one| one.concurrency != Concurrency::Queue) {
            return Ok(None);
        }
        let trigger = &run.state.trigger;
        let head = keys::state::head(&trigger.host, &trigger.repository, &trigger.branch);
        let Some(head) = self.documents.load::<Head>(&head).await? else { return Ok(None) };
        let (owner, before) = (head.document.run, head.document.before);
        Ok((before.as_ref() == Some(&run.id)).then(|| Wake {
            run: RunKey { pipeline: run.pipeline.clone(), run: owner },
            why: Why::Overtaken(run.id.clone()),
        }))
    }
}
