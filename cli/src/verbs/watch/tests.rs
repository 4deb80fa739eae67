use super::*;
use crate::connect::testing;
use crate::view::sample;

#[test]
fn the_exit_code_tells_a_failure_from_an_error() {
    assert_eq!(ending(Phase::Succeeded), Exit::Success);
    assert_eq!(ending(Phase::Failed), Exit::Failed);
    assert_eq!(ending(Phase::Errored), Exit::Errored);
}

#[test]
fn scripts_get_the_stages_and_what_the_run_waits_for() {
    let json = serde_json::to_value(told(&sample::started())).unwrap();
    assert_eq!(json["stages"][0]["name"], "checkout");
    assert!(json["waits"].as_str().unwrap().contains("waiting for checkout"), "{json}");
    assert_eq!(
        serde_json::to_value(told(&sample::failed())).unwrap()["waits"],
        serde_json::Value::Null
    );
}

#[tokio::test]
async fn a_document_that_has_not_changed_is_not_read_again() {
    let buckets = testing::buckets().await;
    let (connection, run) = (&buckets.connection, sample::failed());
    let found = RunRef { pipeline: run.pipeline.clone(), id: run.id.clone() };
    let body = serde_json::to_string(&run).unwrap();
    connection.state().write(&found.key(), body, None).await.unwrap();

    assert_eq!(connection.find_run("latest").await.unwrap(), found);
    assert_eq!(connection.find_run("3e5983d").await.unwrap(), found);
    assert_eq!(connection.find_run(run.id.as_str()).await.unwrap(), found);
    let seen = connection.seen_run(&found).await.unwrap();
    assert_eq!(seen.run, run);
    assert!(connection.read_run(&found, Some(&seen.etag)).await.unwrap().is_none());
}
