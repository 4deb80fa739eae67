use std::path::Path;

use proptest::prelude::*;
use s3s::dto::{
    DeleteObjectInput, ETag, ETagCondition, GetObjectInput, GetObjectOutput, PutObjectInput,
    PutObjectOutput, StreamingBlob,
};
use s3s::{Body, S3Error, S3Request};

use super::list::{After, Query};
use super::*;

fn store(dir: &Path, versioned: bool) -> Arc<S3> {
    let s3 = S3::open(dir, Clock::default()).unwrap();
    s3.create_bucket("bucket", versioned).unwrap();
    s3
}

fn put_input(key: &str, body: &str) -> PutObjectInput {
    PutObjectInput {
        bucket: "bucket".to_owned(),
        key: key.to_owned(),
        body: Some(StreamingBlob::from(Body::from(body.to_owned()))),
        ..Default::default()
    }
}

async fn put_if(s3: &S3, input: PutObjectInput) -> Result<PutObjectOutput, S3Error> {
    let request = S3Request {
        input,
        method: axum::http::Method::PUT,
        uri: axum::http::Uri::default(),
        headers: axum::http::HeaderMap::default(),
        extensions: axum::http::Extensions::default(),
        credentials: None,
        region: None,
        service: None,
        trailing_headers: None,
    };
    s3.put(request).await
}

async fn put(s3: &S3, key: &str, body: &str) -> PutObjectOutput {
    put_if(s3, put_input(key, body)).await.unwrap()
}

/// A body that lies in a file of its own.
fn large(body: &str) -> String {
    body.repeat(256 * 1024)
}

async fn get(s3: &S3, key: &str, version: Option<&str>) -> Result<String, S3Error> {
    let input = GetObjectInput {
        bucket: "bucket".to_owned(),
        key: key.to_owned(),
        version_id: version.map(str::to_owned),
        ..Default::default()
    };
    Ok(text(s3.get(input)?).await)
}

async fn text(got: GetObjectOutput) -> String {
    let body = Body::from(got.body.unwrap());
    let bytes = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn delete(s3: &S3, key: &str, version: Option<&str>) -> s3s::dto::DeleteObjectOutput {
    let input = DeleteObjectInput {
        bucket: "bucket".to_owned(),
        key: key.to_owned(),
        version_id: version.map(str::to_owned),
        ..Default::default()
    };
    s3.delete(input).unwrap()
}

fn code<T: std::fmt::Debug>(result: Result<T, S3Error>) -> String {
    result.unwrap_err().code().as_str().to_owned()
}

#[tokio::test]
async fn an_object_and_one_below_it_get_along_and_outlive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let s3 = store(dir.path(), false);
    for key in ["a", "a/b", "a/", "/a", "a//b", "..", "a=", "a/b=/c"] {
        put(&s3, key, key).await;
    }
    drop(s3);
    let s3 = S3::open(dir.path(), Clock::default()).unwrap();
    for key in ["a", "a/b", "a/", "/a", "a//b", "..", "a=", "a/b=/c"] {
        assert_eq!(get(&s3, key, None).await.unwrap(), key);
    }
}

proptest! {
    #[test]
    fn no_two_keys_share_a_folder_and_none_leaves_its_own(a in "[a/.=%~é]{1,8}", b in "[a/.=%~é]{1,8}") {
        prop_assert_eq!(path::folder(&a) == path::folder(&b), a == b);
        let normal = |part| matches!(part, std::path::Component::Normal(_));
        prop_assert!(path::folder(&a).components().all(normal));
        prop_assert!(!path::folder(&b).starts_with(path::folder(&a)) || a == b);
    }
}

#[test]
fn the_longest_key_fits_into_names_of_files() {
    let key = "é".repeat(512);
    for part in path::folder(&key).components() {
        assert!(part.as_os_str().len() <= 255);
    }
    assert_ne!(path::folder(&key), path::folder(&format!("{}e", &key[..1022])));
}

#[tokio::test]
async fn a_write_is_refused_when_its_condition_does_not_hold() {
    let dir = tempfile::tempdir().unwrap();
    let s3 = store(dir.path(), false);
    let create =
        || PutObjectInput { if_none_match: Some(ETagCondition::Any), ..put_input("k", "new") };
    let replace = |etag: &ETag| PutObjectInput {
        if_match: Some(ETagCondition::ETag(etag.clone())),
        ..put_input("k", "next")
    };
    assert_eq!(code(put_if(&s3, replace(&ETag::Strong("x".into()))).await), "NoSuchKey");
    let first = put_if(&s3, create()).await.unwrap().e_tag.unwrap();
    assert_eq!(code(put_if(&s3, create()).await), "PreconditionFailed");
    put_if(&s3, replace(&first)).await.unwrap();
    assert_eq!(code(put_if(&s3, replace(&first)).await), "PreconditionFailed");
    assert_eq!(get(&s3, "k", None).await.unwrap(), "next");
    // What was refused leaves nothing behind.
    assert_eq!(std::fs::read_dir(dir.path().join("bucket/incoming")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_create_a_key_at_once_one_wins() {
    let dir = tempfile::tempdir().unwrap();
    let s3 = store(dir.path(), true);
    let create = |n: usize| {
        let s3 = Arc::clone(&s3);
        let input = PutObjectInput {
            if_none_match: Some(ETagCondition::Any),
            ..put_input("k", &n.to_string())
        };
        tokio::spawn(async move { put_if(&s3, input).await.is_ok() })
    };
    let all = futures_util::future::join_all((0..32).map(create)).await;
    assert_eq!(all.into_iter().filter(|won| *won.as_ref().unwrap()).count(), 1);
}

#[tokio::test]
async fn old_versions_stay_readable_behind_newer_ones_and_delete_markers() {
    let dir = tempfile::tempdir().unwrap();
    let s3 = store(dir.path(), true);
    let first = put(&s3, "k", "1").await.version_id.unwrap();
    put(&s3, "k", "2").await;
    let marker = delete(&s3, "k", None);
    assert_eq!(marker.delete_marker, Some(true));
    drop(s3);
    let s3 = S3::open(dir.path(), Clock::default()).unwrap();
    assert_eq!(code(get(&s3, "k", None).await), "NoSuchKey");
    assert_eq!(get(&s3, "k", Some(&first)).await.unwrap(), "1");
    assert_eq!(code(get(&s3, "k", marker.version_id.as_deref()).await), "MethodNotAllowed");
    delete(&s3, "k", marker.version_id.as_deref());
    assert_eq!(get(&s3, "k", None).await.unwrap(), "2");
}

#[tokio::test]
async fn a_deleted_object_of_a_plain_bucket_leaves_no_files() {
    let dir = tempfile::tempdir().unwrap();
    let s3 = store(dir.path(), false);
    put(&s3, "a/b/c", "1").await;
    put(&s3, "a/b/c", &large("2")).await;
    delete(&s3, "a/b/c", None);
    delete(&s3, "a/b/c", None);
    assert_eq!(std::fs::read_dir(dir.path().join("bucket/objects")).unwrap().count(), 0);
}

#[tokio::test]
async fn what_a_crash_left_is_no_object_and_the_next_one_takes_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let s3 = store(dir.path(), false);
    put(&s3, "k", "old").await;
    drop(s3);
    let folder = dir.path().join("bucket/objects/k=");
    // The bytes of a second version, whose record was not written.
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("2"), "new").unwrap();
    std::fs::write(dir.path().join("bucket/incoming/half"), "ne").unwrap();
    let s3 = S3::open(dir.path(), Clock::default()).unwrap();
    assert_eq!(get(&s3, "k", None).await.unwrap(), "old");
    assert_eq!(std::fs::read_dir(dir.path().join("bucket/incoming")).unwrap().count(), 0);
    put(&s3, "k", &large("2nd")).await;
    assert_eq!(get(&s3, "k", None).await.unwrap(), large("2nd"));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
}

#[tokio::test]
async fn a_crash_before_the_old_record_was_removed_leaves_the_new_object() {
    let dir = tempfile::tempdir().unwrap();
    let s3 = store(dir.path(), false);
    put(&s3, "k", &large("old")).await;
    let (folder, journal) =
        (dir.path().join("bucket/objects/k="), dir.path().join("bucket/versions.jsonl"));
    put(&s3, "k", &large("new")).await;
    drop(s3);
    let lines = std::fs::read_to_string(&journal).unwrap();
    let [old, new, _removal] = lines.split_inclusive('\n').collect::<Vec<_>>()[..] else {
        panic!("three lines: {lines}")
    };
    std::fs::write(journal, format!("{old}{new}")).unwrap();
    std::fs::write(folder.join("1"), large("old")).unwrap();
    let s3 = S3::open(dir.path(), Clock::default()).unwrap();
    assert_eq!(get(&s3, "k", None).await.unwrap(), large("new"));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
}

#[tokio::test]
async fn a_body_that_does_not_fit_its_checksum_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let s3 = store(dir.path(), false);
    let wrong =
        PutObjectInput { checksum_crc32: Some("AAAAAA==".into()), ..put_input("k", "body") };
    assert_eq!(code(put_if(&s3, wrong).await), "BadDigest");
    let wrong = PutObjectInput { content_md5: Some("AAAAAA==".into()), ..put_input("k", "body") };
    assert_eq!(code(put_if(&s3, wrong).await), "BadDigest");
    assert_eq!(code(get(&s3, "k", None).await), "NoSuchKey");
}

#[tokio::test]
async fn how_a_body_was_sent_is_not_kept_as_the_encoding_of_the_object() {
    let dir = tempfile::tempdir().unwrap();
    let s3 = store(dir.path(), false);
    for (sent, kept) in
        [("aws-chunked", None), ("gzip,aws-chunked", Some("gzip")), ("gzip", Some("gzip"))]
    {
        let input =
            PutObjectInput { content_encoding: Some(sent.into()), ..put_input("k", "body") };
        put_if(&s3, input).await.unwrap();
        let (version, _) = s3.bucket("bucket").unwrap().describe("k", None).unwrap();
        assert_eq!(version.headers.content_encoding.as_deref(), kept, "{sent}");
    }
}

#[tokio::test]
async fn pages_hold_every_key_and_common_prefix_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let s3 = store(dir.path(), false);
    let keys = ["a", "a/1", "a/2", "b", "c/1", "c/2/3", "d"];
    for key in keys {
        put(&s3, key, "").await;
    }
    let bucket = s3.bucket("bucket").unwrap();
    let state = bucket.state();
    for max in 1..8 {
        let (mut seen, mut next) = (Vec::new(), None::<(String, Option<String>)>);
        loop {
            let after = match &next {
                None => After::Start,
                Some((key, Some(_))) => After::Key(key),
                Some((prefix, None)) => After::Common(prefix),
            };
            let page = list::objects(
                &state.index,
                &Query { delimiter: Some("/"), max, after, prefix: "" },
            );
            let keys = page.entries.iter().map(|entry| entry.version.key.clone());
            let mut names: Vec<String> = keys.chain(page.common_prefixes).collect();
            assert!(names.len() <= max);
            names.sort();
            seen.extend(names);
            match page.next {
                Some(more) => next = Some(more),
                None => break,
            }
        }
        assert_eq!(seen, ["a", "a/", "b", "c/", "d"], "in pages of {max}");
    }
    let below = list::objects(&state.index, &Query { prefix: "c/", max: 9, ..Query::default() });
    let below: Vec<&str> = below.entries.iter().map(|entry| entry.version.key.as_str()).collect();
    assert_eq!(below, ["c/1", "c/2/3"]);
}

#[tokio::test]
async fn the_versions_of_a_key_are_listed_newest_first_over_pages() {
    let dir = tempfile::tempdir().unwrap();
    let s3 = store(dir.path(), true);
    for body in ["1", "2", "3"] {
        put(&s3, "k", body).await;
    }
    let bucket = s3.bucket("bucket").unwrap();
    let state = bucket.state();
    let first = list::versions(&state.index, &Query { max: 2, ..Query::default() });
    assert_eq!(first.entries.iter().map(|entry| entry.latest).collect::<Vec<_>>(), [true, false]);
    let (key, version) = first.next.unwrap();
    let after = After::Version(&key, version.as_deref().unwrap());
    let rest = list::versions(&state.index, &Query { max: 2, after, ..Query::default() });
    assert_eq!(rest.entries.iter().map(|entry| entry.version.number).collect::<Vec<_>>(), [1]);
    assert!(rest.next.is_none());
}

#[tokio::test]
async fn the_engines_own_process_sees_every_write_without_a_request() {
    let dir = tempfile::tempdir().unwrap();
    let s3 = store(dir.path(), true);
    let mut writes = s3.writes("bucket").unwrap();
    assert_eq!(s3.peek("bucket", "runs/one").unwrap(), None);
    for body in ["old", "new"] {
        put(&s3, "runs/one", body).await;
        assert!(writes.has_changed().unwrap());
        writes.mark_unchanged();
    }
    put(&s3, "runs/two", "").await;
    put(&s3, "sums", "").await;
    assert_eq!(s3.peek("bucket", "runs/one").unwrap().as_deref(), Some(b"new".as_slice()));
    writes.mark_unchanged();
    delete(&s3, "runs/two", None);
    assert!(writes.has_changed().unwrap());
    assert_eq!(s3.keys("bucket", "runs/"), ["runs/one"]);
    assert!(s3.writes("none").is_none());
}

#[tokio::test]
async fn an_object_whose_file_was_cut_or_removed_is_an_error_and_not_shorter_or_none() {
    let dir = tempfile::tempdir().unwrap();
    let s3 = store(dir.path(), false);
    put(&s3, "k", &large("whole")).await;
    let file = dir.path().join("bucket/objects/k=/1");
    std::fs::write(&file, "who").unwrap();
    let cut = s3.peek("bucket", "k").unwrap_err();
    assert_eq!(cut.kind(), std::io::ErrorKind::UnexpectedEof, "{cut}");
    std::fs::remove_file(&file).unwrap();
    let removed = s3.peek("bucket", "k").unwrap_err();
    assert_eq!(removed.kind(), std::io::ErrorKind::NotFound, "{removed}");
}

#[tokio::test]
async fn a_part_of_a_small_object_is_cut_from_it_and_not_from_its_neighbours() {
    let dir = tempfile::tempdir().unwrap();
    let s3 = store(dir.path(), false);
    for (key, body) in [("first", "abcd"), ("second", "efgh"), ("third", "ijkl")] {
        put(&s3, key, body).await;
    }
    assert_eq!(std::fs::read_dir(dir.path().join("bucket/bodies")).unwrap().count(), 1);
    for (range, part, told) in [
        ("bytes=1-2", "fg", "bytes 1-2/4"),
        ("bytes=2-9", "gh", "bytes 2-3/4"),
        ("bytes=-1", "h", "bytes 3-3/4"),
    ] {
        let input = GetObjectInput {
            bucket: "bucket".to_owned(),
            key: "second".to_owned(),
            range: Some(s3s::dto::Range::parse(range).unwrap()),
            ..Default::default()
        };
        let got = s3.get(input).unwrap();
        assert_eq!(got.content_range.as_deref(), Some(told), "{range}");
        assert_eq!(text(got).await, part, "{range}");
    }
}

#[test]
fn an_upload_is_found_by_its_id_even_where_that_begins_with_a_dot() {
    let dir = tempfile::tempdir().unwrap();
    let s3 = store(dir.path(), false);
    let bucket = s3.bucket("bucket").unwrap();
    let begun = || {
        let upload = upload::Upload { key: "key".to_owned(), headers: Default::default() };
        upload::create(&bucket, &upload).unwrap()
    };
    // One in 64 does.
    let dotted = std::iter::repeat_with(begun).take(10_000).find(|id| id.starts_with('.')).unwrap();
    assert!(upload::open(&bucket, &dotted, "key").is_ok(), "{dotted}");
    for wrong in ["", ".", "..", "../uploads", "never"] {
        assert!(upload::open(&bucket, wrong, "key").is_err(), "{wrong}");
    }
}
