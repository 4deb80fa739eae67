use serde_json::Value;
use signalbox_testkit::{Answer, Script, json_error, ok};

use super::*;

const COMMIT: &str = "9a2d57fbf237f1ee2c382cc3929efc09415eda76";

fn codecommit(script: &Script) -> CodeCommit {
    let host = "codecommit.eu-west-1.amazonaws.com".parse().unwrap();
    CodeCommit::new(crate::testing::clients(script.clone()).codecommit(&host))
}

fn rain() -> RepositoryName {
    RepositoryName::parse("rain").unwrap()
}

fn main() -> BranchName {
    BranchName::parse("main").unwrap()
}

fn got() -> Answer {
    ok(json!({ "branch": { "branchName": "main", "commitId": COMMIT } }).to_string())
}

#[tokio::test]
async fn a_branch_is_asked_for_by_one_signed_request() {
    let script = Script::new([got()]);
    let commit = codecommit(&script).commit_of(&rain(), &main()).await.unwrap();
    assert_eq!(commit.unwrap().as_str(), COMMIT);
    let seen = script.done();
    assert_eq!((seen[0].method.as_str(), seen[0].uri.as_str()), ("POST", "http://127.0.0.1:1/"));
    assert_eq!(seen[0].header("x-amz-target"), Some("CodeCommit_20150413.GetBranch"));
    assert_eq!(seen[0].header("content-type"), Some("application/x-amz-json-1.1"));
    let signature = seen[0].header("authorization").unwrap();
    assert!(signature.contains("AKIA1"), "{signature}");
    assert!(signature.contains("/eu-west-1/codecommit/aws4_request"), "{signature}");
    assert!(signature.contains("x-amz-target"), "it is signed too: {signature}");
    let body: Value = serde_json::from_str(&seen[0].body).unwrap();
    assert_eq!(body, json!({ "repositoryName": "rain", "branchName": "main" }));
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_asked_for_again() {
    let slow = json_error(400, "ThrottlingException", "slow down");
    let script = Script::new([Answer::Timeout, slow, got()]);
    assert!(codecommit(&script).commit_of(&rain(), &main()).await.unwrap().is_some());
    assert_eq!(script.done().len(), 3);
    let script = Script::new([json_error(500, "", ""), json_error(503, "", ""), Answer::Broken]);
    let fault = codecommit(&script).commit_of(&rain(), &main()).await.unwrap_err();
    assert!(matches!(fault, Fault::Retry { .. }), "{fault:?}");
    assert_eq!(script.done().len(), 3);
}

#[tokio::test]
async fn a_branch_that_is_not_there_is_no_fault_and_a_repository_that_is_not_there_is_one() {
    let absent = json_error(400, "BranchDoesNotExistException", "main does not exist");
    let namespaced = "com.amazonaws.codecommit#RepositoryDoesNotExistException:http://x";
    let script = Script::new([absent, json_error(400, namespaced, "rain does not exist")]);
    let codecommit = codecommit(&script);
    assert_eq!(codecommit.commit_of(&rain(), &main()).await.unwrap(), None);
    let fault = codecommit.commit_of(&rain(), &main()).await.unwrap_err().chain();
    assert!(fault.contains("no such repository; create it again"), "{fault}");
    script.done();
}

#[tokio::test]
async fn a_missing_permission_names_the_policy() {
    let script = Script::new([json_error(400, "AccessDeniedException", "not authorized")]);
    let fault = codecommit(&script).commit_of(&rain(), &main()).await.unwrap_err().chain();
    assert!(fault.contains("policy in template.yaml"), "{fault}");
}

#[tokio::test]
async fn branches_are_read_page_by_page_without_those_that_nobody_can_register() {
    let first = json!({ "branches": ["main", "wip~1"], "nextToken": "t" });
    let script =
        Script::new([ok(first.to_string()), ok(json!({ "branches": ["release/1"] }).to_string())]);
    let branches = codecommit(&script).branches(&rain()).await.unwrap();
    assert_eq!(branches, ["main", "release/1"].map(|name| BranchName::parse(name).unwrap()));
    let seen = script.done();
    assert!(seen[1].body.contains("\"nextToken\":\"t\""), "{}", seen[1].body);
}
