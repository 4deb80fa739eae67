//! Words on a release: those that count become facts, and the others change nothing at all.

use super::*;

const APPROVE: &str = "sqs-decision-approve.json";
const REJECT: &str = "sqs-decision-reject.json";
const ADA: &str = "AIDAEXAMPLEUSERID0001";
const GRACE: &str = "AROAEXAMPLEROLEID0001:grace@example.org";
const ON_CALL: &str = "AROAEXAMPLEROLEID0002:anybody";
/// Waits in `test` for two of `managers`; ada has made and pushed its commit.
const ASKING: &str = include_str!("../../../../shared/pipeline/tests/golden/4/asking.json");
const PEOPLE: &str = include_str!("../../../../examples/people.yaml");

/// A run that has waited since 09:25:00, and the people of the example.
fn waiting() -> (Pretend, Run) {
    let mut run: Value = serde_json::from_str(ASKING).unwrap();
    for stage in run["state"]["stages"].as_array_mut().unwrap() {
        if stage["name"] == "test-approve" {
            stage["started_at"] = json!("2026-11-20T09:25:00Z");
        }
    }
    let run: Run = serde_json::from_value(run).unwrap();
    let people = PEOPLE.replace("release-managers", "managers");
    let people = signalbox_pipeline::people::parse(&people).unwrap();
    let aws = Pretend::default();
    let key = signalbox_pipeline::keys::state::run(&run.pipeline, &run.id);
    let kept = [
        (format!("state/{key}"), serde_json::to_string(&run).unwrap()),
        ("state/people.json".to_owned(), people.to_json()),
    ];
    aws.world().objects.extend(kept.into_iter().map(|(key, body)| (key, (body, 1))));
    (aws, run)
}

/// The fixture, about the release that `run` waits with, from `sender`.
fn word(name: &str, run: &Run, sender: &str, change: impl Fn(&mut Value)) -> Value {
    let test = "test".parse().unwrap();
    let gate = signalbox_pipeline::approval::gate(&run.state, &test).unwrap();
    let mut event = changed(name, |decision| {
        decision["run"] = json!(run.id);
        decision["environment"] = json!("test");
        decision["release"] = json!(run.state.release(gate).unwrap());
        decision["id"] = json!(format!("{}-{}", decision["kind"].as_str().unwrap(), &sender[..4]));
        change(decision);
    });
    event["Records"][0]["attributes"]["SenderId"] = json!(sender);
    event
}

async fn says(aws: &Pretend, event: &Value) -> Run {
    assert_eq!(invoke(aws, event, "09:25:30").await, [""; 0]);
    assert_eq!(aws.world().dead_letters, [""; 0]);
    runs(aws).remove(0)
}

fn decisions(run: &Run) -> Vec<String> {
    let stages = run.state.stages.iter().filter_map(|stage| stage.approving.as_ref());
    let all = stages.flat_map(|approving| &approving.decisions);
    all.map(|one| format!("{} {:?} as {}", one.person, one.choice, one.principal)).collect()
}

#[tokio::test]
async fn approvals_of_two_people_are_facts_that_name_them_and_each_counts_once() {
    let (aws, run) = waiting();
    let grace = word(APPROVE, &run, GRACE, |_| {});
    for _ in 0..3 {
        let run = says(&aws, &grace).await;
        assert_eq!(decisions(&run), [format!("grace Approve as {GRACE}")]);
    }
    let run = says(&aws, &word(APPROVE, &run, ON_CALL, |it| it["id"] = json!("d2"))).await;
    assert_eq!(decisions(&run)[1], format!("on-call Approve as {ON_CALL}"));
    let entry = run.register.entries().iter().find(|entry| entry.event.as_str() == "d2").unwrap();
    assert_eq!(entry.actor, ON_CALL);
}

#[tokio::test]
async fn one_rejection_ends_the_run_with_the_persons_reason() {
    let (aws, run) = waiting();
    says(&aws, &word(APPROVE, &run, GRACE, |_| {})).await;
    let run = says(&aws, &word(REJECT, &run, ON_CALL, |_| {})).await;
    assert_eq!(run.state.phase, Phase::Failed);
    let reason = run.state.reason.unwrap_or_default();
    assert!(reason.contains("on-call rejected it: not before the audit"), "{reason}");
}

#[tokio::test]
async fn a_broken_glass_is_enough_and_stays_in_the_register() {
    let (aws, run) = waiting();
    let run = says(&aws, &word(APPROVE, &run, GRACE, |it| it["break_glass"] = json!(true))).await;
    let decided = run.register.entries().iter().find_map(|entry| match &entry.fact {
        signalbox_pipeline::run::Fact::Decided(decided) => Some(decided),
        _ => None,
    });
    assert!(decided.is_some_and(|decided| decided.break_glass));
}

#[tokio::test]
async fn a_word_that_does_not_count_is_done_with_and_changes_nothing() {
    type Edit = fn(&mut Value);
    let same: Edit = |_| {};
    let cases: [(&str, &str, Edit); 8] = [
        ("by the author", ADA, same),
        ("by the author, who breaks the glass", ADA, |it| it["break_glass"] = json!(true)),
        ("by a principal of nobody", "AIDAEXAMPLEUSERID0009", same),
        ("by another session", "AROAEXAMPLEROLEID0001:ada", same),
        ("of another release", GRACE, |it| it["release"] = json!("0".repeat(64))),
        ("in another environment", GRACE, |it| it["environment"] = json!("production")),
        ("of another pipeline", GRACE, |it| it["pipeline"] = json!("snow")),
        ("of a run that is not there", GRACE, |it| {
            it["run"] = json!("20201120t091427z-9a2d57f-53c2ec4d");
        }),
    ];
    for (what, sender, edit) in cases {
        let (aws, run) = waiting();
        let before = aws.world().objects.clone();
        says(&aws, &word(APPROVE, &run, sender, edit)).await;
        assert_eq!(aws.world().objects, before, "{what}");
    }
    let (aws, run) = waiting();
    aws.world().objects.remove("state/people.json");
    let before = aws.world().objects.clone();
    says(&aws, &word(APPROVE, &run, GRACE, |_| {})).await;
    assert_eq!(aws.world().objects, before, "nobody is known");
}

#[tokio::test]
async fn a_word_after_the_time_and_a_forged_author_change_nothing() {
    let (aws, run) = waiting();
    let before = aws.world().objects.clone();
    let late = word(APPROVE, &run, GRACE, |_| {});
    assert_eq!(invoke(&aws, &late, "09:26:01").await, [""; 0]);
    assert_eq!(aws.world().objects, before, "a minute was given");
    let forged = word(APPROVE, &run, ADA, |it| it["person"] = json!("grace"));
    assert_eq!(invoke(&aws, &forged, "09:25:30").await, [""; 0]);
    assert_eq!(aws.world().objects, before);
    assert!(aws.world().dead_letters.join("\n").contains("unknown field `person`"));
}
