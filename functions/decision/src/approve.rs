//! A person's word on a release that waits for it.

use signalbox_cloud::advance::News;
use signalbox_cloud::decision::Verdict;
use signalbox_cloud::fault::Fault;
use signalbox_pipeline::approval::{Word, judge};
use signalbox_pipeline::keys;
use signalbox_pipeline::people::People;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::fact::{self, Choice};
use signalbox_pipeline::run::{Fact, Run};

use super::{Decide, Decided};

impl Decide {
    /// Tells the run what a person who has a voice has decided. A word that does not count changes
    /// nothing: why not is one line of the log.
    pub(super) async fn approve(
        &self,
        decided: &Decided,
        verdict: &Verdict,
        choice: Choice,
    ) -> Result<(), Fault> {
        let key = &verdict.run;
        let (run, people) = tokio::join!(
            self.runs.load(key),
            self.runs.documents.load::<People>(keys::state::PEOPLE)
        );
        let run = run?.ok_or_else(|| Fault::NotOurs(format!("there is no run {key}")))?;
        let people = people?.map(|found| found.document);
        let cause = decided.decision.id.clone();
        let occurrences = if is_known(&run, decided) {
            // It counts already: only what follows from it may be left to do.
            Vec::new()
        } else {
            let Verdict { environment, release, .. } = verdict;
            let word = Word { environment, choice, release, sender: &decided.by };
            let person = match judge(&run, people.as_ref(), word, self.runs.clock.now()) {
                Ok(person) => person.clone(),
                Err(refusal) => {
                    tracing::warn!(run = %key, by = %decided.by, reason = %refusal, "does not count");
                    return Ok(());
                }
            };
            let fact = Fact::Decided(fact::Decided {
                decision: cause.clone(),
                environment: environment.clone(),
                choice,
                release: release.clone(),
                person,
                principal: decided.by.clone(),
                reason: verdict.reason.clone(),
                break_glass: verdict.break_glass,
            });
            vec![Occurrence { event: cause.clone(), actor: decided.by.clone(), fact }]
        };
        self.runs.tell(key, News { cause, occurrences }).await?.log(key);
        Ok(())
    }
}

fn is_known(run: &Run, decided: &Decided) -> bool {
    run.register.entries().iter().any(|entry| entry.event == decided.decision.id)
}
