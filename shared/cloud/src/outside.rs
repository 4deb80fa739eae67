//! The way from an image that no build of ours made to its run.

use futures_util::future::try_join_all;
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EnvironmentName, Host, ImageTag, PipelineName, RunId};
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::registration::Registration;
use signalbox_pipeline::run::fact::Trigger;
use signalbox_pipeline::run::fact::outside::{identity, registered};
use signalbox_pipeline::run::state::Image;
use signalbox_pipeline::run::{Fact, Run};

use crate::advance::{News, RunKey, Runs};
use crate::fault::Fault;
use crate::ingest::ecr::ImagePush;

/// As many environments of a pipeline are looked at.
const MOST_ENVIRONMENTS: u16 = 100;

impl Runs {
    /// Begins the run of an image that was pushed under `tag`, which is none of ours. `host` is what
    /// ops register image repositories under.
    ///
    /// # Errors
    /// What the message is to become follows from the fault; [`Fault::NotOurs`] where the image may
    /// start no run.
    pub async fn begin_outside(
        &self,
        host: &Host,
        push: &ImagePush,
        tag: &ImageTag,
    ) -> Result<(), Fault> {
        let (repository, digest) = (push.repository.clone(), push.digest.clone());
        let image = Image { repository, tag: tag.clone(), digest, bytes: None };
        let registration = self.image_registration(host, &image).await?;
        let identity = identity(&image).map_err(|error| Fault::NotOurs(error.to_string()))?;
        let run = keys::image_run_id(push.at, &image.digest, &identity);
        let key = RunKey { pipeline: registration.pipeline.clone(), run };
        // The same push again finds its run, whatever was released since.
        let trigger = match self.load(&key).await? {
            Some(begun) => begun.state.trigger,
            None => self.let_in(&registration, image, push).await?,
        };
        let first = Occurrence {
            event: identity.clone(),
            actor: "aws.ecr".to_owned(),
            fact: Fact::Triggered(trigger),
        };
        let told = self.begin(&key, News { cause: identity, occurrences: vec![first] }).await?;
        if told.puts == 0 {
            tracing::info!(run = %key, "this image began its run already");
        } else {
            tracing::info!(run = %key, image = %push.digest, "began a run");
        }
        Ok(())
    }

    async fn image_registration(&self, host: &Host, image: &Image) -> Result<Registration, Fault> {
        let Image { repository, tag, .. } = image;
        let foreign = || {
            Fault::NotOurs(format!(
                "{repository}:{tag} was pushed from outside, and nothing changes: only tags \
                 <pipeline>.<run>.<attempt> are of runs, and {host}/{repository} is not registered: \
                 `signalbox repo add {host}/{repository} --pipeline NAME` lets its images start runs"
            ))
        };
        let name = registered(image).ok_or_else(foreign)?;
        let document = keys::state::repository(host, &name);
        let found = self.documents.load::<Registration>(&document).await?;
        Ok(found.ok_or_else(foreign)?.document)
    }

    async fn let_in(
        &self,
        registration: &Registration,
        image: Image,
        push: &ImagePush,
    ) -> Result<Trigger, Fault> {
        let pipeline = &registration.pipeline;
        let refused = |why: &str| {
            let Image { repository, tag, .. } = &image;
            Fault::NotOurs(format!(
                "{repository}:{tag} was pushed from outside, and starts no run of {pipeline}: {why}"
            ))
        };
        let (found, newest) = tokio::try_join!(
            self.registry.image_under_tag(&image.repository, &image.tag),
            self.newest_release(pipeline),
        )?;
        // The event is a hint.
        let found = found.filter(|found| found.digest == image.digest);
        let found =
            found.ok_or_else(|| refused("the registry holds another image under that tag now"))?;
        let newest = newest.ok_or_else(|| {
            refused("nothing of it is released, so that there is no definition to follow")
        })?;
        let released = self.load(&RunKey { pipeline: pipeline.clone(), run: newest }).await?;
        let released: Run = released.ok_or_else(|| refused("the run that is released is gone"))?;
        let image = Image { bytes: found.bytes, ..image.clone() };
        Trigger::outside(image, &released, registration, push.at)
            .map_err(|error| refused(&error.to_string()))
    }

    /// The newest run whose release is live in any environment of `pipeline`.
    async fn newest_release(&self, pipeline: &PipelineName) -> Result<Option<RunId>, Fault> {
        let prefix = keys::state::environments(pipeline);
        let folders = self.documents.folders(&prefix, MOST_ENVIRONMENTS).await?;
        let names =
            folders.iter().filter_map(|folder| EnvironmentName::parse(folder.as_str()).ok());
        let live = names.map(|environment| async move {
            let key = keys::state::environment(pipeline, &environment);
            let found = self.documents.load::<Environment>(&key).await?;
            Ok::<_, Fault>(found.and_then(|found| found.document.current).map(|live| live.run))
        });
        Ok(try_join_all(live).await?.into_iter().flatten().max())
    }
}
