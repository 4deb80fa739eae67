//! The environment document: which release is live.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::definition::Job;
use crate::digest::sha256;
use crate::names::{EnvironmentName, ImageDigest, ImageRepository, PipelineName, RunId, Sha256};
use crate::report::Metric;
use crate::run::Run;
use crate::run::fact::{Evidence, LiveRelease};
use crate::run::state::StageWork;
use crate::shared::Shared;

mod by_hand;
mod door;
pub mod history;
mod hold;
mod rollout;

pub use by_hand::{Generation, Refused};
pub use door::Entry;
use history::Change;
pub use hold::Hold;
pub use rollout::{Beginning, Candidate, Fallen, Moved, Whereabouts};

/// The newest version of the document that this code writes: the first that remembers who changed
/// what. One in which nothing was released yet stays what an older version can say.
pub const SCHEMA: u32 = 3;

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
    /// The run whose place it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<RunId>,
    /// The runs that wait for it, the first in front.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queue: Vec<RunId>,
    /// The runs that left last: a late request of theirs finds that they have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<RunId>,
    /// The release that was live before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Box<Release>>,
    /// The release that is being rolled out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Box<Candidate>>,
    /// The release that fell back last, or was taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallen: Option<Fallen>,
    /// Who keeps releases out, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// How many holds there were.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub holds: u64,
    /// The newest changes, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(count: &u64) -> bool {
    *count == 0
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
    /// What a launch runs, as the definition says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<Shared<Job>>,
}

/// The digest of a release: the SHA-256 over the digests of its image, definition and settings.
#[must_use]
pub fn release_digest(
    image: Option<&ImageDigest>,
    definition: &Sha256,
    settings: &Sha256,
) -> Sha256 {
    let image = image.map_or("none", ImageDigest::as_str);
    sha256(format!("{image} {definition} {settings}").as_bytes())
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
            settings: state.entered(stage)?.settings.as_ref()?.digest(),
            metrics: metrics.flatten().collect(),
            verified_at: stage.ended_at?,
            train: state.definition.as_ref()?.content.train.clone().map(Shared::new),
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
pub struct Recording {
    /// The document as it goes on; absent where it says all of this already.
    pub next: Option<Box<Environment>>,
    /// The newer run whose release is live and stays so.
    pub behind: Option<RunId>,
    /// Why it is not recorded at all.
    pub refused: Option<String>,
}

impl Environment {
    /// An environment in which nothing was ever released.
    #[must_use]
    pub fn new(pipeline: PipelineName, environment: EnvironmentName) -> Self {
        let (schema, revision, write_id) = (1, 0, String::new());
        Self {
            schema,
            revision,
            write_id,
            pipeline,
            environment,
            current: None,
            holder: None,
            queue: Vec::new(),
            left: Vec::new(),
            previous: None,
            candidate: None,
            fallen: None,
            hold: None,
            holds: 0,
            changes: Vec::new(),
        }
    }

    fn next(&self, write_id: &str) -> Self {
        let mut next = self.clone();
        next.revision = next.revision.saturating_add(1);
        write_id.clone_into(&mut next.write_id);
        next
    }

    /// Records a release, and gives the place of its run to the next. Run ids begin with the time of
    /// their trigger, so the greater is the newer: a slow run never replaces the release of a newer
    /// commit.
    #[must_use]
    pub fn record(&self, release: &Release, write_id: &str, now: Timestamp) -> Recording {
        let current = self.current.as_ref().map(|current| &current.run);
        let behind = current.filter(|run| **run > release.run).cloned();
        let is_live = behind.is_some() || current == Some(&release.run);
        let next = self.without(&release.run, write_id);
        if is_live {
            return Recording { next: next.map(Box::new), behind, refused: None };
        }
        if let Some(hold) = self.keeps_out(&release.run) {
            let refused = Some(hold.to_string());
            return Recording { next: next.map(Box::new), behind, refused };
        }
        let mut next = next.unwrap_or_else(|| self.next(write_id));
        next.schema = SCHEMA;
        next.lift_passed(&release.run, now);
        next.go_live(release.clone(), None, now);
        Recording { next: Some(Box::new(next)), behind, refused: None }
    }
}

#[cfg(test)]
mod tests;
