//! What an environment lets in: no commit can weaken it, since it is not in the repository.

use serde::{Deserialize, Serialize};

use crate::definition::BranchPattern;
use crate::names::{BranchName, JobKey, PipelineName};
use crate::phase::Phase;
use crate::run::state::Job;

/// What may enter an environment. Nothing is left out where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// The pipelines; all of them, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipelines: Option<Vec<PipelineName>>,
    /// The branches, whatever a commit's own definition says; all of them, where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<BranchPattern>,
    /// The checks that must exist and must have passed, optional or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub require_checks: Vec<JobKey>,
    /// What must hold of the release.
    #[serde(default, skip_serializing_if = "Validation::is_open")]
    pub validate: Validation,
}

/// What must hold of a release before anything of it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// How large its image may be, by the size of its layers in the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_image_mib: Option<u64>,
}

/// What asks to be let in.
#[derive(Clone, Copy, Debug)]
pub struct Entrant<'r> {
    /// The pipeline.
    pub pipeline: &'r PipelineName,
    /// The branch that was pushed to.
    pub branch: &'r BranchName,
    /// What its checks came to.
    pub checks: &'r [Job],
    /// The size of its image, in bytes, where the registry has told it.
    pub image_bytes: Option<u64>,
}

impl Admission {
    /// Whether it leaves nothing out.
    pub(super) fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// Everything that keeps `entrant` out: a sentence each, none where it may enter.
    #[must_use]
    pub fn refusals(&self, entrant: Entrant<'_>) -> Vec<String> {
        let Entrant { pipeline, branch, checks, image_bytes } = entrant;
        let mut refusals = Vec::new();
        if let Some(admitted) = self.pipelines.as_ref().filter(|all| !all.contains(pipeline)) {
            refusals.push(format!(
                "the pipeline {pipeline} may not enter; `pipelines` of its settings: {}",
                joined(admitted)
            ));
        }
        if !self.branches.is_empty() && !self.branches.iter().any(|one| one.matches(branch)) {
            refusals.push(format!(
                "the branch {branch} may not enter; `branches` of its settings: {}",
                joined(&self.branches)
            ));
        }
        refusals.extend(self.require_checks.iter().filter_map(|name| missing(name, checks)));
        refusals.extend(self.validate.max_image_mib.and_then(|most| too_large(most, image_bytes)));
        refusals
    }
}

impl Validation {
    fn is_open(&self) -> bool {
        *self == Self::default()
    }
}

/// What is amiss with the size of the image. One that nobody knows is not one that is small.
fn too_large(most: u64, bytes: Option<u64>) -> Option<String> {
    let limit = format!("`validate.max_image` of its settings: {most} MiB");
    let Some(bytes) = bytes else {
        return Some(format!("the registry does not say how large the image is; {limit}"));
    };
    let mib = bytes.div_ceil(1024 * 1024);
    (mib > most).then(|| format!("the image has {mib} MiB; {limit}"))
}

/// What is amiss with the required check `name`.
fn missing(name: &JobKey, checks: &[Job]) -> Option<String> {
    match checks.iter().find(|check| check.name == *name) {
        None => Some(format!(
            "the check {name} is required by its settings, and the definition has none of that name"
        )),
        Some(check) if check.phase == Phase::Succeeded => None,
        Some(check) => {
            Some(format!("the check {name} is required by its settings, and it {}", check.phase))
        }
    }
}

fn joined<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}
