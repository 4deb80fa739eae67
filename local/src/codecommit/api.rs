//! The API of CodeCommit: the two reads that tell where branches point.

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{CodeCommit, refs};
use crate::principals::Principal;
use crate::wire::{Answer, JsonService, WireError};

/// As many branches as one answer lists.
const PAGE: usize = 100;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    repository_name: Option<String>,
    branch_name: Option<String>,
    next_token: Option<String>,
}

impl JsonService for CodeCommit {
    fn call<'a>(
        &'a self,
        _: &'a Principal,
        operation: &'a str,
        body: Value,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let request: Request = serde_json::from_value(body).map_err(|error| {
                let what = format!("the request cannot be read: {error}");
                WireError::client("SerializationException", what)
            })?;
            match operation {
                "GetBranch" => self.get_branch(&request),
                "ListBranches" => self.list_branches(&request),
                other => Err(WireError::client(
                    "UnknownOperationException",
                    format!("the local engine has no operation `{other}` of CodeCommit"),
                )),
            }
        })
    }
}

impl CodeCommit {
    fn get_branch(&self, request: &Request) -> Answer {
        let branches = self.branches(request)?;
        let Some(name) = request.branch_name.as_deref() else {
            return Err(refuse("BranchNameRequiredException", "A branch name is required."));
        };
        match branches.get(name) {
            Some(commit) => Ok(json!({ "branch": { "branchName": name, "commitId": commit } })),
            None => Err(refuse("BranchDoesNotExistException", &format!("{name} does not exist"))),
        }
    }

    fn list_branches(&self, request: &Request) -> Answer {
        let branches = self.branches(request)?;
        let from: usize = match &request.next_token {
            Some(token) => token.parse().map_err(|_| {
                let what = "The continuation token is not one of this engine.";
                refuse("InvalidContinuationTokenException", what)
            })?,
            None => 0,
        };
        let names: Vec<&String> = branches.keys().skip(from).take(PAGE).collect();
        let next = from + names.len();
        let mut answer = json!({ "branches": names });
        if next < branches.len() {
            answer["nextToken"] = json!(next.to_string());
        }
        Ok(answer)
    }

    fn branches(&self, request: &Request) -> Result<refs::Branches, WireError> {
        let Some(name) = request.repository_name.as_deref() else {
            return Err(refuse(
                "RepositoryNameRequiredException",
                "A repository name is required.",
            ));
        };
        if !super::is_name(name) {
            let what = format!("{name} is not a valid repository name");
            return Err(refuse("InvalidRepositoryNameException", &what));
        }
        let repository = self.path(name);
        if !repository.is_dir() {
            let what = format!("{name} does not exist");
            return Err(refuse("RepositoryDoesNotExistException", &what));
        }
        refs::branches(&repository).map_err(WireError::internal)
    }
}

fn refuse(code: &str, message: &str) -> WireError {
    WireError::client(code, message)
}

#[cfg(test)]
mod tests;
