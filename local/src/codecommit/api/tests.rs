use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::events::EventSink;
use crate::principals::Kind;

/// A bus that nobody listens to.
struct Nobody;

impl EventSink for Nobody {
    fn put(&self, _: Value) -> BoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

fn open(dir: &Path) -> Arc<CodeCommit> {
    let hook = vec!["true".into()];
    CodeCommit::open(dir, "http://127.0.0.1:9", "arn", hook, Arc::new(Nobody), Arc::default())
        .unwrap()
}

async fn ask(codecommit: &CodeCommit, operation: &str, body: Value) -> Result<Value, String> {
    let text = String::new;
    let caller = Principal {
        kind: Kind::Function,
        name: text(),
        user_id: text(),
        access_key_id: text(),
        secret_access_key: text(),
    };
    codecommit.call(&caller, operation, body).await.map_err(|error| error.code)
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let ran = Command::new("git")
        .args(["-c", "user.name=T", "-c", "user.email=t@example.org", "-C"])
        .arg(folder)
        .args(arguments)
        .output()
        .unwrap();
    assert!(ran.status.success(), "git {arguments:?}");
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_branch_points_where_git_says_whether_it_is_packed_or_not() {
    let dir = tempfile::tempdir().unwrap();
    let codecommit = open(dir.path());
    let remote = codecommit.create("rain").await.unwrap();
    let work = dir.path().join("work");
    std::fs::create_dir(&work).unwrap();
    git(&work, &["init", "--quiet", "--initial-branch=main"]);
    git(&work, &["remote", "add", "origin", remote.to_str().unwrap()]);
    let commit = |message: &str| {
        git(&work, &["commit", "--quiet", "--allow-empty", "--message", message]);
        git(&work, &["push", "--quiet", "origin", "main", "main:release/1.0"]);
        git(&work, &["rev-parse", "HEAD"])
    };
    let first = commit("first");
    git(&remote, &["pack-refs", "--all"]);
    let main =
        || ask(&codecommit, "GetBranch", json!({ "repositoryName": "rain", "branchName": "main" }));
    assert_eq!(main().await.unwrap()["branch"]["commitId"], first);
    let second = commit("second");
    assert_ne!(first, second);
    assert_eq!(
        main().await.unwrap(),
        json!({ "branch": { "branchName": "main", "commitId": second } })
    );

    let branches = || ask(&codecommit, "ListBranches", json!({ "repositoryName": "rain" }));
    assert_eq!(branches().await.unwrap(), json!({ "branches": ["main", "release/1.0"] }));
    git(&work, &["push", "--quiet", "origin", ":release/1.0"]);
    assert_eq!(branches().await.unwrap(), json!({ "branches": ["main"] }));
}

#[tokio::test]
async fn many_branches_come_in_pages() {
    let dir = tempfile::tempdir().unwrap();
    let codecommit = open(dir.path());
    let heads = codecommit.create("rain").await.unwrap().join("refs/heads");
    for number in 0..101 {
        std::fs::write(heads.join(format!("b{number:03}")), "1".repeat(40)).unwrap();
    }
    let mut asked = json!({ "repositoryName": "rain" });
    let first = ask(&codecommit, "ListBranches", asked.clone()).await.unwrap();
    asked["nextToken"] = first["nextToken"].clone();
    assert_eq!(first["branches"].as_array().unwrap().len(), 100);
    assert_eq!(
        ask(&codecommit, "ListBranches", asked).await.unwrap(),
        json!({ "branches": ["b100"] })
    );
}

#[tokio::test]
async fn what_is_not_there_is_refused_as_codecommit_does() {
    let dir = tempfile::tempdir().unwrap();
    let codecommit = open(dir.path());
    codecommit.create("rain").await.unwrap();
    for (operation, body, code) in [
        ("GetBranch", json!({ "branchName": "main" }), "RepositoryNameRequiredException"),
        ("GetBranch", json!({ "repositoryName": "rain" }), "BranchNameRequiredException"),
        ("ListBranches", json!({ "repositoryName": "snow" }), "RepositoryDoesNotExistException"),
        ("ListBranches", json!({ "repositoryName": "../x" }), "InvalidRepositoryNameException"),
        (
            "GetBranch",
            json!({ "repositoryName": "rain", "branchName": "../../config" }),
            "BranchDoesNotExistException",
        ),
        ("PutFile", json!({}), "UnknownOperationException"),
    ] {
        assert_eq!(ask(&codecommit, operation, body).await, Err(code.to_owned()));
    }
}
