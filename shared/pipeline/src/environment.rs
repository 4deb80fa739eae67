//! The environment document: which release is live.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::names::{EnvironmentName, ImageDigest, ImageRepository, PipelineName, RunId, Sha256};
use crate::report::Metric;
use crate::run::Run;
use crate::run::fact::{Evidence, LiveRelease};
use crate::run::state::StageWork;

/// The version of the document that this code writes.
pub const SCHEMA: u32 = 1;

/// `environment.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// The version of the document.
    pub schema: u32,
    /// Counts the writes, from 1.
    pub revision: u64,
    /// Names the write.
    pub write_id: String,
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The release that is live.
    pub current: Option<Release>,
}

/// Image, definition and settings, verified in an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// The run that it came from.
    pub run: RunId,
    /// Where the image lies.
    pub repository: ImageRepository,
    /// The image.
    pub image: ImageDigest,
    /// The digest of the definition.
    pub definition: Sha256,
    /// The digest of the environment's settings.
    pub settings: Sha256,
    /// What its verification measured.
    pub metrics: BTreeMap<String, Metric>,
    /// When it was verified.
    pub verified_at: Timestamp,
}

impl Release {
    /// The release that `run` has verified in `environment`.
    #[must_use]
    pub fn of(run: &Run, environment: &EnvironmentName) -> Option<Self> {
        let state = &run.state;
        let work = StageWork::Verify { environment: environment.clone() };
        let stage = state.stages.iter().find(|stage| stage.work == work)?;
        let image = state.image.as_ref()?;
        let last = stage.jobs.iter().filter_map(|job| job.attempts.last());
        let metrics = last.filter_map(|attempt| match attempt.evidence.as_ref()? {
            Evidence::Read(found) => Some(found.report.metrics.clone()),
            Evidence::Missing { .. } => None,
        });
        Some(Self {
            run: run.id.clone(),
            repository: image.repository.clone(),
            image: image.digest.clone(),
            definition: state.definition.as_ref()?.sha256.clone(),
            settings: stage.entered.as_ref()?.settings.as_ref()?.digest(),
            metrics: metrics.flatten().collect(),
            verified_at: stage.ended_at?,
        })
    }

    /// What a run that enters the environment is compared with.
    #[must_use]
    pub fn live(&self) -> LiveRelease {
        let (run, image) = (self.run.clone(), self.image.clone());
        LiveRelease { run, image, metrics: self.metrics.clone() }
    }
}

/// What recording a release comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Recording {
    /// The document goes on so.
    Recorded(Box<Environment>),
    /// The release is live already.
    Live,
    /// A newer run's release is live and stays so.
    Behind(RunId),
}

impl Environment {
    /// An environment in which nothing was ever released.
    #[must_use]
    pub fn new(pipeline: PipelineName, environment: EnvironmentName) -> Self {
        let (schema, revision, write_id) = (SCHEMA, 0, String::new());
        Self { schema, revision, write_id, pipeline, environment, current: None }
    }

    /// Records a release. Run ids begin with the time of their trigger, so the greater is the
    /// newer: a slow run never replaces the release of a newer commit.
    #[must_use]
    pub fn record(&self, release: &Release, write_id: &str) -> Recording {
        match &self.current {
            Some(current) if current.run == release.run => Recording::Live,
            Some(current) if current.run > release.run => Recording::Behind(current.run.clone()),
            _ => {
                let mut next = self.clone();
                next.revision = next.revision.saturating_add(1);
                write_id.clone_into(&mut next.write_id);
                next.current = Some(release.clone());
                Recording::Recorded(Box::new(next))
            }
        }
    }
}
