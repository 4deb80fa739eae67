use serde_json::json;
use signalbox_cloud::config::from_env;
use signalbox_testkit::{Pretend, variable};

use super::*;

/// The runs in a pretended AWS.
fn runs(aws: &Pretend) -> (Clients, Runs) {
    let (account, buckets, jobs) = from_env::<(Account, Buckets, Jobs)>(variable).unwrap();
    let clients = Clients::over(account, signalbox_testkit::http(aws.clone()));
    let runs = Runs::connect(&clients, &buckets, &jobs, Clock::system(), Chance::system());
    (clients, runs)
}

const MARKER: &str = "index/active/run/pipelines/rain/runs/2026/01/11/";

fn marker(run: &str) -> String {
    format!("{MARKER}{run}/run.json")
}

#[tokio::test]
async fn one_damaged_run_does_not_stop_the_others_and_is_not_overwritten() {
    let aws = Pretend::default();
    let damaged = "20260111t000000z-3e5983d-00000000";
    let unborn = "20260111t000000z-3e5983d-00000001";
    let state = marker(damaged).replace("index/active/run/", "state/");
    let damaged_body = json!({ "schema": 1 }).to_string();
    aws.world().objects.insert(state.clone(), (damaged_body.clone(), 1));
    for run in [damaged, unborn] {
        aws.world().objects.insert(marker(run), (String::new(), 1));
    }
    let (_, runs) = runs(&aws);
    let pass = Tick::new(runs).pass().await.unwrap();
    assert_eq!((pass.seen, pass.failed), (2, 1));
    let world = aws.world();
    assert_eq!(world.objects[&state].0, damaged_body);
    assert!(world.objects.contains_key(&marker(damaged)), "a person has to look at it");
    assert!(!world.objects.contains_key(&marker(unborn)), "long past, and never begun");
}

#[tokio::test]
async fn a_pass_over_nothing_is_one_request() {
    let aws = Pretend::default();
    let (_, runs) = runs(&aws);
    assert_eq!(Tick::new(runs).pass().await.unwrap(), Pass::default());
    assert_eq!(aws.world().requests.len(), 1);
}
