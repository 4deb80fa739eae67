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
    let response = Shell::new(Job { runs }, queue).handle(event).await;
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

#[tokio::test]
async fn an_event_of_a_run_that_does_not_exist_changes_nothing_and_does_not_come_again() {
    let aws = Pretend::default();
    let events = ["batch-job-running.json", "batch-job-succeeded.json"].map(fixture);
    assert_eq!(failures(&aws, &events).await, [""; 0]);
    assert_eq!(aws.world().requests.len(), 1, "both are of one run, read once");
    assert_eq!(aws.world().objects.len(), 0);
}

#[tokio::test]
async fn somebody_elses_job_asks_nothing_of_aws() {
    let aws = Pretend::default();
    let name = "rain-20261120t091427z-9a2d57f-53c2ec4d-checks-unit-1";
    let posing = fixture("batch-job-succeeded.json").replace(name, "rain-nightly");
    let events = [fixture("near-miss-job-foreign-definition.json"), posing];
    assert_eq!(failures(&aws, &events).await, [""; 0]);
    assert_eq!(aws.world().requests, [""; 0]);
}

#[tokio::test]
async fn a_message_of_a_mebibyte_is_refused_unread() {
    let aws = Pretend::default();
    let huge = format!("{{\"id\":\"{}\"}}", "a".repeat(1 << 20));
    assert_eq!(failures(&aws, &[huge]).await, [""; 0]);
    let reasons = aws.world().dead_letters.join("\n");
    assert!(reasons.contains("262144 at most are read"), "{reasons}");
}
