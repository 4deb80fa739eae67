//! What a job is told: the `SIGNALBOX_ORDER` variable, read by the runner.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::names::{BranchName, CommitSha, ImageRepository, ImageTag, Sha256};

/// The environment variable that carries an [`Order`] as JSON.
pub const VARIABLE: &str = "SIGNALBOX_ORDER";

/// The exit code of a job that ran out of time, as `timeout(1)` has it.
pub const EXIT_TIMEOUT: i32 = 124;

/// The exit code of the runner's own fault, which counts as *errored*, not *failed*.
pub const EXIT_RUNNER: i32 = 125;

/// Where the result, the log and the definition lie below the attempt's own prefix.
pub mod files {
    /// What the attempt reports; see [`crate::report::Report`].
    pub const RESULT: &str = "result.json";
    /// The attempt's log, standard output and error together.
    pub const LOG: &str = "log.txt";
    /// The prefix of the files that the attempt delivers.
    pub const DELIVERED: &str = "files/";
    /// The prefix of the packages that a build delivers, followed by their SHA-256 and name.
    pub const PACKAGES: &str = "packages/";
    /// What `checkout` delivers: the tree at the commit.
    pub const SOURCE: &str = "source.tar.zst";
    /// What `checkout` delivers, and the file's name in the repository.
    pub const DEFINITION: &str = "signalbox.yaml";
}

/// What one attempt has to do, and where its results go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The version of this document: 1.
    pub schema: u32,
    /// The bucket of sources and results.
    pub artifacts_bucket: String,
    /// `incoming/<role id>`: the attempt writes below `<incoming>:<task id>/`.
    pub incoming: String,
    /// After so many seconds the command is ended and the attempt exits with 124.
    pub timeout_seconds: u64,
    /// The variables that hold secrets: their values are kept out of the log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// The work itself.
    pub work: Work,
}

/// The kinds of work that the runner knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// Fetch the tree at a commit; deliver `source.tar.zst` and `signalbox.yaml`.
    Checkout {
        /// Where to clone from.
        clone_url: String,
        /// The exact commit.
        commit: CommitSha,
        /// The branch that it was pushed to.
        branch: BranchName,
    },
    /// Run the command on the runner's own command line.
    Exec {
        /// The tree to work in; without one the command runs where the image says.
        source: Option<Source>,
        /// Commands that install what the job needs, run first, with a failure class of their own.
        setup: Vec<Vec<String>>,
        /// What the report on data is held against, below the folder that the command works in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        profile: Option<String>,
    },
    /// Try what only a job can try, before anything else runs in an environment.
    Preflight {
        /// Where data lies that has to be readable, by the variable that names it.
        data: BTreeMap<String, String>,
        /// The variables that hold secrets.
        secrets: Vec<String>,
        /// The ARN of the role that the job has to have; any, where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<String>,
    },
    /// Build an image and push it.
    Build {
        /// The tree to build from.
        source: Source,
        /// The Dockerfile, below the tree's root.
        dockerfile: String,
        /// The build context, below the tree's root.
        context: String,
        /// What to run on the tree first; nothing where it is empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        command: Vec<String>,
        /// Which files to deliver as packages.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        artifacts: Vec<String>,
        /// Where to push.
        repository: ImageRepository,
        /// Under which tag.
        tag: ImageTag,
    },
}

/// A source archive, pinned by version and content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its key in the artifacts bucket.
    pub key: String,
    /// The version of the object.
    pub version: String,
    /// The SHA-256 of its bytes; a runner that fetches others refuses them.
    pub sha256: Sha256,
}
