use aws_lambda_events::sqs::SqsEvent;
use serde_json::json;
use signalbox_cloud::config::from_env;
use signalbox_testkit::{Pretend, fixture, messages, variable};

use super::*;

/// The runs in a pretended AWS.
fn runs(aws: &Pretend) -> (Clients, Runs) {
    let (account, buckets, jobs) = from_env::<(Account, Buckets, Jobs)>(variable).unwrap();
    let clients = Clients::over(account, signalbox_testkit::http(aws.clone()));
    let runs = Runs::connect(&clients, &buckets, &jobs, Clock::system(), Chance::system());
    (clients, runs)
}

/// The ids of the messages that come again.
async fn failures(aws: &Pretend, bodies: &[String]) -> Vec<String> {
    let (clients, runs) = runs(aws);
    let queue = Queue::new(clients.sqs(), "http://127.0.0.1:1/1/dead", Chance::system());
    let event: SqsEvent = serde_json::from_value(messages(bodies)).unwrap();
    let response = Shell::new(
        Commit {
            runs,
            host: "codecommit.eu-west-1.amazonaws.com".parse().unwrap(),
            checkout_image: "image:1".to_owned(),
        },
        queue,
    )
    .handle(event)
    .await;
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

fn registered(branches: &[&str]) -> Pretend {
    let aws = Pretend::default();
    let registration = json!({
        "schema": 1, "revision": 1, "write_id": "w", "host": "codecommit.eu-west-1.amazonaws.com",
        "repository": "rain", "pipeline": "rain", "clone_url": "https://host/rain",
        "branches": branches,
    });
    let key = "state/repositories/codecommit.eu-west-1.amazonaws.com/rain.json".to_owned();
    aws.world().objects.insert(key, (registration.to_string(), 1));
    aws
}

fn runs_begun(aws: &Pretend) -> usize {
    aws.world()
        .objects
        .keys()
        .filter(|key| key.ends_with("/run.json") && key.starts_with("state/"))
        .count()
}

#[tokio::test]
async fn a_push_begins_its_run_and_moves_the_head_of_its_branch() {
    let aws = registered(&["main"]);
    assert_eq!(failures(&aws, &[fixture("codecommit-push.json")]).await, [""; 0]);
    assert_eq!(runs_begun(&aws), 1);
    assert_eq!(aws.world().jobs.len(), 1);
    let world = aws.world();
    let head = &world.objects["state/heads/codecommit.eu-west-1.amazonaws.com/rain/main.json"].0;
    assert!(head.contains("9a2d57fbf237f1ee2c382cc3929efc09415eda76"), "{head}");
}

#[tokio::test]
async fn the_same_event_fifty_times_makes_one_run_and_one_job() {
    let aws = registered(&["main"]);
    for _ in 0..10 {
        let five: Vec<String> = (0..5).map(|_| fixture("codecommit-push.json")).collect();
        assert_eq!(failures(&aws, &five).await, [""; 0]);
    }
    assert_eq!((runs_begun(&aws), aws.world().jobs.len()), (1, 1));
}

#[tokio::test]
async fn what_is_not_registered_starts_nothing_and_does_not_come_again() {
    let (other_branch, nobodys) = (registered(&["release/*"]), Pretend::default());
    for aws in [other_branch, nobodys] {
        assert_eq!(failures(&aws, &[fixture("codecommit-push.json")]).await, [""; 0]);
        assert_eq!(runs_begun(&aws), 0);
        assert!(aws.world().requests.iter().all(|request| request.starts_with("GET ")));
    }
}

#[tokio::test]
async fn a_bad_name_beside_a_good_push_is_set_aside_and_the_push_goes_on() {
    let aws = registered(&["main"]);
    let bad = fixture("codecommit-push.json").replace("\"rain\"", "\"../../etc\"");
    assert_eq!(failures(&aws, &[bad, fixture("codecommit-push.json")]).await, [""; 0]);
    let reasons = aws.world().dead_letters.join("\n");
    assert!(reasons.contains("\"../../etc\" is not a repository name"), "{reasons}");
    assert!(reasons.contains("(detail.repositoryName)"), "{reasons}");
    assert_eq!(runs_begun(&aws), 1);
}
