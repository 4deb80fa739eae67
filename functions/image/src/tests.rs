use aws_lambda_events::sqs::SqsEvent;
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
    let response = Shell::new(Image { runs, host: registry_host("eu-west-1").unwrap() }, queue)
        .handle(event)
        .await;
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

#[tokio::test]
async fn an_image_under_a_foreign_tag_of_a_repository_that_is_not_registered_changes_nothing() {
    let aws = Pretend::default();
    assert_eq!(failures(&aws, &[fixture("ecr-push-foreign-tag.json")]).await, [""; 0]);
    let expected = "GET state/repositories/ecr.eu-west-1.amazonaws.com/rain-trainer.json";
    assert_eq!(aws.world().requests, [expected]);
}

#[tokio::test]
async fn an_image_of_a_run_that_does_not_exist_changes_nothing() {
    let aws = Pretend::default();
    assert_eq!(failures(&aws, &[fixture("ecr-push.json")]).await, [""; 0]);
    assert!(aws.world().requests.iter().all(|request| request.starts_with("GET ")));
}
