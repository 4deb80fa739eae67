//! What a repository's `signalbox.yaml` defines.
//!
//! The types are stored in the run document for ever; the file itself is read by [`parse`].

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::faults::{Collector, Faults};
use crate::gate::Condition;
use crate::names::{BranchName, EnvironmentName, ImageRepository, JobKey, PipelineName};
use crate::yaml;

mod branches;
mod command;
pub(crate) mod compute;
mod deploy;
mod files;
mod image;
mod job;
mod keys;
mod path;
mod tags;
mod top;
mod vcpus;

pub use branches::{BranchPattern, PatternError};
pub use files::{FilePattern, FilePatternError};
pub use image::{ImageReference, ImageReferenceError};
pub(crate) use job::{conditions, timeout};
pub use path::{PathError, RelativePath};
pub use tags::{TagPattern, TagPatternError};
pub(crate) use top::version;
pub use vcpus::{Vcpus, VcpusError};

/// How long a job may take where its definition does not say, in seconds.
pub const DEFAULT_TIMEOUT: u64 = 3600;

/// A pipeline, as one commit defines it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// The pipeline's name; it must be the one that the repository is registered for.
    pub pipeline: PipelineName,
    /// The branches whose pushes are carried out; `**` alone where the file names none.
    pub branches: Vec<BranchPattern>,
    /// The tags of images from outside that start a run; none where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<TagPattern>,
    /// How runs of one branch get along.
    #[serde(default, skip_serializing_if = "Concurrency::is_parallel")]
    pub concurrency: Concurrency,
    /// The checks, in the order of the file.
    pub checks: Vec<Job>,
    /// How the image is built; always there where something is deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// The environments to pass, in order.
    pub deploy: Vec<Deployment>,
    /// What a launch runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<Job>,
}

/// How runs of one branch get along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Concurrency {
    /// Side by side; only environments take one at a time.
    #[default]
    Parallel,
    /// One after the other: a run begins its checks when the one before it is over.
    Queue,
    /// A newer run ends those before it.
    Supersede,
}

impl Concurrency {
    fn is_parallel(&self) -> bool {
        *self == Self::Parallel
    }
}

/// A container to run: a check, or a job of an environment's `verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its name, unique in its stage.
    pub name: JobKey,
    /// The image of a check; without one it runs in the checkout image. Never set in `verify`,
    /// whose jobs run in the image of the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageReference>,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Commands that install what the job needs, run first, in order.
    pub setup: Vec<Vec<String>>,
    /// How long it may take.
    pub timeout_seconds: u64,
    /// How often it is tried again after it failed.
    pub retries: u32,
    /// Whether the run goes on where it fails.
    pub optional: bool,
    /// What must hold of its results, all of it.
    pub require: Vec<Condition>,
    /// What its report on data is held against: a file below the folder that it works in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<RelativePath>,
    /// What it runs on.
    pub compute: Compute,
}

/// What a job asks of its machine; what is absent is the environment's or the queue's to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compute {
    /// Processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vcpus: Option<Vcpus>,
    /// Memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,
    /// Graphics processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<u32>,
}

/// How the image is built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The Dockerfile, below the tree's root.
    pub dockerfile: RelativePath,
    /// The context, below the tree's root; `.` is the root itself.
    pub context: RelativePath,
    /// Where the image goes.
    pub repository: ImageRepository,
    /// What is run on the tree first, the program and its arguments; nothing where it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The files that are kept as packages, once that has run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<FilePattern>,
    /// How long the build may take.
    pub timeout_seconds: u64,
}

/// An environment to pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// The environment.
    pub environment: EnvironmentName,
    /// The jobs that verify a release there, in the order of the file.
    pub verify: Vec<Job>,
}

/// Reads a `signalbox.yaml`.
///
/// # Errors
/// With everything that is wrong with it, each fault with its line and column. Where the text is
/// not YAML at all, that alone is told.
pub fn parse(text: &str) -> Result<Definition, Faults> {
    read(text, |_| true)
}

/// Reads `signalbox.yaml` where it is known which environments ops have settings for.
///
/// # Errors
/// As [`parse`]; an environment that is not among `known` is a fault at its place.
pub fn parse_among(text: &str, known: &BTreeSet<EnvironmentName>) -> Result<Definition, Faults> {
    read(text, |environment| known.contains(environment))
}

/// The environments that `text` names, as far as it can be read: what has to be looked up before
/// [`parse_among`].
#[must_use]
pub fn environments(text: &str) -> BTreeSet<EnvironmentName> {
    let root = yaml::load(text, &mut Collector::default());
    let named = root.iter().flat_map(deploy::environments);
    named.map(|(environment, _)| environment).collect()
}

fn read(text: &str, is_known: impl Fn(&EnvironmentName) -> bool) -> Result<Definition, Faults> {
    let mut faults = Collector::default();
    let root = yaml::load(text, &mut faults);
    for (environment, place) in root.iter().flat_map(deploy::environments) {
        if !is_known(&environment) {
            let message = format!("the environment {environment} has no settings");
            let help = format!("ops apply them with `signalbox env apply {environment}.yaml`");
            faults.fault_with_help(place, message, help);
        }
    }
    let definition = root.and_then(|root| top::definition(&root, &mut faults));
    faults.finish(definition)
}

impl Definition {
    /// The first version of the run document that can hold the definition.
    #[must_use]
    pub fn schema(&self) -> u32 {
        let verify = self.deploy.iter().flat_map(|deployment| &deployment.verify);
        let is_new = |job: &Job| job.profile.is_some();
        let makes = self.build.as_ref().is_some_and(Build::makes_packages);
        let takes = !self.images.is_empty();
        if makes || takes || self.checks.iter().chain(verify).any(is_new) { 5 } else { 1 }
    }

    /// Whether a push to `branch` is carried out.
    #[must_use]
    pub fn triggers_on(&self, branch: &BranchName) -> bool {
        self.branches.iter().any(|pattern| pattern.matches(branch))
    }
}

impl Build {
    /// Whether it does more than pack an image.
    pub(crate) fn makes_packages(&self) -> bool {
        !self.command.is_empty() || !self.artifacts.is_empty()
    }
}

impl Compute {
    /// What is said here, and from `other` what is not.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            vcpus: self.vcpus.or(other.vcpus),
            memory_mib: self.memory_mib.or(other.memory_mib),
            gpus: self.gpus.or(other.gpus),
        }
    }
}

#[cfg(test)]
mod tests;
