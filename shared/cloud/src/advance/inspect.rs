//! What the platform says of an environment when a run has come to its turn there.

use signalbox_pipeline::inspection::Seen;
use signalbox_pipeline::names::EnvironmentName;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::fact::Inspected;
use signalbox_pipeline::run::inspecting::Subject;

use super::Runs;
use crate::fault::Fault;

impl Runs {
    /// What is found of `environment`, which `run` has come to; nothing where it has not.
    ///
    /// # Errors
    /// When registry or Batch do not say.
    pub async fn inspect(
        &self,
        run: &Run,
        environment: &EnvironmentName,
    ) -> Result<Option<Inspected>, Fault> {
        let Some(subject) = run.subject(environment, &self.platform) else { return Ok(None) };
        let seen = self.see(&subject).await?;
        Ok(run.inspected(environment, &seen, &self.platform, self.clock.now()))
    }

    /// All of it side by side: a run waits as long as for the slowest.
    async fn see(&self, subject: &Subject) -> Result<Seen, Fault> {
        let Subject { image, queue, scan } = subject;
        let manifest = async {
            match image {
                Some((repository, digest)) => self.registry.manifest(repository, digest).await,
                None => Ok(None),
            }
        };
        let scan = async {
            match image {
                Some((repository, digest)) if *scan => {
                    self.registry.scan(repository, digest).await.map(Some)
                }
                _ => Ok(None),
            }
        };
        let (image, queue, scan) = tokio::try_join!(manifest, self.batch.queue(queue), scan)?;
        Ok(Seen { image, queue, scan })
    }
}
