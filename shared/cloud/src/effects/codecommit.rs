//! Where branches really point.

use serde::Deserialize;
use serde_json::json;
use signalbox_pipeline::names::{BranchName, CommitSha, RepositoryName};

use crate::clients::{JsonClient, Trouble};
use crate::fault::Fault;

/// How many pages of branches are read: a repository with more is not looked at to its end.
const PAGES: usize = 10;

/// CodeCommit.
#[derive(Clone, Debug)]
pub struct CodeCommit {
    json: JsonClient,
}

#[derive(Deserialize)]
struct GotBranch {
    branch: Branch,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Branch {
    commit_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(default)]
    branches: Vec<String>,
    next_token: Option<String>,
}

impl CodeCommit {
    /// CodeCommit behind `json`.
    #[must_use]
    pub fn new(json: JsonClient) -> Self {
        Self { json }
    }

    /// The commit that `branch` points to; nothing where there is no such branch.
    ///
    /// # Errors
    /// When CodeCommit does not say, or has no such repository.
    pub async fn commit_of(
        &self,
        repository: &RepositoryName,
        branch: &BranchName,
    ) -> Result<Option<CommitSha>, Fault> {
        let asked = json!({ "repositoryName": repository, "branchName": branch });
        let answer = self.json.call::<_, GotBranch>("GetBranch", &asked).await;
        let found = match answer {
            Ok(found) => found.branch.commit_id,
            Err(trouble) if trouble.code() == Some("BranchDoesNotExistException") => {
                return Ok(None);
            }
            Err(trouble) => {
                return Err(fault(trouble, format!("looking where {repository}@{branch} points")));
            }
        };
        let commit = CommitSha::parse(found).map_err(|error| {
            Fault::retry(format!("CodeCommit's answer for {repository}@{branch}"), error)
        })?;
        Ok(Some(commit))
    }

    /// The branches of `repository`, but for those whose names are none that can be registered.
    ///
    /// # Errors
    /// When CodeCommit does not say, or has no such repository.
    pub async fn branches(&self, repository: &RepositoryName) -> Result<Vec<BranchName>, Fault> {
        let mut branches = Vec::new();
        let mut asked = json!({ "repositoryName": repository });
        for _ in 0..PAGES {
            let page = self.json.call::<_, Listed>("ListBranches", &asked).await;
            let page = page.map_err(|trouble| {
                fault(trouble, format!("listing the branches of {repository}"))
            })?;
            branches.extend(page.branches.into_iter().filter_map(|name| name.parse().ok()));
            match page.next_token {
                Some(token) => asked["nextToken"] = token.into(),
                None => return Ok(branches),
            }
        }
        tracing::warn!(%repository, "has more branches than are looked at");
        Ok(branches)
    }
}

fn fault(trouble: Trouble, what: String) -> Fault {
    if trouble.code() == Some("RepositoryDoesNotExistException") {
        let mend = "create it again, or take its registration away";
        return Fault::page(format!("{what}: CodeCommit has no such repository"), mend);
    }
    trouble.fault(what)
}

#[cfg(test)]
mod tests;
