use signalbox_cloud::advance::RunKey;
use signalbox_cloud::decision::{Verdict, What};
use signalbox_pipeline::approval;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::fact::Decided;
use signalbox_pipeline::settings;

use super::gate::outcome;
use super::*;
use crate::connect::{RunRef, testing};

/// Waits in `test` for two of `managers`; ada has made and pushed its commit.
const ASKING: &str = include_str!("../../../../shared/pipeline/tests/golden/4/asking.json");

fn asking() -> Run {
    // A run of long ago: people would have had no time left.
    let mut run: Run = serde_json::from_str(ASKING).unwrap();
    for stage in &mut run.state.stages {
        if matches!(stage.work, StageWork::Approve { .. }) {
            stage.started_at = Some(Timestamp::now());
        }
    }
    run
}

fn test() -> EnvironmentName {
    EnvironmentName::parse("test").unwrap()
}

#[test]
fn where_a_run_waits_is_known_and_its_end_is_told_in_a_word() {
    let run = asking();
    assert_eq!(only_gate(&run.state), Some(test()));
    let release = run.state.release(approval::gate(&run.state, &test()).unwrap()).unwrap();
    let key = RunKey { pipeline: run.pipeline.clone(), run: run.id.clone() };
    let (reason, break_glass) = (None, false);
    let verdict = Verdict { run: key, environment: test(), release, reason, break_glass };
    let decision = decide::decision("approve", What::Approve(verdict)).unwrap();
    assert_eq!(outcome(&run, &decision, Choice::Approve), None);
    let mut over = run.clone();
    over.state.phase = Phase::Superseded;
    assert_eq!(outcome(&over, &decision, Choice::Approve), Some(OVER));
}

#[tokio::test]
async fn what_is_approved_is_shown_beside_what_is_live() {
    let buckets = testing::buckets().await;
    let connection = &buckets.connection;
    let live = settings::parse("version: 1\nenvironment: test\nparameters: { EPOCHS: \"2\" }\n");
    let live = live.unwrap();
    let state = connection.state();
    let version = signalbox_pipeline::keys::state::settings_version(&test(), &live.digest());
    state.write(&version, live.to_json(), None).await.unwrap();
    let document = serde_json::json!({
        "schema": 1, "revision": 1, "write_id": "w", "pipeline": "rain", "environment": "test",
        "current": {
            "run": "20260110t234000z-3e5983d-b94f5231", "repository": "rain-trainer",
            "image": format!("sha256:{}", "a".repeat(64)), "definition": "c".repeat(64),
            "settings": live.digest(), "metrics": { "auc": 0.7 },
            "verified_at": "2026-01-10T23:50:00Z",
        },
    });
    let key = signalbox_pipeline::keys::state::environment(&"rain".parse().unwrap(), &test());
    state.write(&key, document.to_string(), None).await.unwrap();
    let page = Page::of(connection, &asking(), &test(), None, Path::new(".")).await.unwrap();
    let page = serde_json::to_value(&page).unwrap();
    assert_eq!(page["makers"][0]["name"], "ada@example.org");
    assert_eq!(page["makers"][2]["name"], "arn:aws:iam::123456789012:user/ada");
    assert_eq!(page["jobs"], serde_json::json!(["checks: unit succeeded"]));
    let settings = page["settings"].to_string();
    assert!(settings.contains("parameters.EPOCHS: 2 -> (gone)"), "{settings}");
    assert!(settings.contains("approvals.required: (new) 2"), "{settings}");
}

#[tokio::test]
async fn what_does_not_wait_is_told_with_the_reason() {
    let buckets = testing::buckets().await;
    let staging = EnvironmentName::parse("staging").unwrap();
    let error =
        Page::of(&buckets.connection, &asking(), &staging, None, Path::new(".")).await.unwrap_err();
    let error = error.to_string();
    assert!(error.contains("does not wait for approval in staging"), "{error}");
    let gone = RunRef { pipeline: "rain".parse().unwrap(), id: asking().id };
    assert!(buckets.connection.existing_run(&gone).await.unwrap().is_none());
}

#[test]
fn a_decision_is_told_in_a_line() {
    let decided = Decided {
        decision: "d".parse().unwrap(),
        environment: test(),
        choice: Choice::Approve,
        release: "0".repeat(64).parse().unwrap(),
        person: "grace".parse().unwrap(),
        principal: "AIDA1".to_owned(),
        reason: Some("it burns".to_owned()),
        break_glass: true,
    };
    assert_eq!(told(&decided), "grace BROKE THE GLASS as AIDA1: it burns");
}
