//! A person's hand on an environment: back to an older release, or nothing new for now.

use signalbox_cloud::advance::RunKey;
use signalbox_cloud::decision::{Steer, What};
use signalbox_cloud::fault::Fault;
use signalbox_pipeline::environment::{Environment, Refused, Release};

use super::{Decide, Decided};

impl Decide {
    /// Changes the environment as was decided, where it still is what that was decided about. What
    /// changes nothing says why in one line of the log.
    pub(super) async fn steer(&self, decided: &Decided, steer: &Steer) -> Result<(), Fault> {
        let Steer { pipeline, environment, meant_for, to, reason } = steer;
        let to = match to {
            None => None,
            Some(run) => Some(self.verified(steer, run.clone()).await?),
        };
        let (by, now) = (&decided.by, self.runs.clock.now());
        let why = reason.as_deref().unwrap_or_default();
        let decide = |found: &Environment, write_id: &str| match &decided.decision.what {
            What::Rollback(_) => found.roll_back(meant_for, to.as_ref(), by, why, write_id, now),
            What::Hold(_) => found.hold(meant_for, by, why, write_id, now),
            _ => found.resume(meant_for.holds, by, reason.as_deref(), write_id, now),
        };
        let changed = self.runs.change(pipeline, environment, |found, write_id| {
            match decide(found, write_id) {
                Ok(next) => (Some(next), Ok(())),
                Err(refused) => (None, Err(refused)),
            }
        });
        let (done, _): (Result<(), Refused>, _) = changed.await?;
        match done {
            Ok(()) => tracing::info!(%environment, %by, "a person changed what is released there"),
            Err(refused) => tracing::warn!(%environment, %by, reason = %refused, "nothing changes"),
        }
        Ok(())
    }

    /// The release that `run` has verified in the environment.
    async fn verified(
        &self,
        steer: &Steer,
        run: signalbox_pipeline::names::RunId,
    ) -> Result<Release, Fault> {
        let Steer { pipeline, environment, .. } = steer;
        let key = RunKey { pipeline: pipeline.clone(), run };
        let found = self.runs.load(&key).await?;
        let release = found.and_then(|run| Release::of(&run, environment));
        release.ok_or_else(|| {
            Fault::NotOurs(format!("{key} has verified nothing in {environment}: nothing changes"))
        })
    }
}
