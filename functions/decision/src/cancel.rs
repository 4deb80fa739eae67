//! A run is to end.

use signalbox_cloud::advance::News;
use signalbox_cloud::decision::Cancel;
use signalbox_cloud::fault::Fault;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::Fact;
use signalbox_pipeline::run::fact::Cancelled;

use super::{Decide, Decided};

impl Decide {
    pub(super) async fn cancel(&self, decided: &Decided, cancel: &Cancel) -> Result<(), Fault> {
        let Cancel { run, reason } = cancel;
        let (decision, by) = (decided.decision.id.clone(), decided.by.clone());
        let fact = Fact::Cancelled(Cancelled {
            decision: decision.clone(),
            by: by.clone(),
            reason: reason.clone(),
        });
        let occurrences = vec![Occurrence { event: decision.clone(), actor: by, fact }];
        let told = self.runs.tell(run, News { cause: decision, occurrences }).await?;
        if told.puts == 0 && told.rejections.is_empty() {
            let phase = told.run.state.phase;
            tracing::info!(%run, %phase, "nothing is left to cancel");
        }
        told.log(run);
        Ok(())
    }
}
