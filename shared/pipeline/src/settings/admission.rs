//! What an environment lets in: no commit can weaken it, since it is not in the repository.

use serde::{Deserialize, Serialize};

use crate::definition::BranchPattern;
use crate::inspection::{Bounds, Check, Finding};
use crate::names::{BranchName, JobKey, PipelineName};
use crate::phase::Phase;
use crate::run::state::Job;
use crate::settings::VariableName;

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// How large its image may be, by the size of its layers in the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_image_mib: Option<u64>,
    /// As many findings the registry's scan of its image may have; it is not asked, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan: Option<Bounds>,
    /// Which of `data` a job tries to read first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<VariableName>,
}

/// What asks to be let in.
#[derive(Clone, Copy, Debug)]
pub struct Entrant<'r> {
    /// The pipeline.
    pub pipeline: &'r PipelineName,
    /// The branch that was pushed to; none of an image from outside.
    pub branch: Option<&'r BranchName>,
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

    /// What each of these rules says of `entrant`.
    #[must_use]
    pub fn findings(&self, entrant: Entrant<'_>) -> Vec<Finding> {
        let Entrant { pipeline, branch, checks, image_bytes } = entrant;
        let mut findings = Vec::new();
        if let Some(admitted) = &self.pipelines {
            findings.push(of_rule(Check::Pipeline, "pipeline", pipeline, admitted, |one| {
                one == pipeline
            }));
        }
        if !self.branches.is_empty() {
            findings.push(match branch {
                Some(branch) => of_rule(Check::Branch, "branch", branch, &self.branches, |one| {
                    one.matches(branch)
                }),
                None => of_no_branch(&self.branches),
            });
        }
        findings.extend(self.require_checks.iter().map(|name| match branch {
            Some(_) => required(name, checks),
            None => unchecked(name),
        }));
        findings.extend(self.validate.max_image_mib.map(|most| small_enough(most, image_bytes)));
        findings
    }
}

fn of_no_branch(admitted: &[BranchPattern]) -> Finding {
    let admitted = joined(admitted);
    let evidence = format!(
        "an image from outside, which is of no branch, may not enter; `branches` of its settings: {admitted}"
    );
    Finding::failed(Check::Branch, evidence)
}

fn unchecked(name: &JobKey) -> Finding {
    let evidence = format!(
        "the check {name} is required by its settings, and an image from outside has passed none"
    );
    Finding::failed(Check::RequiredCheck, evidence)
}

fn of_rule<T: ToString>(
    check: Check,
    what: &str,
    name: impl std::fmt::Display,
    admitted: &[T],
    admits: impl Fn(&T) -> bool,
) -> Finding {
    if admitted.iter().any(admits) {
        return Finding::passed(check, format!("the {what} {name} may enter"));
    }
    let plural = if what == "branch" { "branches" } else { "pipelines" };
    let admitted = joined(admitted);
    let evidence =
        format!("the {what} {name} may not enter; `{plural}` of its settings: {admitted}");
    Finding::failed(check, evidence)
}

impl Validation {
    fn is_open(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether the image is small enough. One whose size nobody knows is not one that is small.
fn small_enough(most: u64, bytes: Option<u64>) -> Finding {
    let limit = format!("`validate.max_image` of its settings: {most} MiB");
    let Some(bytes) = bytes else {
        let evidence = format!("the registry does not say how large the image is; {limit}");
        return Finding::failed(Check::ImageSize, evidence);
    };
    let mib = bytes.div_ceil(1024 * 1024);
    let evidence = format!("the image has {mib} MiB; {limit}");
    if mib > most {
        return Finding::failed(Check::ImageSize, evidence);
    }
    Finding::passed(Check::ImageSize, evidence)
}

/// Whether the check `name` exists and has passed.
fn required(name: &JobKey, checks: &[Job]) -> Finding {
    let found = checks.iter().find(|check| check.name == *name);
    let trouble = match found {
        Some(check) if check.phase == Phase::Succeeded => {
            return Finding::passed(Check::RequiredCheck, format!("the check {name} has passed"));
        }
        Some(check) => format!("it {}", check.phase),
        None => "the definition has none of that name".to_owned(),
    };
    let evidence = format!("the check {name} is required by its settings, and {trouble}");
    Finding::failed(Check::RequiredCheck, evidence)
}

fn joined<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}
