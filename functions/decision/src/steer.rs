//! A person's hand on an environment: back to an older release, or nothing new for now.

use signalbox_cloud::advance::RunKey;
use signalbox_cloud::decision::{Steer, What};
use signalbox_cloud::fault::Fault;
use signalbox_pipeline::environment::{Environment, Refused, Release};
use signalbox_pipeline::notice::Notice;

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
        let (done, found): (Result<(), Refused>, _) = changed.await?;
        match done {
            Ok(()) => tracing::info!(%environment, %by, "a person changed what is released there"),
            Err(refused) => tracing::warn!(%environment, %by, reason = %refused, "nothing changes"),
        }
        match found {
            Some(found) => self.tell_of_hold(decided, steer, &found.document).await,
            None => Ok(()),
        }
    }

    /// Tells whom the settings name where the hold that stands is this decision's: also when it comes
    /// again, since whoever carried it out may have died before it told anybody.
    async fn tell_of_hold(
        &self,
        decided: &Decided,
        steer: &Steer,
        found: &Environment,
    ) -> Result<(), Fault> {
        let is_its_own = found.hold.as_ref().is_some_and(|hold| {
            hold.by == decided.by && hold.number == steer.meant_for.holds.saturating_add(1)
        });
        let (true, Some(live)) = (is_its_own, &found.current) else { return Ok(()) };
        let key = RunKey { pipeline: steer.pipeline.clone(), run: live.run.clone() };
        let (run, settings) =
            tokio::join!(self.runs.load(&key), self.runs.settings(&steer.environment));
        let notice = run?
            .zip(settings?)
            .and_then(|(run, settings)| Notice::of_hold(&run, found, &settings.notify));
        match notice {
            Some(notice) => self.runs.notices.send(&notice).await,
            None => Ok(()),
        }
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
