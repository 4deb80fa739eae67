//! The head of a branch: the newest commit seen, and the run that owns the branch.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::names::{CommitSha, RunId};

/// The version of the document that this code writes.
pub const SCHEMA: u32 = 1;

/// `heads/<host>/<repository>/<branch>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The version of the document.
    pub schema: u32,
    /// Counts the writes, from 1.
    pub revision: u64,
    /// Names the write.
    pub write_id: String,
    /// The newest commit seen.
    pub commit: CommitSha,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// The run that owns the branch.
    pub run: RunId,
}

impl Head {
    /// The head after `run` was begun for `commit`; nothing where the branch is already at a newer
    /// commit, or at this one.
    #[must_use]
    pub fn advanced(
        current: Option<&Self>,
        commit: &CommitSha,
        pushed_at: Timestamp,
        run: &RunId,
        write_id: &str,
    ) -> Option<Self> {
        let revision = current.map_or(0, |head| head.revision) + 1;
        // Two pushes in one moment are put in order by their run ids, the same way everywhere.
        if current.is_some_and(|head| (head.pushed_at, &head.run) >= (pushed_at, run)) {
            return None;
        }
        let (commit, run, write_id) = (commit.clone(), run.clone(), write_id.to_owned());
        Some(Self { schema: SCHEMA, revision, write_id, commit, pushed_at, run })
    }
}
