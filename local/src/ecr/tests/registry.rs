//! The registry and the API over the same images.

use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use serde_json::json;
use tempfile::TempDir;

use super::{Bus, Clock, Deaf, Digest, Ecr, ask, call, push_blob, push_image, text};
use std::sync::Arc;

const HOST: &str = "127.0.0.1:5000";

fn open(dir: &TempDir, bus: Arc<Bus>) -> Ecr {
    let ecr = Ecr::open(dir.path(), Clock::default(), bus, HOST).unwrap();
    ecr.create_repository("team/app", false).unwrap();
    ecr
}

#[tokio::test]
async fn a_push_by_tag_is_told_once_and_can_be_read_back() {
    let dir = TempDir::new().unwrap();
    let (bus, mut events) = Bus::new();
    let ecr = open(&dir, bus);
    let digest =
        push_image(&ecr, "team/app", "v1", &json!({}), &[b"layer".to_vec()]).await.unwrap();
    let event = events.recv().await.unwrap();
    assert_eq!(event["detail-type"], "ECR Image Action");
    assert_eq!(event["source"], "aws.ecr");
    let wanted = json!({
        "result": "SUCCESS", "repository-name": "team/app", "image-digest": digest,
        "action-type": "PUSH", "image-tag": "v1",
    });
    assert_eq!(event["detail"], wanted);

    // Once more is no news; another tag of the same image is.
    push_image(&ecr, "team/app", "v1", &json!({}), &[b"layer".to_vec()]).await.unwrap();
    push_image(&ecr, "team/app", "v2", &json!({}), &[b"layer".to_vec()]).await.unwrap();
    assert_eq!(events.recv().await.unwrap()["detail"]["image-tag"], "v2");

    let head = ask(&ecr, "HEAD", "/v2/team/app/manifests/v1", "").await;
    assert_eq!(head.headers()["docker-content-digest"], digest.as_str());
    assert_eq!(head.headers()["content-type"], "application/vnd.oci.image.manifest.v1+json");
    let body = text(ask(&ecr, "GET", &format!("/v2/team/app/manifests/{digest}"), "").await).await;
    assert_eq!(Digest::of(body.as_bytes()).as_str(), digest);
    let tags = text(ask(&ecr, "GET", "/v2/team/app/tags/list", "").await).await;
    assert_eq!(tags, r#"{"name":"team/app","tags":["v1","v2"]}"#);
}

#[tokio::test]
async fn a_push_to_an_unknown_repository_is_refused() {
    let dir = TempDir::new().unwrap();
    let ecr = open(&dir, Bus::new().0);
    let answer = ask(&ecr, "POST", "/v2/nobody/blobs/uploads/", "").await;
    assert_eq!(answer.status(), 404);
    assert!(text(answer).await.contains("NAME_UNKNOWN"));
}

#[tokio::test]
async fn an_immutable_tag_keeps_its_first_image() {
    let dir = TempDir::new().unwrap();
    let ecr = open(&dir, Bus::new().0);
    ecr.create_repository("fixed", true).unwrap();
    let first = push_image(&ecr, "fixed", "v1", &json!({}), &[b"one".to_vec()]).await.unwrap();
    let refusal =
        push_image(&ecr, "fixed", "v1", &json!({}), &[b"two".to_vec()]).await.unwrap_err();
    assert!(refusal.contains("TAG_INVALID") && refusal.contains("immutable"), "{refusal}");
    assert_eq!(
        push_image(&ecr, "fixed", "v1", &json!({}), &[b"one".to_vec()]).await.unwrap(),
        first
    );
}

#[tokio::test]
async fn content_must_have_the_digest_that_was_promised() {
    let dir = TempDir::new().unwrap();
    let ecr = open(&dir, Bus::new().0);
    let wrong = Digest::of(b"other");
    let answer =
        ask(&ecr, "POST", &format!("/v2/team/app/blobs/uploads/?digest={wrong}"), "content").await;
    assert_eq!(answer.status(), 400);
    assert!(text(answer).await.contains("DIGEST_INVALID"));
    assert_eq!(ask(&ecr, "HEAD", &format!("/v2/team/app/blobs/{wrong}"), "").await.status(), 404);
}

#[tokio::test]
async fn a_blob_comes_in_chunks_and_goes_out_in_parts() {
    let dir = TempDir::new().unwrap();
    let ecr = open(&dir, Bus::new().0);
    let begun = ask(&ecr, "POST", "/v2/team/app/blobs/uploads/", "").await;
    assert_eq!(begun.status(), 202);
    let place = begun.headers()["location"].to_str().unwrap().to_owned();
    let first = ask(&ecr, "PATCH", &place, "0123456789").await;
    assert_eq!(first.headers()["range"], "0-9");
    let gap = Request::builder()
        .method("PATCH")
        .uri(&place)
        .header("content-range", "20-25")
        .body(Body::from("x"));
    let gap = super::super::registry::handle(State(ecr.clone()), gap.unwrap()).await;
    assert_eq!(gap.status(), 416);
    let digest = Digest::of(b"0123456789abc");
    let done = ask(&ecr, "PUT", &format!("{place}?digest={digest}"), "abc").await;
    assert_eq!(done.status(), 201);
    let part = Request::builder()
        .uri(format!("/v2/team/app/blobs/{digest}"))
        .header("range", "bytes=8-10");
    let part =
        super::super::registry::handle(State(ecr.clone()), part.body(Body::empty()).unwrap()).await;
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], "bytes 8-10/13");
    assert_eq!(text(part).await, "89a");
    ecr.create_repository("other", false).unwrap();
    let mounted =
        ask(&ecr, "POST", &format!("/v2/other/blobs/uploads/?mount={digest}&from=team/app"), "")
            .await;
    assert_eq!(mounted.status(), 201);
}

#[tokio::test]
async fn a_manifest_whose_blobs_are_missing_is_refused() {
    let dir = TempDir::new().unwrap();
    let ecr = open(&dir, Bus::new().0);
    let config = push_blob(&ecr, "team/app", b"{}").await;
    let missing = json!({ "digest": Digest::of(b"missing"), "size": 7 });
    let manifest = json!({ "schemaVersion": 2, "config": config, "layers": [missing] });
    let answer = ask(&ecr, "PUT", "/v2/team/app/manifests/v1", manifest.to_string()).await;
    assert_eq!(answer.status(), 400);
    assert!(text(answer).await.contains("MANIFEST_BLOB_UNKNOWN"));
}

#[tokio::test]
async fn an_event_that_nobody_took_is_emitted_by_the_next_engine() {
    let dir = TempDir::new().unwrap();
    let ecr = Ecr::open(dir.path(), Clock::default(), Arc::new(Deaf), HOST).unwrap();
    ecr.create_repository("app", false).unwrap();
    let digest = push_image(&ecr, "app", "v1", &json!({}), &[]).await.unwrap();
    ecr.close().await;
    let (bus, mut events) = Bus::new();
    let ecr = Ecr::open(dir.path(), Clock::default(), bus, HOST).unwrap();
    assert_eq!(events.recv().await.unwrap()["detail"]["image-digest"], digest);
    ecr.close().await;
    // The mark is on disk before or after the close; a third engine may repeat it, never lose it.
    let found = call(&ecr, "DescribeImages", json!({ "repositoryName": "app" })).await.unwrap();
    assert_eq!(found["imageDetails"][0]["imageDigest"], digest);
}

#[tokio::test]
async fn the_api_shows_what_was_pushed() {
    let dir = TempDir::new().unwrap();
    let ecr = open(&dir, Bus::new().0);
    let digest =
        push_image(&ecr, "team/app", "v1", &json!({}), &[b"layer".to_vec()]).await.unwrap();
    let by_tag = json!({ "repositoryName": "team/app", "imageIds": [{ "imageTag": "v1" }] });
    let found = call(&ecr, "DescribeImages", by_tag.clone()).await.unwrap();
    let image = &found["imageDetails"][0];
    assert_eq!(image["imageDigest"], digest);
    assert_eq!(image["imageTags"], json!(["v1"]));
    assert_eq!(image["imageSizeInBytes"], 7);
    let ids = call(&ecr, "ListImages", json!({ "repositoryName": "team/app" })).await.unwrap();
    assert_eq!(ids["imageIds"], json!([{ "imageDigest": digest, "imageTag": "v1" }]));
    let got = call(&ecr, "BatchGetImage", by_tag.clone()).await.unwrap();
    assert_eq!(
        Digest::of(got["images"][0]["imageManifest"].as_str().unwrap().as_bytes()).as_str(),
        digest
    );

    call(&ecr, "BatchDeleteImage", by_tag.clone()).await.unwrap();
    assert_eq!(
        call(&ecr, "DescribeImages", by_tag).await.unwrap_err().code,
        "ImageNotFoundException"
    );
    let nowhere =
        call(&ecr, "DescribeImages", json!({ "repositoryName": "nowhere" })).await.unwrap_err();
    assert_eq!(nowhere.code, "RepositoryNotFoundException");
    assert!(nowhere.message.contains("'nowhere'"));
}

#[tokio::test]
async fn whoever_logs_in_must_show_the_token() {
    use base64::Engine as _;
    let dir = TempDir::new().unwrap();
    let ecr = open(&dir, Bus::new().0);
    let login = call(&ecr, "GetAuthorizationToken", json!({})).await.unwrap();
    let data = &login["authorizationData"][0];
    assert_eq!(data["proxyEndpoint"], format!("http://{HOST}"));
    let token = data["authorizationToken"].as_str().unwrap().to_owned();
    let wrong = base64::engine::general_purpose::STANDARD.encode("AWS:wrong");
    for (token, status) in [(token, 200), (wrong, 401)] {
        let request =
            Request::builder().uri("/v2/").header("authorization", format!("Basic {token}"));
        let answer = super::super::registry::handle(
            State(ecr.clone()),
            request.body(Body::empty()).unwrap(),
        )
        .await;
        assert_eq!(answer.status(), status);
    }
}
