use aws_lambda_events::sqs::SqsEvent;
use serde_json::json;
use signalbox_cloud::config::from_env;
use signalbox_pipeline::environment::{Environment, Release};
use signalbox_pipeline::keys;
use signalbox_pipeline::settings::{self, Settings};
use signalbox_testkit::{Pretend, fixture, messages, variable};

use super::*;

/// The ids of the messages that come again.
async fn failures(aws: &Pretend, bodies: &[String]) -> Vec<String> {
    let (account, buckets, jobs) = from_env::<(Account, Buckets, Jobs)>(variable).unwrap();
    let clients = Clients::over(account, signalbox_testkit::http(aws.clone()));
    let runs = Runs::connect(&clients, &buckets, &jobs, Clock::system(), Chance::system());
    let queue = Queue::new(clients.sqs(), "http://127.0.0.1:1/1/dead", Chance::system());
    let event: SqsEvent = serde_json::from_value(messages(bodies)).unwrap();
    let response = Shell::new(Launch { runs }, queue).handle(event).await;
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

fn request(id: &str) -> String {
    let at = Clock::system().now().to_string();
    json!({ "schema": 1, "id": id, "at": at, "pipeline": "rain", "environment": "production" })
        .to_string()
}

#[test]
fn the_fixture_asks_for_a_launch_in_the_name_of_whoever_sends_it() {
    let event: serde_json::Value = serde_json::from_str(&fixture("sqs-launch.json")).unwrap();
    let request = Request::parse(event["Records"][0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(request.key().to_string(), "rain/production/20261121t020000z-9babeb461aea");
    let ended: serde_json::Value =
        serde_json::from_str(&fixture("batch-launch-succeeded.json")).unwrap();
    let launch = request.key().launch;
    assert_eq!(ended["detail"]["parameters"]["launch"], launch.as_str());
}

fn given() -> Settings {
    settings::parse("version: 1\nenvironment: production\n").unwrap()
}

/// An AWS in which a release is live.
fn released() -> Pretend {
    let train = json!({
        "name": "train", "command": ["train"], "setup": [], "timeout_seconds": 3600, "retries": 0,
        "optional": false, "require": [], "compute": {},
    });
    let release: Release = serde_json::from_value(json!({
        "run": "20261120t091427z-9a2d57f-53c2ec4d", "repository": "rain-trainer",
        "image": format!("sha256:{}", "1".repeat(64)), "definition": "2".repeat(64),
        "settings": given().digest(), "metrics": {}, "verified_at": "2026-11-20T09:20:00Z",
        "train": train,
    }))
    .unwrap();
    let (pipeline, place) = ("rain".parse().unwrap(), "production".parse().unwrap());
    let key = keys::state::environment(&pipeline, &place);
    let mut found = Environment::new(pipeline, place);
    found.current = Some(release);
    let version = keys::state::settings_version(&found.environment, &given().digest());
    let aws = Pretend::default();
    for (key, body) in [(key, serde_json::to_string(&found).unwrap()), (version, given().to_json())]
    {
        aws.world().objects.insert(format!("state/{key}"), (body, 1));
    }
    aws
}

/// How many objects and jobs there are.
fn left(aws: &Pretend) -> (usize, usize) {
    let world = aws.world();
    (world.objects.len(), world.jobs.len())
}

#[tokio::test]
async fn a_request_is_one_job_however_often_it_comes_and_asks_for_the_same_few_things() {
    let aws = released();
    let wanted = request("nightly-1");
    assert_eq!(failures(&aws, std::slice::from_ref(&wanted)).await, [""; 0]);
    let first = aws.world().requests.len();
    assert_eq!(aws.world().jobs.len(), 1);
    // The launch, the environment, its settings; the marker, the document; to Batch: the job, whose
    // definition is missed and registered once.
    assert_eq!(first, 5 + 3, "{:#?}", aws.world().requests);
    assert_eq!(failures(&aws, &[wanted.clone(), wanted]).await, [""; 0]);
    assert_eq!(aws.world().jobs.len(), 1);
    assert_eq!(failures(&aws, &[request("nightly-2")]).await, [""; 0]);
    assert_eq!(aws.world().jobs.len(), 2);
}

#[tokio::test]
async fn where_nothing_is_released_a_request_changes_nothing_and_does_not_come_again() {
    let aws = Pretend::default();
    assert_eq!(failures(&aws, &[request("nightly-1")]).await, [""; 0]);
    assert_eq!(left(&aws), (0, 0));
}

#[tokio::test]
async fn what_is_not_a_request_is_set_aside_with_its_reason() {
    let aws = released();
    let objects = aws.world().objects.len();
    let wanted = request("nightly-1");
    let bad = [
        wanted.replace("\"schema\":1", "\"schema\":2"),
        wanted.replace("\"schema\"", "\"count\":2,\"schema\""),
        wanted.replace("production", "Production"),
        wanted.replace(&Clock::system().now().to_string()[..4], "2020"),
        "{".to_owned(),
    ];
    assert_eq!(failures(&aws, &bad).await, [""; 0]);
    let reasons = aws.world().dead_letters.join("\n");
    for part in ["schema 2, and 1", "unknown field `count`", "Production", "made at 2020", "EOF"] {
        assert!(reasons.contains(part), "{part}: {reasons}");
    }
    assert_eq!(left(&aws), (objects, 0));
}
