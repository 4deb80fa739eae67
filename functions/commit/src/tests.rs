use aws_lambda_events::sqs::SqsEvent;
use serde_json::json;
use signalbox_cloud::config::from_env;
use signalbox_testkit::{Answer, Planted, Pretend, World, fixture, messages, variable};

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
async fn a_push_is_archived_as_it_was_received_before_its_run_begins() {
    let (aws, push) = (registered(&["main"]), fixture("codecommit-push.json"));
    assert_eq!(failures(&aws, std::slice::from_ref(&push)).await, [""; 0]);
    let world = aws.world();
    let event: serde_json::Value = serde_json::from_str(&push).unwrap();
    let (id, day) = (event["id"].as_str().unwrap(), &event["time"].as_str().unwrap()[..10]);
    let archived = format!("state/events/{}/{id}.json", day.replace('-', "/"));
    assert_eq!(world.objects[&archived].0, push);
    let place = |part: &str| {
        let put = world.requests.iter().position(|it| it.starts_with("PUT") && it.contains(part));
        put.unwrap_or_else(|| panic!("no {part} among {:?}", world.requests))
    };
    assert!(place("state/events/") < place("state/heads/"), "{:?}", world.requests);
    assert!(place("index/active/") < place("state/heads/"), "{:?}", world.requests);
    assert!(place("state/heads/") < place("state/pipelines/"), "{:?}", world.requests);
}

#[tokio::test]
async fn wherever_it_breaks_off_the_same_event_finishes_what_is_half_done() {
    let undisturbed = registered(&["main"]);
    failures(&undisturbed, &[fixture("codecommit-push.json")]).await;
    let requests = undisturbed.world().requests.len();
    for request in 0..requests {
        for planted in [Planted::Before(Answer::Broken), Planted::After(Answer::Broken)] {
            let aws = registered(&["main"]);
            aws.world().planted.insert(request, planted.clone());
            for _ in 0..3 {
                failures(&aws, &[fixture("codecommit-push.json")]).await;
            }
            let (world, what) = (aws.world(), format!("{planted:?} at request {request}"));
            let keys = |world: &World| {
                let kept = world.objects.keys().filter(|key| key.starts_with("state/"));
                kept.cloned().collect::<Vec<_>>()
            };
            assert_eq!(keys(&world), keys(&undisturbed.world()), "{what}");
            assert!(world.objects.keys().any(|key| key.starts_with("index/active/")), "{what}");
        }
    }
}

#[tokio::test]
async fn a_late_event_takes_the_run_that_was_found_for_its_commit_and_a_later_push_does_not() {
    let (aws, found) = (registered(&["main"]), "20261120t091500z-9a2d57f-00000000");
    let head = json!({
        "schema": 1, "revision": 1, "write_id": "w", "found": true, "run": found,
        "commit": "9a2d57fbf237f1ee2c382cc3929efc09415eda76", "pushed_at": "2026-11-20T09:15:00Z",
    });
    let key = "state/heads/codecommit.eu-west-1.amazonaws.com/rain/main.json".to_owned();
    aws.world().objects.insert(key, (head.to_string(), 1));
    // Whoever found it may have died before the run was begun: then the event begins it.
    for _ in 0..2 {
        assert_eq!(failures(&aws, &[fixture("codecommit-push.json")]).await, [""; 0]);
        assert_eq!((runs_begun(&aws), aws.world().jobs.len()), (1, 1));
        let world = aws.world();
        assert!(world.objects.keys().any(|key| key.contains(found) && key.starts_with("state/")));
        let marked = world.objects.keys().filter(|key| key.starts_with("index/active/"));
        assert!(marked.into_iter().all(|key| key.contains(found)), "no other run is marked");
    }
    let later = fixture("codecommit-push.json")
        .replace("2026-11-20T09:14:27Z", "2026-11-20T09:30:00Z")
        .replace("d107ea36", "d107ea37");
    assert_eq!(failures(&aws, &[later]).await, [""; 0]);
    assert_eq!(runs_begun(&aws), 2);
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
