use serde::{Deserialize, Serialize};
use serde_json::json;

use super::*;
use crate::fault::Fault;
use crate::testing::no_chance;
use signalbox_testkit::{Answer, Script, ok, s3_error};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Note {
    schema: u32,
    write_id: String,
    text: String,
}

impl Stored for Note {
    const SCHEMA: u32 = 1;
    const LARGEST: usize = 1000;
}

impl Document for Note {
    fn schema(&self) -> u32 {
        self.schema
    }

    fn write_id(&self) -> &str {
        &self.write_id
    }
}

fn note(write_id: &str) -> Note {
    Note { schema: 1, write_id: write_id.to_owned(), text: "t".to_owned() }
}

fn stored(write_id: &str) -> Answer {
    ok(serde_json::to_string(&note(write_id)).unwrap())
}

fn missing() -> Answer {
    s3_error(404, "NoSuchKey")
}

fn documents(script: &Script) -> Documents {
    Documents::new(crate::testing::clients(script.clone()).s3(), "state", no_chance())
}

async fn etag() -> ETag {
    let script = Script::new([stored("w0")]);
    documents(&script).load::<Note>("k").await.unwrap().unwrap().etag
}

#[tokio::test]
async fn a_document_is_loaded_with_its_tag_and_its_absence_is_no_error() {
    let script = Script::new([stored("w1"), missing()]);
    let documents = documents(&script);
    let found = documents.load::<Note>("k").await.unwrap().unwrap();
    assert_eq!(found.document, note("w1"));
    assert_eq!(documents.load::<Note>("k").await.unwrap(), None);
}

#[tokio::test]
async fn what_cannot_be_understood_is_an_error_that_names_the_key() {
    let newer = json!({ "schema": 2, "more": true }).to_string();
    let large = json!({ "schema": 1, "x": "y".repeat(2000) }).to_string();
    for (body, words) in [
        (newer, "written by a newer version of Signalbox"),
        ("{\"schema\":1,\"write_id\":\"w\"".to_owned(), "is damaged"),
        ("\u{0}\u{1}".to_owned(), "is damaged"),
        ("{\"schema\":1}".to_owned(), "missing field"),
        (large, "more than 1000 bytes"),
    ] {
        let script = Script::new([ok(body)]);
        let error = documents(&script).load::<Note>("a/key.json").await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("a/key.json") && text.contains(words), "{text}");
        assert!(matches!(Fault::from(error), Fault::Unreadable { .. }), "{text}");
    }
}

#[tokio::test]
async fn a_damaged_document_is_never_overwritten() {
    let script = Script::new([ok("{}")]);
    let documents = documents(&script);
    let done = documents.transact("k", |_: Option<&Note>| Ok(Step::Put(note("w"), ())));
    assert!(matches!(done.await, Err(Fault::Unreadable { .. })));
    assert!(script.done().iter().all(|request| request.method == "GET"));
}

#[tokio::test]
async fn what_is_newer_than_one_knows_is_neither_read_nor_written() {
    let etag = etag().await;
    let script = Script::new([stored("w")]);
    let older = documents(&script).knowing(0);
    for error in [
        older.load::<Note>("k").await.unwrap_err(),
        older.create("k", &note("w")).await.unwrap_err(),
        older.replace("k", &note("w"), &etag).await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Newer { found: 1, known: 0, .. }), "{error}");
    }
    assert_eq!(script.done().len(), 1, "nothing was put");
}

#[tokio::test]
async fn each_put_carries_its_condition() {
    let etag = etag().await;
    let script = Script::new([ok(""), ok("")]);
    let documents = documents(&script);
    documents.create("k", &note("w")).await.unwrap();
    documents.replace("k", &note("w"), &etag).await.unwrap();
    let seen = script.done();
    assert_eq!(seen[0].header("if-none-match"), Some("*"));
    assert_eq!(seen[1].header("if-match"), Some("\"e2\""));
}

#[tokio::test]
async fn every_answer_to_a_conditional_put_has_its_meaning() {
    let etag = etag().await;
    let put = |answer: Answer| {
        let etag = etag.clone();
        async move {
            let script = Script::new([answer]);
            let put = documents(&script).replace("k", &note("w"), &etag).await;
            assert_eq!(script.done().len(), 1, "the SDK must not try again");
            put
        }
    };
    assert!(matches!(put(ok("")).await, Ok(Put::Committed(_))));
    assert_eq!(put(s3_error(412, "PreconditionFailed")).await.unwrap(), Put::Conflict);
    assert_eq!(put(s3_error(409, "ConditionalRequestConflict")).await.unwrap(), Put::Conflict);
    assert_eq!(put(missing()).await.unwrap(), Put::Gone);
    for unclear in [
        Answer::Timeout,
        Answer::Broken,
        s3_error(500, "InternalError"),
        s3_error(503, "SlowDown"),
        Answer::Http(200, vec![], String::new()),
    ] {
        assert!(matches!(put(unclear).await, Ok(Put::Indeterminate(_))));
    }
    for refused in [s3_error(403, "AccessDenied"), s3_error(404, "NoSuchBucket")] {
        let fault = Fault::from(put(refused).await.unwrap_err());
        assert!(matches!(fault, Fault::Page { .. }), "{fault}");
    }
}

#[tokio::test]
async fn a_transaction_decides_anew_after_losing_a_race() {
    let script = Script::new([
        missing(),
        s3_error(412, "PreconditionFailed"),
        stored("other"),
        s3_error(409, "ConditionalRequestConflict"),
        stored("other"),
        ok(""),
    ]);
    let mut seen = Vec::new();
    let documents = documents(&script);
    let answer = documents.transact("k", |now: Option<&Note>| {
        seen.push(now.map(|now| now.write_id.clone()));
        Ok(Step::Put(note("mine"), "written"))
    });
    assert_eq!(answer.await.unwrap(), "written");
    assert_eq!(seen, [None, Some("other".to_owned()), Some("other".to_owned())]);
    script.done();
}

#[tokio::test]
async fn a_kept_document_saves_a_put_its_read_and_decides_nothing_else() {
    let etag = etag().await;
    let kept = || Some(Versioned { document: note("kept"), etag: etag.clone() });
    let id = |now: Option<&Note>| now.map(|now| now.write_id.clone());

    let script = Script::new([ok("")]);
    let documents = documents(&script);
    let put = |_: Option<&Note>| Ok(Step::Put(note("mine"), ()));
    documents.transact_on(kept(), "k", put).await.unwrap();
    assert_eq!(script.done()[0].header("if-match"), Some("\"e2\""));

    let script = Script::new([s3_error(412, "PreconditionFailed"), stored("other"), ok("")]);
    let mut seen = Vec::new();
    let documents = self::documents(&script);
    let answer = documents.transact_on(kept(), "k", |now: Option<&Note>| {
        seen.push(id(now));
        Ok(Step::Put(note("mine"), ()))
    });
    let ((), written) = answer.await.unwrap();
    assert_eq!(written.unwrap().document, note("mine"), "as it was written");
    assert_eq!(seen, [Some("kept".to_owned()), Some("other".to_owned())]);
    script.done();

    let script = Script::new([stored("other")]);
    let documents = self::documents(&script);
    let look = |now: Option<&Note>| Ok::<Step<Note, _>, Fault>(Step::Keep(id(now)));
    let (answer, _) = documents.transact_on(kept(), "k", look).await.unwrap();
    assert_eq!(answer.as_deref(), Some("other"));
    script.done();
}

#[tokio::test]
async fn a_transaction_recognises_its_own_write_after_a_lost_answer() {
    let script = Script::new([missing(), Answer::Timeout, stored("mine")]);
    let mut decided = 0;
    let documents = documents(&script);
    let answer = documents.transact("k", |_: Option<&Note>| {
        decided += 1;
        Ok(Step::Put(note("mine"), "written"))
    });
    assert_eq!(answer.await.unwrap(), "written");
    assert_eq!(decided, 1);
    script.done();
}

#[tokio::test]
async fn a_transaction_gives_up_after_five_lost_races_and_asks_to_come_again_soon() {
    let lost = || [stored("other"), s3_error(412, "PreconditionFailed")];
    let script = Script::new((0..5).flat_map(|_| lost()));
    let documents = documents(&script);
    let answer = documents.transact("k", |_: Option<&Note>| Ok(Step::Put(note("w"), ())));
    assert!(matches!(answer.await, Err(Fault::Soon(_))));
    script.done();
}

#[tokio::test]
async fn keeping_a_document_writes_nothing() {
    let script = Script::new([stored("w")]);
    let documents = documents(&script);
    let answer = documents.transact("k", |_: Option<&Note>| Ok(Step::Keep(7)));
    assert_eq!(answer.await.unwrap(), 7);
    script.done();
}

#[tokio::test]
async fn markers_are_listed_in_order_from_where_one_left_off() {
    let marker = |key: &str, second: Option<i64>| Marker {
        key: key.to_owned(),
        marked_at: second.map(|second| jiff::Timestamp::from_second(second).unwrap()),
    };
    let page = "<ListBucketResult><Contents><Key>active/run/a</Key>\
                <LastModified>1970-01-01T00:01:04.000Z</LastModified></Contents>\
                <Contents><Key>active/run/b</Key></Contents></ListBucketResult>";
    let script = Script::new([ok(""), ok(page), ok("")]);
    let markers = Markers::new(crate::testing::clients(script.clone()).s3(), "index");
    markers.mark("active/run/a").await.unwrap();
    let found = markers.list("active/run/", Some("active/run/0"), 100).await.unwrap();
    assert_eq!(found, [marker("active/run/a", Some(64)), marker("active/run/b", None)]);
    markers.unmark("active/run/a").await.unwrap();
    let seen = script.done();
    assert!(seen[1].uri.contains("start-after=active%2Frun%2F0"), "{}", seen[1].uri);
    assert_eq!(seen[2].method, "DELETE");
}

#[tokio::test]
async fn an_artifact_is_read_by_version_within_a_bound_and_hashed() {
    let script = Script::new([ok("abc"), missing(), ok("abcd")]);
    let artifacts = Artifacts::new(crate::testing::clients(script.clone()).s3(), "artifacts");
    let found = artifacts.read("k", Some("v1"), 3).await.unwrap().unwrap();
    assert_eq!(found.version, "v2");
    assert!(found.sha256.as_str().starts_with("ba7816bf"));
    assert_eq!(artifacts.read("k", None, 3).await.unwrap(), None);
    assert!(matches!(artifacts.read("k", None, 3).await, Err(StoreError::TooLarge { .. })));
    assert!(script.done()[0].uri.contains("versionId=v1"));
}

#[tokio::test]
async fn a_copy_names_its_source_safely_and_answers_the_new_version() {
    let script = Script::new([ok("<CopyObjectResult><ETag>e</ETag></CopyObjectResult>")]);
    let artifacts = Artifacts::new(crate::testing::clients(script.clone()).s3(), "artifacts");
    let copied = artifacts.copy("incoming/AROA1:t-1/files/source.tar.zst", "to").await.unwrap();
    assert_eq!(copied.as_deref(), Some("v2"));
    let seen = script.done();
    let source = seen[0].header("x-amz-copy-source").unwrap();
    assert_eq!(source, "artifacts/incoming/AROA1%3At-1/files/source.tar.zst");
}
