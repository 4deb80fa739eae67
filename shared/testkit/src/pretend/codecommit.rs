//! CodeCommit: where branches point.

use serde_json::{Value, json};

use super::World;
use crate::{Answer, json_error, ok};

impl World {
    pub(super) fn codecommit(&self, operation: &str, body: &Value) -> Answer {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (repository, branch) = (text("repositoryName"), text("branchName"));
        match operation {
            "GetBranch" => match self.branches.get(&(repository, branch.clone())) {
                Some(commit) => {
                    let branch = json!({ "branchName": branch, "commitId": commit });
                    ok(json!({ "branch": branch }).to_string())
                }
                None => json_error(400, "BranchDoesNotExistException", &branch),
            },
            "ListBranches" => {
                let all = self.branches.keys().filter(|(of, _)| *of == repository);
                let names: Vec<&String> = all.map(|(_, branch)| branch).collect();
                ok(json!({ "branches": names }).to_string())
            }
            other => panic!("{other} is not pretended"),
        }
    }
}
