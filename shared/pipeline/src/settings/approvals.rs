//! Who has to approve of a release before anything of it runs.

use serde::{Deserialize, Serialize};

use crate::names::GroupName;

/// How many people must approve of a release, and which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvals {
    /// As many different people.
    pub required: u32,
    /// Members of any of these groups.
    pub from: Vec<GroupName>,
    /// Whether whoever made the commit has no voice: its author, committer and pusher.
    pub exclude_author: bool,
    /// How long a release waits for them.
    pub expire_seconds: u64,
}
