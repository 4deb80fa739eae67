use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{CodeCommit, hook};
use crate::events::EventSink;

/// A bus that remembers, and refuses the first few.
#[derive(Default)]
struct Memory {
    events: Mutex<Vec<Value>>,
    refusals: Mutex<usize>,
}

impl EventSink for Memory {
    fn put(&self, event: Value) -> BoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async move {
            let mut refusals = self.refusals.lock().expect("nobody panicked");
            if *refusals > 0 {
                *refusals -= 1;
                anyhow::bail!("the disk is full");
            }
            self.events.lock().expect("nobody panicked").push(event);
            Ok(())
        })
    }
}

const OLD: &str = "1111111111111111111111111111111111111111";
const NEW: &str = "2222222222222222222222222222222222222222";
const NONE: &str = "0000000000000000000000000000000000000000";
const CALLER: &str = "arn:aws:iam::123456789012:user/operator";

fn open(dir: &Path, sink: &Arc<Memory>, command: Vec<OsString>) -> Arc<CodeCommit> {
    let sink: Arc<dyn EventSink> = sink.clone();
    // Nobody listens there: the poke is best effort.
    CodeCommit::open(dir, "http://127.0.0.1:9", CALLER, command, sink, Arc::default())
        .expect("the folder can be written")
}

fn push(dir: &Path, changes: &str) {
    let arguments = [dir.join("codecommit/spool").into_os_string(), "rain".into()];
    hook(&arguments, changes.as_bytes()).expect("the events are kept");
}

#[tokio::test]
async fn each_reference_of_a_push_becomes_one_event() {
    let dir = tempfile::tempdir().expect("a folder");
    let sink = Arc::new(Memory::default());
    let codecommit = open(dir.path(), &sink, Vec::new());
    push(
        dir.path(),
        &format!(
            "{NONE} {NEW} refs/heads/main\n{OLD} {NEW} refs/heads/$(touch x) y\n{OLD} {NONE} refs/heads/old\n\
             {NONE} {NEW} refs/tags/v1\n{NONE} {NEW} refs/notes/commits\nnonsense\n"
        ),
    );
    assert_eq!(codecommit.drain().await.expect("the bus takes them"), 4);
    let events = sink.events.lock().expect("nobody panicked");
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let detail = &event["detail"];
            let word = |key: &str| detail[key].as_str().unwrap_or("-").to_owned();
            ["event", "referenceType", "referenceName", "oldCommitId", "commitId"].map(word)
        })
        .collect();
    assert_eq!(
        told,
        [
            ["referenceCreated", "branch", "main", "-", NEW],
            ["referenceUpdated", "branch", "$(touch x) y", OLD, NEW],
            ["referenceDeleted", "branch", "old", OLD, "-"],
            ["referenceCreated", "tag", "v1", "-", NEW],
        ]
    );
    assert_eq!(events[0]["detail"]["callerUserArn"], CALLER);
    assert_eq!(events[0]["resources"][0], "arn:aws:codecommit:eu-west-1:123456789012:rain");
    assert_ne!(events[0]["id"], events[1]["id"]);
}

#[tokio::test]
async fn an_event_stays_in_the_spool_until_the_bus_has_taken_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let sink = Arc::new(Memory { refusals: Mutex::new(1), ..Memory::default() });
    let codecommit = open(dir.path(), &sink, Vec::new());
    push(dir.path(), &format!("{NONE} {NEW} refs/heads/main\n"));
    assert!(codecommit.drain().await.is_err());
    drop(codecommit);

    let codecommit = open(dir.path(), &sink, Vec::new());
    assert_eq!(codecommit.drain().await.expect("the bus takes it"), 1);
    assert_eq!(codecommit.drain().await.expect("nothing is left"), 0);
    assert_eq!(sink.events.lock().expect("nobody panicked").len(), 1);
}

#[tokio::test]
async fn git_runs_the_hook_with_the_spool_the_name_and_what_changed() {
    let dir = tempfile::tempdir().expect("a folder");
    // A path that a careless script would fall over.
    let odd = dir.path().join("it's $HOME here");
    std::fs::create_dir(&odd).expect("a folder");
    let script = "printf '%s\\n' \"$@\" > \"$0\"; cat >> \"$0\"";
    let told = odd.join("told");
    let command = ["sh".into(), "-c".into(), script.into(), told.clone().into_os_string()];
    let codecommit = open(&odd, &Arc::default(), command.to_vec());
    let remote = codecommit.create("rain").await.expect("git is there");
    assert_eq!(codecommit.create("rain").await.expect("it is there already"), remote);

    let work = dir.path().join("work");
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .args(["-c", "user.name=T", "-c", "user.email=t@example.org", "-C"])
            .arg(&work)
            .args(arguments)
            .status()
            .expect("git is there");
        assert!(status.success(), "git {arguments:?}");
    };
    std::fs::create_dir(&work).expect("a folder");
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["commit", "--quiet", "--allow-empty", "--message=first"]);
    git(&["push", "--quiet", remote.to_str().expect("plain text"), "main"]);

    let told = std::fs::read_to_string(told).expect("the hook ran");
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines[0], odd.join("codecommit/spool").to_str().expect("plain text"));
    assert_eq!(lines[1], "rain");
    assert!(lines[2].starts_with(NONE) && lines[2].ends_with(" refs/heads/main"), "{told}");
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let codecommit = open(dir.path(), &Arc::default(), Vec::new());
    for name in ["", "..", "../x", "a/b", "a b", ".git", "x.git", &"x".repeat(101)] {
        assert!(codecommit.create(name).await.is_err(), "{name}");
    }
}
