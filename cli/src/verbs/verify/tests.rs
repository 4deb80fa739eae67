use std::path::Path;

use signalbox_pipeline::keys;
use signalbox_pipeline::names::{PipelineName, RunId};

use super::examine::{Newest, Told, examine};
use super::*;
use crate::connect::testing::{self, Buckets};
use crate::connect::{RunRef, Stack, Version};

const BEGUN: &str = include_str!("../../../../shared/pipeline/src/audit/golden/run-1-begun.json");
const CHECKED_OUT: &str =
    include_str!("../../../../shared/pipeline/src/audit/golden/run-1-checked-out.json");
const DONE: &str = include_str!("../../../../shared/pipeline/src/audit/golden/run-1.json");
const ENVIRONMENT: &str =
    include_str!("../../../../shared/pipeline/src/audit/golden/environment-1.json");
const ENVIRONMENT_KEY: &str = "pipelines/rain/environments/test/environment.json";

fn found() -> RunRef {
    let id = RunId::parse("20260111t234000z-3e5983d-b94f5231").unwrap();
    RunRef { pipeline: PipelineName::parse("rain").unwrap(), id }
}

fn quiet() -> Output {
    Output { json: true, color: false, terminal: false }
}

/// A copy of a bucket with these documents.
fn copy(documents: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (key, text) in documents {
        let path = dir.path().join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

async fn verified(dir: &Path, runs: &[&str]) -> anyhow::Result<Exit> {
    let args = Args {
        runs: runs.iter().map(|run| (*run).to_owned()).collect(),
        all: runs.is_empty(),
        newest: false,
        bucket_copy: Some(dir.to_owned()),
        place: Place::default(),
    };
    run(args, &quiet()).await
}

#[tokio::test]
async fn a_whole_copy_holds_and_one_flipped_byte_does_not() {
    let key = found().key();
    let dir = copy(&[(&key, DONE), (ENVIRONMENT_KEY, ENVIRONMENT)]);
    assert_eq!(verified(dir.path(), &[]).await.unwrap(), Exit::Success);
    assert_eq!(verified(dir.path(), &["3e5983d"]).await.unwrap(), Exit::Success);
    assert_eq!(verified(dir.path(), &[found().id.as_str()]).await.unwrap(), Exit::Success);

    let mut bytes = DONE.as_bytes().to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(dir.path().join(&key), bytes).unwrap();
    assert_eq!(verified(dir.path(), &[]).await.unwrap(), Exit::Failed);
    assert_eq!(verified(dir.path(), &["latest"]).await.unwrap(), Exit::Failed);
}

#[tokio::test]
async fn a_release_whose_run_is_gone_or_never_verified_it_is_found() {
    let key = found().key();
    let alone = copy(&[(ENVIRONMENT_KEY, ENVIRONMENT)]);
    assert_eq!(verified(alone.path(), &[]).await.unwrap(), Exit::Failed);
    let early = copy(&[(&key, CHECKED_OUT), (ENVIRONMENT_KEY, ENVIRONMENT)]);
    assert_eq!(verified(early.path(), &[]).await.unwrap(), Exit::Failed);
}

#[tokio::test]
async fn where_nothing_lies_nothing_is_proven() {
    let empty = copy(&[]);
    for wanted in [vec![], vec!["latest"]] {
        let error = verified(empty.path(), &wanted).await.unwrap_err();
        assert_eq!(crate::exit::of(&error), Exit::NotFound, "{error:#}");
    }
    let missing = verified(&empty.path().join("missing"), &[]).await.unwrap_err();
    assert_eq!(crate::exit::of(&missing), Exit::NotFound, "{missing:#}");
}

async fn written(buckets: &Buckets, key: &str, versions: &[&str]) {
    let state = buckets.connection.state();
    for text in versions {
        let etag = match state.read(key, None).await.unwrap() {
            crate::connect::Read::Found { etag, .. } => Some(etag),
            _ => None,
        };
        state.write(key, (*text).to_owned(), etag.as_deref()).await.unwrap();
    }
}

async fn online(buckets: &Buckets) -> Vec<Told> {
    use futures_util::TryStreamExt as _;
    let shelf = Shelf::bucket(buckets.connection.state(), false);
    let stacks: Vec<Stack> = shelf.stacks("").try_collect().await.unwrap();
    let mut all = Vec::new();
    for stack in stacks {
        all.push(examine(&shelf, stack).await.unwrap().0);
    }
    all
}

#[tokio::test]
async fn every_version_in_the_bucket_goes_on_from_the_one_before() {
    let buckets = testing::buckets().await;
    written(&buckets, &found().key(), &[BEGUN, CHECKED_OUT]).await;
    let told = online(&buckets).await;
    assert!(told[0].findings.is_empty(), "{told:?}");
    assert_eq!((told[0].versions, told[0].entries), (2, Some(4)));

    // Somebody put the older version back: it is whole in itself.
    written(&buckets, &found().key(), &[BEGUN]).await;
    let told = online(&buckets).await;
    let finding = &told[0].findings[0];
    assert!(finding.finding.to_string().starts_with("entry 2: the version before"), "{told:?}");
    assert!(finding.version.is_some());
}

#[tokio::test]
async fn an_event_that_was_written_over_is_found() {
    let buckets = testing::buckets().await;
    let key = "events/2026/01/11/e-1.json";
    written(&buckets, key, &[r#"{"id":"e-1"}"#]).await;
    assert!(online(&buckets).await[0].findings.is_empty());
    written(&buckets, key, &[r#"{"id":"e-1","detail":{}}"#]).await;
    let told = online(&buckets).await;
    assert!(told[0].findings[0].finding.what.contains("written once"), "{told:?}");
}

#[tokio::test]
async fn a_bucket_of_many_pages_is_listed_whole() {
    use futures_util::TryStreamExt as _;
    let buckets = testing::buckets().await;
    let texts: Vec<String> = (0..7).map(|number| number.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for name in 0..150 {
        written(&buckets, &format!("other/{name:03}"), &texts).await;
    }
    let state = buckets.connection.state();
    let stacks: Vec<Stack> = state.stacks("other/").try_collect().await.unwrap();
    assert_eq!(stacks.len(), 150);
    for stack in &stacks {
        assert_eq!(stack.versions.len(), 7, "{stack:?}");
        let oldest = state.read_version(&stack.key, &stack.versions[0], 10).await.unwrap();
        assert_eq!(oldest.unwrap(), b"0");
    }
    let newest: Vec<Stack> = state.newest("other/").try_collect().await.unwrap();
    assert_eq!(newest.len(), 150);
    assert_eq!(newest[7], Stack::newest("other/007".to_owned()));
}

#[tokio::test]
async fn a_run_that_was_deleted_is_found() {
    let buckets = testing::buckets().await;
    let key = found().key();
    written(&buckets, &key, &[BEGUN]).await;
    let shelf = Shelf::bucket(buckets.connection.state(), false);
    let stack = Stack {
        key: key.clone(),
        versions: vec![Version::Newest],
        deletions: vec!["marker".to_owned()],
    };
    let (told, newest) = examine(&shelf, stack).await.unwrap();
    assert_eq!(told.findings[0].finding.to_string(), "it was deleted here");
    assert!(matches!(newest, Newest::Run(_)));
    assert_eq!(keys::state::run(&found().pipeline, &found().id), key);
}
