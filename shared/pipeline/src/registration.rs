//! A registered repository: which pipeline it may start, from which branches.

use serde::{Deserialize, Serialize};

use crate::definition::{BranchPattern, ImageReference};
use crate::names::{BranchName, Host, PipelineName, RepositoryName};
use crate::notice::Target;

/// The version of the document that this code writes.
pub const SCHEMA: u32 = 1;

/// `repositories/<host>/<repository>.json`, written by ops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The version of the document.
    pub schema: u32,
    /// Counts the writes, from 1.
    pub revision: u64,
    /// Names the write.
    pub write_id: String,
    /// The host of the repository.
    pub host: Host,
    /// The repository.
    pub repository: RepositoryName,
    /// The only pipeline that it may start.
    pub pipeline: PipelineName,
    /// Where to clone from.
    pub clone_url: String,
    /// The branches that are worth a checkout.
    pub branches: Vec<BranchPattern>,
    /// The image of jobs that name none; the deployment's where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout_image: Option<ImageReference>,
    /// Who is told of the ends of its runs, wherever they end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<Target>,
}

impl Registration {
    /// Whether a push to `branch` is worth a checkout.
    #[must_use]
    pub fn admits(&self, branch: &BranchName) -> bool {
        self.branches.iter().any(|pattern| pattern.matches(branch))
    }
}
