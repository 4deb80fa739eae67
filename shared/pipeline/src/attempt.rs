//! One submission of one job: how it is called on Batch and in the registry.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::sha256;
use crate::names::{
    EnvironmentName, ImageTag, JobKey, JobName, LaunchId, PipelineName, RunId, StageName,
};

/// Batch's limit for a job name.
const LONGEST_JOB_NAME: usize = 128;
/// How many hex digits of its hash end a name that would be too long.
const HASH_DIGITS: usize = 32;

/// An attempt inside its run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AttemptId {
    /// The stage.
    pub stage: StageName,
    /// The job inside the stage.
    pub job: JobKey,
    /// Counted from 1.
    pub number: u32,
}

impl AttemptId {
    /// The name under which the attempt is submitted. It is never parsed, only recomputed.
    #[must_use]
    pub fn job_name(&self, pipeline: &PipelineName, run: &RunId) -> JobName {
        let Self { stage, job, number } = self;
        bounded(format!("{pipeline}-{run}-{stage}-{job}-{number}"))
    }

    /// The same for an attempt of a launch.
    #[must_use]
    pub fn launch_name(
        &self,
        pipeline: &PipelineName,
        environment: &EnvironmentName,
        launch: &LaunchId,
    ) -> JobName {
        let Self { job, number, .. } = self;
        bounded(format!("{pipeline}-{launch}-{environment}-{job}-{number}"))
    }

    /// The tag under which a build attempt pushes its image.
    #[must_use]
    pub fn image_tag(&self, pipeline: &PipelineName, run: &RunId) -> ImageTag {
        ImageTag::assembled(format!("{pipeline}.{run}.{}", self.number))
    }

    /// The Batch parameters that say whose job it is, and come back in every event.
    #[must_use]
    pub fn parameters(&self, pipeline: &PipelineName, run: &RunId) -> BTreeMap<String, String> {
        [
            ("pipeline", pipeline.to_string()),
            ("run", run.to_string()),
            ("stage", self.stage.to_string()),
            ("job", self.job.to_string()),
            ("attempt", self.number.to_string()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

impl AttemptId {
    /// The Batch parameters of an attempt of a launch.
    #[must_use]
    pub fn launch_parameters(
        &self,
        pipeline: &PipelineName,
        environment: &EnvironmentName,
        launch: &LaunchId,
    ) -> BTreeMap<String, String> {
        [
            ("pipeline", pipeline.to_string()),
            ("environment", environment.to_string()),
            ("launch", launch.to_string()),
            ("attempt", self.number.to_string()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

/// `full`, or as much of it as Batch takes, and its hash.
fn bounded(full: String) -> JobName {
    if full.len() <= LONGEST_JOB_NAME {
        return JobName::assembled(full);
    }
    let hash = sha256(full.as_bytes());
    let kept = &full[..LONGEST_JOB_NAME - HASH_DIGITS - 1];
    JobName::assembled(format!("{kept}-{}", &hash.as_str()[..HASH_DIGITS]))
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} attempt {}", self.stage, self.job, self.number)
    }
}

/// The pipeline, run and attempt number that a tag of ours names.
#[must_use]
pub fn of_image_tag(tag: &ImageTag) -> Option<(PipelineName, RunId, u32)> {
    let mut parts = tag.as_str().split('.');
    let (pipeline, run, number) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Some((PipelineName::parse(pipeline).ok()?, RunId::parse(run).ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> (PipelineName, RunId) {
        let run = RunId::parse("20260111t234000z-3e5983d-9f86d081").unwrap();
        (PipelineName::parse("rain").unwrap(), run)
    }

    fn attempt(stage: &str, job: &str) -> AttemptId {
        let stage = StageName::parse(stage).unwrap();
        AttemptId { stage, job: JobKey::parse(job).unwrap(), number: 1 }
    }

    #[test]
    fn a_job_name_that_batch_would_refuse_is_hashed_and_stays_distinct() {
        let (pipeline, run) = names();
        let long = "a".repeat(40);
        let one = attempt(&"s".repeat(48), &long).job_name(&pipeline, &run);
        let other = attempt(&"s".repeat(48), &"a".repeat(39)).job_name(&pipeline, &run);
        assert_eq!(one.as_str().len(), 128);
        assert!(JobName::parse(one.as_str()).is_ok());
        assert_ne!(one, other);
        assert_eq!(
            attempt("checks", "unit").job_name(&pipeline, &run).as_str(),
            "rain-20260111t234000z-3e5983d-9f86d081-checks-unit-1"
        );
    }

    #[test]
    fn only_a_tag_of_ours_leads_to_a_run() {
        let (pipeline, run) = names();
        let tag = attempt("build", "build").image_tag(&pipeline, &run);
        assert_eq!(of_image_tag(&tag), Some((pipeline, run, 1)));
        for foreign in ["latest", "rain.x.1", "rain.20260111t234000z-3e5983d-9f86d081.1.2"] {
            assert_eq!(of_image_tag(&ImageTag::parse(foreign).unwrap()), None, "{foreign}");
        }
    }
}
