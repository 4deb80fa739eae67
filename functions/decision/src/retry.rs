//! What a run was for is to be tried again, by a new run.

use signalbox_cloud::advance::{News, RunKey};
use signalbox_cloud::decision::{self, Follow, Retry};
use signalbox_cloud::fault::Fault;
use signalbox_pipeline::head::Head;
use signalbox_pipeline::keys;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::fact::Trigger;
use signalbox_pipeline::run::{Fact, Run};

use super::{Decide, Decided};

impl Decide {
    pub(super) async fn retry(&self, decided: &Decided, retry: &Retry) -> Result<(), Fault> {
        let before = self.runs.load(&retry.run).await?;
        let refused =
            |reason: String| Fault::NotOurs(format!("{} cannot be retried: {reason}", retry.run));
        let before = before.ok_or_else(|| refused("there is no such run".to_owned()))?;
        let (pipeline, run) = (before.pipeline.clone(), decided.decision.retried(&before));
        let key = RunKey { pipeline, run };
        // The same decision again finds its run, whatever has become of the branch since.
        let begun = self.runs.load(&key).await?.map(|run| run.state.trigger);
        let trigger = match begun {
            Some(trigger) => trigger,
            None => self.trigger(retry, &before).await?.map_err(refused)?,
        };
        let cause = decided.decision.id.clone();
        let fact = Fact::Triggered(trigger);
        let first = Occurrence { event: cause.clone(), actor: decided.by.clone(), fact };
        let told = self.runs.begin(&key, News { cause, occurrences: vec![first] }).await?;
        if told.puts == 0 {
            tracing::info!(run = %key, "this decision began its run already");
        } else {
            tracing::info!(run = %key, retry_of = %before.id, "began a run");
        }
        Ok(())
    }

    /// The trigger of the new run, or why there is none.
    async fn trigger(&self, retry: &Retry, before: &Run) -> Result<Result<Trigger, String>, Fault> {
        let trigger = &before.state.trigger;
        let (host, repository) = (&trigger.host, &trigger.repository);
        let registration = self.intake().registration(host, repository, &trigger.branch).await?;
        let owner = match retry.definition {
            Follow::Original => None,
            Follow::Current => self.owner(before).await?,
        };
        let current = match retry.definition {
            Follow::Original => None,
            Follow::Current => match decision::current(owner.as_ref()) {
                Ok(definition) => Some(definition),
                Err(reason) => return Ok(Err(reason)),
            },
        };
        Ok(decision::begun(retry, before, current, &registration, &self.checkout_image))
    }

    /// The run that owns the branch now.
    async fn owner(&self, run: &Run) -> Result<Option<Run>, Fault> {
        let trigger = &run.state.trigger;
        let head = keys::state::head(&trigger.host, &trigger.repository, &trigger.branch);
        let Some(head) = self.runs.documents.load::<Head>(&head).await? else { return Ok(None) };
        let owner = RunKey { pipeline: run.pipeline.clone(), run: head.document.run };
        self.runs.load(&owner).await
    }
}
