//! A person's hand on an environment: who is told of it.

use super::*;

const ASKING: &str = include_str!("../../../../shared/pipeline/tests/golden/4/asking.json");
const SETTINGS: &str = "version: 1\nenvironment: test\nnotify: \
                        [{ sns: \"arn:aws:sns:eu-west-1:123456789012:signalbox-releases\" }]\n";
const APPROVE: &str = "sqs-decision-approve.json";

/// An environment in which a release is live, whose settings name somebody.
fn live() -> (Pretend, Run) {
    let run: Run = serde_json::from_str(ASKING).unwrap();
    let test = "test".parse().unwrap();
    let settings = signalbox_pipeline::settings::parse(SETTINGS).unwrap();
    let zeros = "0".repeat(64);
    let environment = json!({
        "schema": 3, "revision": 1, "write_id": "w", "pipeline": run.pipeline, "environment": "test",
        "current": {
            "run": run.id, "repository": "trainer", "image": format!("sha256:{zeros}"),
            "definition": zeros, "settings": zeros, "metrics": {},
            "verified_at": "2026-11-20T09:00:00Z",
        },
    });
    let aws = Pretend::default();
    let kept = [
        (signalbox_pipeline::keys::state::run(&run.pipeline, &run.id), ASKING.to_owned()),
        (signalbox_pipeline::keys::state::settings(&test), settings.to_json()),
        (
            signalbox_pipeline::keys::state::environment(&run.pipeline, &test),
            environment.to_string(),
        ),
    ];
    let kept = kept.into_iter().map(|(key, body)| (format!("state/{key}"), (body, 1)));
    aws.world().objects.extend(kept);
    (aws, run)
}

/// Somebody wants nothing to be released, and saw no hold.
fn hold(run: &Run, id: &str) -> Value {
    let body = json!({
        "schema": 1, "id": id, "kind": "hold", "at": "2026-11-20T09:25:00Z",
        "expires": "2026-11-20T10:25:00Z", "pipeline": run.pipeline, "environment": "test",
        "holds": 0, "current": run.id, "reason": "audit until Monday",
    });
    let mut event = event(APPROVE);
    event["Records"][0]["body"] = body.to_string().into();
    event
}

fn notices(aws: &Pretend) -> Vec<Value> {
    aws.world().sent.iter().map(|sent| serde_json::from_str(sent).unwrap()).collect()
}

#[tokio::test]
async fn a_hold_is_told_to_whom_the_environment_names_under_one_id_however_often_it_comes() {
    let (aws, run) = live();
    for _ in 0..2 {
        assert_eq!(invoke(&aws, &hold(&run, "h1"), "09:25:30").await, [""; 0]);
    }
    let told = notices(&aws);
    let id = format!("{}.{}.hold.test.1", run.pipeline, run.id);
    assert!(told.iter().all(|notice| notice["id"] == json!(id)), "{told:?}");
    let first = told.first().expect("somebody is told");
    assert_eq!((&first["kind"], &first["environment"]), (&json!("hold"), &json!("test")));
    let text = first["text"].as_str().unwrap();
    assert!(text.contains("reason: audit until Monday"), "{text}");
    assert_eq!(first["command"], "signalbox resume --environment test");
}

#[tokio::test]
async fn somebody_elses_hold_is_not_told_again() {
    let (aws, run) = live();
    assert_eq!(invoke(&aws, &hold(&run, "h1"), "09:25:30").await, [""; 0]);
    let before = notices(&aws).len();
    let mut second = hold(&run, "h2");
    second["Records"][0]["attributes"]["SenderId"] = json!("AIDAEXAMPLEUSERID0009");
    assert_eq!(invoke(&aws, &second, "09:25:40").await, [""; 0]);
    assert_eq!(notices(&aws).len(), before, "it was decided about what is not so any more");
}
