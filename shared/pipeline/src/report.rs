//! What a job reports: `result.json`, written by the runner.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::inspection::Finding;
use crate::names::{ImageDigest, ImageTag, Sha256};

mod metric;

pub use metric::Metric;

/// The largest `result.json` that is read, in bytes.
pub const LARGEST: usize = 256 * 1024;

/// The most characters of what is behind one metric; a reader takes no more.
pub const LONGEST_EVIDENCE: usize = 300;

/// The most packages of one build.
pub const MOST_PACKAGES: usize = 32;

/// The result of one attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The version of this document: 1.
    pub schema: u32,
    /// The exit code that the job ends with.
    pub exit_code: i32,
    /// Wall-clock time of the command, in seconds.
    pub seconds: f64,
    /// Processor time of the command and its children, in seconds.
    pub cpu_seconds: f64,
    /// The largest resident set of the command, in bytes.
    pub max_rss_bytes: u64,
    /// Counted from the JUnit files in `results/`; absent where there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<Tests>,
    /// From `results/metrics.json`; nested objects are flattened with dots.
    #[serde(default)]
    pub metrics: BTreeMap<String, Metric>,
    /// What is behind a metric, by its name, in words: the columns that have drifted most. Where a
    /// whole group of metrics is missing, why, by the first part of its names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<String, String>,
    /// What a preflight has tried, and what came of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What was delivered below `files/`.
    #[serde(default)]
    pub files: Vec<File>,
    /// The packages that a build delivered below `packages/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<File>,
    /// The image that a build pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Built>,
    /// Who made the commit that a checkout fetched, by git's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// Why the attempt ended otherwise than by its command's exit with 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What could not be carried out or read, in plain words; never fatal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Report {
    /// Whether it holds what only the fifth version of the run document can hold.
    pub(crate) fn needs_schema_5(&self) -> bool {
        !self.evidence.is_empty() || !self.packages.is_empty()
    }
}

/// Counted test cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tests {
    /// All cases.
    pub total: u64,
    /// Cases that passed.
    pub passed: u64,
    /// Cases whose assertion failed.
    pub failed: u64,
    /// Cases that broke otherwise.
    pub errored: u64,
    /// Cases that were left out.
    pub skipped: u64,
}

/// A delivered file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its path below `files/`.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its bytes.
    pub sha256: Sha256,
}

impl File {
    /// Whether it can be kept as a package: its name is one segment of a key.
    #[must_use]
    pub fn is_package(&self) -> bool {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte);
        let name = &self.name;
        !name.starts_with('.') && (1..=200).contains(&name.len()) && name.bytes().all(known)
    }
}

/// A pushed image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Built {
    /// The tag that it was pushed under.
    pub tag: ImageTag,
    /// The digest of its manifest.
    pub digest: ImageDigest,
}

/// Who made a commit. Whoever commits may write any name there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Who wrote the change.
    pub author: Signature,
    /// Who committed it.
    pub committer: Signature,
}

/// A person as git knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
}

impl Commit {
    /// The most characters of a name or an address.
    pub const LONGEST: usize = 200;

    /// Whether it is as short as the runner keeps it.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        let all = [&self.author, &self.committer];
        let mut words = all.iter().flat_map(|one| [&one.name, &one.email]);
        words.all(|word| word.chars().count() <= Self::LONGEST)
    }
}

/// Why an attempt did not end well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure it is.
    pub class: FailureClass,
    /// One line for the reader, at most 500 characters.
    pub message: String,
}

/// Who has to act on a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The command ended with a code of its own.
    Exit,
    /// A `setup` command failed.
    Dependency,
    /// The time was over.
    Timeout,
    /// The command was ended by a signal.
    Signal,
    /// The tree could not be fetched, or was not the one that was pinned.
    Source,
    /// The runner itself, or the platform under it.
    Runner,
}
