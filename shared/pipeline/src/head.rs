//! The head of a branch: the newest commit seen, and the run that owns the branch.
//!
//! Who wants to begin a run for a commit claims the head first, by compare-and-swap: here a push
//! event and `tick`, which may have found the same commit without it, meet.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::names::{CommitSha, RunId};

/// The version of the document that this code writes.
pub const SCHEMA: u32 = 1;

/// How many late events a head remembers. An event is late when it was lost for minutes, and it
/// comes again within days: far fewer are.
const REMEMBERED: usize = 32;

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
    /// When it was pushed; of a found one, when it was seen.
    pub pushed_at: Timestamp,
    /// The run that owns the branch.
    pub run: RunId,
    /// The run that owned the branch before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<RunId>,
    /// Whether `tick` has found the commit, and its event has not come yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub found: bool,
    /// The runs that late events would have made, each with the one that `tick` had begun for its
    /// commit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub adopted: BTreeMap<RunId, RunId>,
    /// Commits that `tick` had found, each with its run, over which the branch moved on before their
    /// event came.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub passed: BTreeMap<CommitSha, RunId>,
}

/// What a claim comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The head to be written; the claim holds when that has won. Nothing to write where the head
    /// holds the claim already, or is at a newer push.
    pub head: Option<Head>,
    /// The run to be begun next, which finds itself begun where it was.
    pub run: RunId,
    /// The run that owned the branch before it.
    pub before: Option<RunId>,
    /// The run of a newer push, which owns the branch already.
    pub newer: Option<RunId>,
}

impl Head {
    /// The claim of a push event that would make `run`. A push that is older than the head makes
    /// its run all the same and leaves the head; one whose commit `tick` has found adopts that run,
    /// once, and a later push of the same commit makes a run of its own.
    #[must_use]
    pub fn pushed(
        current: Option<&Self>,
        commit: &CommitSha,
        pushed_at: Timestamp,
        run: &RunId,
        write_id: &str,
    ) -> Claim {
        let Some(head) = current else {
            return Claim::moving(None, commit, pushed_at, run, write_id);
        };
        if let Some(found) = head.adopted.get(run) {
            return Claim::held(found);
        }
        if head.found && head.commit == *commit {
            return head.adopt(run, &head.run, write_id);
        }
        if let Some(found) = head.passed.get(commit).filter(|_| pushed_at <= head.pushed_at) {
            return head.adopt(run, found, write_id);
        }
        // Two pushes in one moment are put in order by their run ids, the same way everywhere.
        if (head.pushed_at, &head.run) >= (pushed_at, run) {
            return head.known(run);
        }
        Claim::moving(current, commit, pushed_at, run, write_id)
    }

    /// The claim of `tick`, which saw `commit` at the branch at `seen_at` and would make `run`.
    /// Nothing where an event has claimed the head for this commit, or for one pushed since.
    ///
    /// The event of a push that came before `seen_at` must be taken for the older one: `seen_at` is
    /// a time at which the branch is known to have been at the commit.
    #[must_use]
    pub fn found(
        current: Option<&Self>,
        commit: &CommitSha,
        seen_at: Timestamp,
        run: &RunId,
        write_id: &str,
    ) -> Option<Claim> {
        if let Some(head) = current {
            if head.commit == *commit {
                // Found before: whoever claimed it may have died before the run was begun.
                return head.found.then(|| head.known(&head.run));
            }
            if head.pushed_at >= seen_at {
                return None;
            }
        }
        let mut claim = Claim::moving(current, commit, seen_at, run, write_id);
        claim.head.as_mut()?.found = true;
        Some(claim)
    }

    /// The head once the event that would have made `late` has come for a commit for which `tick`
    /// had begun `found`.
    fn adopt(&self, late: &RunId, found: &RunId, write_id: &str) -> Claim {
        let mut head = self.clone();
        head.revision = head.revision.saturating_add(1);
        write_id.clone_into(&mut head.write_id);
        head.found = self.found && self.run != *found;
        head.passed.retain(|_, run| run != found);
        head.adopted.insert(late.clone(), found.clone());
        while head.adopted.len() > REMEMBERED {
            // Run ids begin with their time: the first is the oldest.
            head.adopted.pop_first();
        }
        Claim { head: Some(head), ..Claim::held(found) }
    }

    /// The claim of a `run` that the head holds, or has moved past.
    fn known(&self, run: &RunId) -> Claim {
        let is_own = self.run == *run;
        Claim {
            before: self.before.clone().filter(|_| is_own),
            newer: (!is_own).then(|| self.run.clone()),
            ..Claim::held(run)
        }
    }

    /// The found commits without an event, once the branch has moved on from here.
    fn left_behind(&self) -> BTreeMap<CommitSha, RunId> {
        let mut passed = self.passed.clone();
        if self.found {
            passed.insert(self.commit.clone(), self.run.clone());
        }
        while passed.len() > REMEMBERED {
            let oldest =
                passed.iter().min_by_key(|(_, run)| *run).map(|(commit, _)| commit.clone());
            oldest.and_then(|commit| passed.remove(&commit));
        }
        passed
    }
}

impl Claim {
    /// `run` carries the push and takes nobody's place.
    #[must_use]
    pub fn held(run: &RunId) -> Self {
        Self { head: None, run: run.clone(), before: None, newer: None }
    }

    /// The head moves to `commit`, and `run` owns the branch.
    fn moving(
        current: Option<&Head>,
        commit: &CommitSha,
        pushed_at: Timestamp,
        run: &RunId,
        write_id: &str,
    ) -> Self {
        let head = Head {
            schema: SCHEMA,
            revision: current.map_or(0, |head| head.revision).saturating_add(1),
            write_id: write_id.to_owned(),
            commit: commit.clone(),
            pushed_at,
            run: run.clone(),
            before: current.map(|head| head.run.clone()),
            found: false,
            adopted: current.map(|head| head.adopted.clone()).unwrap_or_default(),
            passed: current.map(Head::left_behind).unwrap_or_default(),
        };
        let before = head.before.clone();
        Self { head: Some(head), run: run.clone(), before, newer: None }
    }
}

#[cfg(test)]
mod tests;
