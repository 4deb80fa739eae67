use axum::body::to_bytes;
use axum::http::Request as Sent;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::principals::Kind;
use crate::wire::{Answer, WireError};

/// Repeats what it was asked, or fails when it was asked to.
struct Echo;

impl JsonService for Echo {
    fn call<'a>(
        &'a self,
        caller: &'a Principal,
        operation: &'a str,
        body: Value,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            match operation {
                "Fail" => Err(WireError::client("ClientException", "as asked")),
                _ => Ok(json!({ "caller": caller.name, "operation": operation, "body": body })),
            }
        })
    }
}

struct World {
    dir: tempfile::TempDir,
    log: Arc<RequestLog>,
    router: Router,
    key: String,
    /// The key of a function.
    function: String,
}

fn world() -> World {
    disturbed(FaultPlan::default())
}

fn disturbed(plan: FaultPlan) -> World {
    let dir = tempfile::tempdir().unwrap();
    let principals = Arc::new(Principals::open(dir.path()).unwrap());
    let key = principals.mint(Kind::User, "operator", None).unwrap().access_key_id;
    let function = principals.mint(Kind::Function, "commit", None).unwrap().access_key_id;
    let log = RequestLog::open(dir.path(), Clock::default(), None).unwrap();
    let edge = Edge {
        s3: S3::open(&dir.path().join("s3"), Clock::default()).unwrap(),
        sqs: Sqs::open(&dir.path().join("sqs"), Clock::default(), "http://localhost").unwrap(),
        batch: Arc::new(Echo),
        ecr: Arc::new(Echo),
        codecommit: Arc::new(Echo),
        sns: Arc::new(Echo),
        secrets: Arc::new(Echo),
        principals,
        log: Arc::clone(&log),
        faults: Faults::new(plan),
        routes: Router::new().route("/_ecs/{id}", axum::routing::get(|| async { "container" })),
    };
    World { dir, log, router: edge.router(), key, function }
}

impl World {
    async fn send(
        &self,
        path: &str,
        target: &str,
        key: &str,
        body: &str,
    ) -> (u16, HeaderMap, String) {
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={key}/20260101/eu-west-1/x/aws4_request");
        let mut request = Sent::builder().uri(path).header("authorization", authorization);
        if !target.is_empty() {
            request = request.header("x-amz-target", target);
        }
        let request = request.method(if path == "/_ecs/1" { "GET" } else { "POST" });
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = tower::ServiceExt::oneshot(self.router.clone(), request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }
}

#[tokio::test]
async fn a_request_reaches_the_service_that_its_target_or_path_names() {
    let world = world();
    let (status, _, body) = world.send("/v1/submitjob", "", &world.key, r#"{"jobName":"a"}"#).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200);
    assert_eq!(
        body,
        json!({ "caller": "operator", "operation": "SubmitJob", "body": { "jobName": "a" } })
    );
    let target = "AmazonEC2ContainerRegistry_V20150921.BatchGetImage";
    let (_, headers, body) = world.send("/", target, &world.key, "").await;
    assert_eq!(headers["content-type"], "application/x-amz-json-1.1");
    assert!(body.contains("BatchGetImage"), "{body}");
    let (_, headers, body) =
        world.send("/", "CodeCommit_20150413.GetBranch", &world.key, "{}").await;
    assert_eq!(headers["content-type"], "application/x-amz-json-1.1");
    assert!(body.contains("GetBranch"), "{body}");
    let (status, _, body) = world.send("/", "AmazonSQS.ListQueues", &world.key, "{}").await;
    assert_eq!((status, body.as_str()), (200, r#"{"QueueUrls":[]}"#));
    let (status, _, body) = world.send("/_ecs/1", "", &world.key, "").await;
    assert_eq!((status, body.as_str()), (200, "container"));
    // Unsigned, for the signature is made up.
    let (status, _, body) = world.send("/bucket/key", "", &world.key, "").await;
    assert!(status >= 400 && body.contains("<Error>"), "{status} {body}");
}

#[tokio::test]
async fn an_unknown_access_key_is_refused() {
    let world = world();
    let (status, _, body) = world.send("/", "AmazonSQS.ListQueues", "AKIANOBODY", "{}").await;
    assert_eq!(status, 403);
    assert!(body.contains("UnrecognizedClientException"), "{body}");
}

#[tokio::test]
async fn an_error_carries_its_code_where_the_clients_of_each_protocol_look() {
    let world = world();
    let target = "AmazonEC2ContainerRegistry_V20150921.Fail";
    let (status, headers, body) = world.send("/", target, &world.key, "{}").await;
    assert_eq!(
        (status, &headers["x-amzn-errortype"]),
        (400, &HeaderValue::from_static("ClientException"))
    );
    assert!(body.contains("as asked"), "{body}");
    let missing = r#"{"QueueUrl":"http://localhost/1/none"}"#;
    let (_, headers, body) = world.send("/", "AmazonSQS.PurgeQueue", &world.key, missing).await;
    assert_eq!(headers["x-amzn-query-error"], "AWS.SimpleQueueService.NonExistentQueue;Sender");
    assert!(body.contains("com.amazonaws.sqs#QueueDoesNotExist"), "{body}");
}

#[tokio::test]
async fn every_request_is_counted_and_written_down() {
    let world = world();
    world.send("/v1/submitjob", "", &world.key, r#"{"jobName":"a"}"#).await;
    world.send("/v1/submitjob", "", &world.key, r#"{"jobName":"b"}"#).await;
    world.send("/_ecs/1", "", &world.key, "").await;
    let World { dir, log, router, .. } = world;
    assert_eq!(log.total(), 3);
    assert_eq!(log.counts()["batch.SubmitJob"], 2);
    assert_eq!(log.counts_by_caller()["operator"]["batch.SubmitJob"], 2);
    // The last owner writes what is still to be written.
    drop((router, log));
    let lines = std::fs::read_to_string(dir.path().join("requests.jsonl")).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[1]["number"], &lines[1]["detail"]), (&json!(2), &json!("b")));
    assert_eq!((&lines[2]["service"], &lines[2]["operation"]), (&json!("ecs"), &json!("GET")));
}

#[tokio::test]
async fn a_planted_fault_hits_the_function_s_request_of_its_number_and_no_other() {
    let fault = |when, what| Fault { when, what };
    let at = [
        (2, fault(When::Before, What::Throttled)),
        (3, fault(When::After, What::Internal)),
        (4, fault(When::After, What::Conflict)),
    ];
    let world = disturbed(FaultPlan { at: at.into(), ..FaultPlan::default() });
    let submit = async |key: &str| {
        let (status, _, body) = world.send("/v1/submitjob", "", key, "{}").await;
        (status, body)
    };
    assert_eq!(submit(&world.key).await.0, 200, "an operator's request is none of a function");
    assert_eq!(submit(&world.function).await.0, 200);
    let (status, body) = submit(&world.function).await;
    assert!(status == 429 && body.contains("TooManyRequestsException"), "{body}");
    assert_eq!(world.log.counts()["batch.SubmitJob"], 2, "not carried out");
    assert_eq!(submit(&world.function).await.0, 500);
    assert_eq!(world.log.counts()["batch.SubmitJob"], 3, "carried out all the same");
    assert_eq!(submit(&world.function).await.0, 200, "Batch knows no 409");
    assert_eq!(submit(&world.function).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_held_up_is_carried_out_though_its_caller_has_gone() {
    let late = Fault { when: When::Before, what: What::Late(9_000) };
    let world = disturbed(FaultPlan { odds: vec![(late, 1.0)], ..FaultPlan::default() });
    let sent = world.send("/v1/submitjob", "", &world.function, "{}");
    let patience = std::time::Duration::from_secs(5);
    assert!(tokio::time::timeout(patience, sent).await.is_err(), "no answer by then");
    assert_eq!(world.log.total(), 0);
    tokio::time::sleep(patience).await;
    assert_eq!(world.log.total(), 1);
}

#[test]
fn the_same_seed_means_the_same_faults_and_another_seed_others() {
    let (request, _) = Sent::get("/").body(()).unwrap().into_parts();
    let fallen = |seed| {
        let odds = vec![(Fault { when: When::Before, what: What::Internal }, 0.5)];
        let plan = FaultPlan { seed, odds, ..FaultPlan::default() };
        let numbers = 0..64;
        numbers.map(|number| plan.fault(number, &request).is_some()).collect::<Vec<_>>()
    };
    assert_eq!(fallen(1), fallen(1));
    assert_ne!(fallen(1), fallen(2));
    let odds = vec![(Fault { when: When::Before, what: What::Conflict }, 1.0)];
    let plan = FaultPlan { odds, ..FaultPlan::default() };
    assert_eq!(plan.fault(1, &request), None, "a read is never answered with 409");
}
