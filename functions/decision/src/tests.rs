use aws_lambda_events::sqs::SqsEvent;
use serde_json::{Value, json};
use signalbox_cloud::config::from_env;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::fact::Origin;
use signalbox_testkit::{Pretend, fixture, messages, variable};

use super::*;

mod approvals;
mod steering;

const HOST: &str = "codecommit.eu-west-1.amazonaws.com";
const CANCEL: &str = "sqs-decision-cancel.json";
const RETRY: &str = "sqs-decision-retry.json";
const REPLAY: &str = "sqs-decision-replay.json";
const INLINE: &str = "sqs-decision-replay-inline.json";

/// Hands the function what Lambda would, at a time of day of 2026-11-20; the failed messages.
async fn invoke(aws: &Pretend, event: &Value, time: &str) -> Vec<String> {
    let (account, buckets, jobs) = from_env::<(Account, Buckets, Jobs)>(variable).unwrap();
    let clients = Clients::over(account, signalbox_testkit::http(aws.clone()));
    let now: jiff::Timestamp = format!("2026-11-20T{time}Z").parse().unwrap();
    let clock = Clock::new(move || now);
    let runs = Runs::connect(&clients, &buckets, &jobs, clock, Chance::system());
    let decide = Decide { runs, host: HOST.parse().unwrap(), checkout_image: "image:1".to_owned() };
    let queue = Queue::new(clients.sqs(), "http://127.0.0.1:1/1/dead", Chance::system());
    let event: SqsEvent = serde_json::from_value(event.clone()).unwrap();
    let response = Shell::new(decide, queue).handle(event).await;
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

fn event(name: &str) -> Value {
    serde_json::from_str(&fixture(name)).unwrap()
}

/// The fixture's decision, changed.
fn changed(name: &str, change: impl Fn(&mut Value)) -> Value {
    let body = event(name)["Records"][0]["body"].as_str().unwrap().to_owned();
    let mut decision: Value = serde_json::from_str(&body).unwrap();
    change(&mut decision);
    messages(&[decision.to_string()])
}

/// The repository registered, its push archived and its run cancelled half a minute ago.
async fn cancelled() -> Pretend {
    let aws = Pretend::default();
    let registration = json!({
        "schema": 1, "revision": 1, "write_id": "w", "host": HOST, "repository": "rain",
        "pipeline": "rain", "clone_url": "https://host/rain", "branches": ["main"],
    });
    let push = fixture("codecommit-push.json");
    let archived = "state/events/2026/11/20/d107ea36-29c3-4671-8876-f07356a48dea.json";
    let kept = [
        (format!("state/repositories/{HOST}/rain.json"), registration.to_string()),
        (archived.to_owned(), push),
    ];
    let kept = kept.into_iter().map(|(key, body)| (key, (body, 1)));
    aws.world().objects.extend(kept);
    assert_eq!(invoke(&aws, &event(INLINE), "09:23:01").await, [""; 0]);
    let run = runs(&aws).remove(0);
    let cancel = changed(CANCEL, |decision| decision["run"] = json!(run.id));
    assert_eq!(invoke(&aws, &cancel, "09:23:02").await, [""; 0]);
    aws
}

fn runs(aws: &Pretend) -> Vec<Run> {
    let world = aws.world();
    let documents = world.objects.iter();
    let documents =
        documents.filter(|(key, _)| key.starts_with("state/") && key.ends_with("/run.json"));
    documents.map(|(_, (body, _))| serde_json::from_str(body).unwrap()).collect()
}

#[tokio::test]
async fn a_replayed_event_makes_one_run_that_says_so_however_often_the_decision_comes() {
    let aws = cancelled().await;
    for _ in 0..3 {
        assert_eq!(invoke(&aws, &event(REPLAY), "09:24:00").await, [""; 0]);
    }
    let runs = runs(&aws);
    assert_eq!(runs.len(), 2);
    let replay = runs.iter().find(|run| run.state.phase == Phase::Running).unwrap();
    let of = "d107ea36-29c3-4671-8876-f07356a48dea".parse().unwrap();
    assert_eq!(replay.state.trigger.origin, Origin::Replay { of });
    let first = &replay.register.entries()[0];
    assert_eq!(first.event.as_str(), "replay-c27f1e0849d35ab6");
    assert_eq!(first.actor, "AROAEXAMPLEROLEID0001:ada");
    assert!(replay.id.as_str().starts_with("20261120t092200z-9a2d57f-"), "{}", replay.id);
    assert_eq!(aws.world().jobs.len(), 2);
}

#[tokio::test]
async fn who_pushed_is_believed_of_an_archived_event_and_not_of_one_that_the_decision_brings() {
    let aws = cancelled().await;
    assert_eq!(invoke(&aws, &event(REPLAY), "09:24:00").await, [""; 0]);
    let pushed_by = |decision: &str| {
        let runs = runs(&aws);
        let mine = |run: &&Run| run.register.entries()[0].event.as_str().starts_with(decision);
        runs.iter().find(mine).unwrap().state.trigger.pushed_by.clone()
    };
    let ada = Some("arn:aws:iam::123456789012:user/ada".to_owned());
    assert_eq!(pushed_by("replay-c27f1e"), ada);
    assert_eq!(pushed_by("replay-8e4a90"), None, "anybody may have written it");
}

#[tokio::test]
async fn a_cancelled_run_is_over_and_says_whose_decision_it_was() {
    let aws = cancelled().await;
    let run = runs(&aws).remove(0);
    assert_eq!(run.state.phase, Phase::Cancelled);
    let reason = run.state.reason.clone().unwrap_or_default();
    assert!(reason.contains("the wrong branch") && reason.contains("AIDA1"), "{reason}");
    let entries = run.register.entries().len();
    let again = changed(CANCEL, |decision| {
        decision["run"] = json!(run.id);
        decision["id"] = json!("another");
    });
    assert_eq!(invoke(&aws, &again, "09:24:00").await, [""; 0]);
    assert_eq!(runs(&aws)[0].register.entries().len(), entries, "the first decision stands");
    assert_eq!(aws.world().dead_letters, [""; 0]);
}

#[tokio::test]
async fn a_retry_is_one_new_run_that_names_the_one_before() {
    let aws = cancelled().await;
    let before = runs(&aws).remove(0);
    let retry = changed(RETRY, |decision| decision["run"] = json!(before.id));
    for _ in 0..3 {
        assert_eq!(invoke(&aws, &retry, "09:24:00").await, [""; 0]);
    }
    let runs = runs(&aws);
    assert_eq!(runs.len(), 2);
    let retry = runs.iter().find(|run| run.id != before.id).unwrap();
    assert_eq!(retry.state.trigger.origin, Origin::Retry { of: before.id.clone() });
    assert_eq!(retry.state.trigger.commit, before.state.trigger.commit);
    assert_eq!((retry.state.phase, aws.world().jobs.len()), (Phase::Running, 2));
}

#[tokio::test]
async fn a_retry_that_cannot_be_is_done_with_and_changes_nothing() {
    let aws = cancelled().await;
    let before = runs(&aws).remove(0);
    let edits: [(&str, Value); 5] = [
        ("run", json!("20201120t091427z-9a2d57f-53c2ec4d")),
        ("from", json!("no-such-stage")),
        ("from", json!("checks")),
        ("definition", json!("current")),
        ("pipeline", json!("snow")),
    ];
    for (key, value) in edits {
        let retry = changed(RETRY, |decision| {
            decision["run"] = json!(before.id);
            decision[key] = value.clone();
        });
        let objects = aws.world().objects.clone();
        assert_eq!(invoke(&aws, &retry, "09:24:00").await, [""; 0], "{key}");
        assert_eq!(aws.world().objects, objects, "{key} {value}");
    }
    let nobodys = changed(REPLAY, |decision| decision["event"]["id"] = json!("unknown"));
    assert_eq!(invoke(&aws, &nobodys, "09:24:00").await, [""; 0]);
    assert_eq!((runs(&aws).len(), aws.world().dead_letters.len()), (1, 0));
}

#[tokio::test]
async fn a_run_that_is_not_over_is_not_retried() {
    let aws = cancelled().await;
    assert_eq!(invoke(&aws, &event(REPLAY), "09:24:00").await, [""; 0]);
    let running = runs(&aws).into_iter().find(|run| run.state.phase == Phase::Running).unwrap();
    let retry = changed(RETRY, |decision| decision["run"] = json!(running.id));
    assert_eq!(invoke(&aws, &retry, "09:24:00").await, [""; 0]);
    assert_eq!(runs(&aws).len(), 2);
}

#[tokio::test]
async fn what_is_no_decision_is_set_aside_with_its_reason_and_asks_nothing_of_aws() {
    type Edit = fn(&mut Value);
    let edits: [(&str, Edit, &str); 9] = [
        (CANCEL, |it| it["force"] = json!(true), "unknown field `force`"),
        (
            CANCEL,
            |it| drop(it.as_object_mut().unwrap().remove("expires")),
            "missing field `expires`",
        ),
        (CANCEL, |it| it["expires"] = json!("2026-11-20T09:21:00Z"), "expired at"),
        (CANCEL, |it| it["expires"] = json!("2026-11-27T09:21:00Z"), "24 hours at most"),
        (CANCEL, |it| it["run"] = json!("../../etc"), "\"../../etc\" is not a run id"),
        (CANCEL, |it| it["from"] = json!("checks"), "a cancel has no key `from`"),
        (CANCEL, |it| it["schema"] = json!(2), "schema 2"),
        (RETRY, |it| drop(it.as_object_mut().unwrap().remove("run")), "a key is missing (run)"),
        (INLINE, |it| it["envelope"]["pad"] = json!("x".repeat(210_000)), "204800 at most"),
    ];
    for (name, edit, reason) in edits {
        let aws = Pretend::default();
        assert_eq!(invoke(&aws, &changed(name, edit), "09:24:00").await, [""; 0]);
        let reasons = aws.world().dead_letters.join("\n");
        assert!(reasons.contains(reason), "{reason}: {reasons}");
        assert_eq!(aws.world().requests.len(), 1, "only the dead letter: {reason}");
    }
    let (aws, mut nobodys) = (Pretend::default(), event(CANCEL));
    nobodys["Records"][0]["attributes"] = json!({});
    assert_eq!(invoke(&aws, &nobodys, "09:24:00").await, [""; 0]);
    assert!(aws.world().dead_letters.join("\n").contains("SenderId"));
}

#[tokio::test]
async fn a_decision_that_has_expired_changes_nothing() {
    for name in [CANCEL, RETRY, REPLAY, INLINE] {
        let aws = Pretend::default();
        assert_eq!(invoke(&aws, &event(name), "23:00:00").await, [""; 0]);
        let reasons = aws.world().dead_letters.join("\n");
        assert!(reasons.contains("expired at") && reasons.contains("nothing was changed"));
        assert!(aws.world().objects.is_empty());
    }
}

#[test]
fn every_decision_of_the_fixtures_is_read_as_its_name_says() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(kind) = name.strip_prefix("sqs-decision-") else { continue };
        let body = event(&name)["Records"][0]["body"].as_str().unwrap().to_owned();
        let decision = Decision::parse(&body).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(kind.starts_with(decision.id.as_str().split('-').next().unwrap()), "{name}");
        seen += 1;
    }
    assert!(seen >= 10, "only {seen}");
}
