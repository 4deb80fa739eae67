//! Beginning a launch.

use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::keys;
use signalbox_pipeline::launch::{Launch, Picked, Requested};
use signalbox_pipeline::settings::Settings;

use super::{LEASE, LaunchKey, Request};
use crate::advance::Runs;
use crate::fault::Fault;
use crate::store::Put;

impl Runs {
    /// Makes the launch that `request` asks for, in the name of `by`; one that was made already is
    /// taken over where it was left.
    ///
    /// # Errors
    /// What the message is to become follows from the fault; [`Fault::NotOurs`] where nothing is
    /// released that could be launched.
    pub async fn launch(&self, request: &Request, by: &str) -> Result<Launch, Fault> {
        let key = request.key();
        if self.load_launch(&key).await?.is_some() {
            return self.tell_launch(&key, Vec::new()).await;
        }
        request.holds(self.clock.now())?;
        let picked = self.pick(&key).await?;
        let requested = Requested {
            event: request.id.clone(),
            at: request.at,
            by: by.to_owned(),
            reason: request.reason.clone(),
        };
        // The marker comes first: a launch that nobody can find would never be healed.
        self.markers.mark(&key.marker()).await?;
        let (platform, now) = (&self.platform, self.clock.now());
        let LaunchKey { pipeline, environment, launch } = key.clone();
        let mut launch =
            Launch::begin(launch, pipeline, environment, requested, picked, platform, now);
        let taken = launch.seal(&self.documents.chance().token(), now, LEASE);
        match self.documents.create(&key.document(), &launch).await? {
            Put::Committed(_) => {}
            // Another delivery of the request was faster, or this one has begun it: it comes again.
            Put::Conflict | Put::Gone | Put::Indeterminate(_) => {
                return Err(Fault::Soon(format!("whether {key} was begun is not clear")));
            }
        }
        let picked = &launch.picked;
        tracing::info!(launch = %key, side = %picked.side, release = %picked.release.run, "began a launch");
        let facts = self.carry_out(&key, &launch, &taken).await?;
        if facts.is_empty() {
            return Ok(launch);
        }
        self.tell_launch(&key, facts.into_iter().map(super::News::from).collect()).await
    }

    /// What the launch `key` runs.
    async fn pick(&self, key: &LaunchKey) -> Result<Picked, Fault> {
        let LaunchKey { pipeline, environment, launch } = key;
        let document = keys::state::environment(pipeline, environment);
        let found = self.documents.load::<Environment>(&document).await?;
        let nothing = || {
            let why = format!("nothing of {pipeline} is released in {environment}");
            Fault::NotOurs(format!("{why}: there is nothing to launch"))
        };
        let found = found.ok_or_else(nothing)?.document;
        let (side, release) = found.pick(launch).ok_or_else(nothing)?;
        let Some(train) = release.train.clone() else {
            let why = format!("{} defines no `train`", release.run);
            return Err(Fault::NotOurs(format!("{why}: there is nothing to launch")));
        };
        let settings = keys::state::settings_version(environment, &release.settings);
        let settings = self.documents.load::<Settings>(&settings).await?;
        let settings = settings.ok_or_else(|| {
            let (what, run) = (format!("the settings {}", release.settings), &release.run);
            let mend =
                format!("apply them again with `signalbox env apply`, or release {run} anew");
            Fault::page(format!("{what} of {environment} are gone"), mend)
        })?;
        Ok(found.picked(side, release, train, settings.document))
    }
}
