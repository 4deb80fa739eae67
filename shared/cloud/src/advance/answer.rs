//! The answers to a run's questions, each from where the truth lies.

use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::names::EnvironmentName;
use signalbox_pipeline::run::fact::{Entered, ImageFound};
use signalbox_pipeline::run::{Fact, Question, Run};
use signalbox_pipeline::stage::Flow;

use super::telling::Telling;
use crate::fault::Fault;

const BUG: &str = "this is a bug: please report it";

impl Telling<'_> {
    pub(super) async fn answer(&self, run: &Run, question: &Question) -> Result<Fact, Fault> {
        match question {
            Question::Report(attempt) => self.reported(run, attempt).await.map(Fact::Reported),
            Question::Definition(attempt) => self.defined(run, attempt).await.map(Fact::Defined),
            Question::Image(attempt) => self.image_found(run, attempt).await.map(Fact::ImageFound),
            Question::Environment(environment) => {
                self.entered(run, environment).await.map(Fact::Entered)
            }
            Question::Inspection(environment, _) => {
                let inspected = self.runs.inspect(run, environment).await?;
                let lost = || Fault::page("an environment was asked about that is not there", BUG);
                inspected.map(Fact::Inspected).ok_or_else(lost)
            }
        }
    }

    /// The registry's word, not the event's: an event is only a hint.
    async fn image_found(&self, run: &Run, attempt: &AttemptId) -> Result<ImageFound, Fault> {
        let definition = run.state.definition.as_ref();
        let build = definition.and_then(|defined| defined.content.build.as_ref());
        let found = match build {
            Some(build) => {
                let tag = attempt.image_tag(&run.pipeline, &run.id);
                self.runs.registry.image_under_tag(&build.repository, &tag).await?
            }
            None => None,
        };
        let (packages, unbelieved) = match self.packages(run, attempt).await? {
            Ok(packages) => (packages, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        Ok(ImageFound {
            attempt: attempt.clone(),
            packages,
            unbelieved,
            digest: found.as_ref().map(|found| found.digest.clone()),
            bytes: found.and_then(|found| found.bytes),
        })
    }

    async fn entered(&self, run: &Run, environment: &EnvironmentName) -> Result<Entered, Fault> {
        match run.state.flow() {
            Flow::First => self.runs.found(&run.pipeline, environment).await,
            Flow::Second | Flow::Third => self.runs.entering(self.key, environment).await,
        }
    }
}
