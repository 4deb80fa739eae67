//! Runs that wait before an environment, as the core's own documents of schema 4 have them.

use signalbox_pipeline::effect::Effect;
use signalbox_pipeline::keys;
use signalbox_pipeline::phase::Phase;

use super::*;

const RUN: &str = "20260111t234000z-3e5983d-b94f5231";
const HOLDER: &str = "20260111t234001z-3e5983d-9f86d081";
const PLACE: &str = "state/pipelines/rain/environments/test/environment.json";

/// A run that has waited for nine hours, as the document `name` has it, in an environment whose
/// settings say `rest`.
fn waiting(name: &str, rest: &str) -> Story {
    let story = Story::new();
    let now: Timestamp = "2026-01-12T09:15:00Z".parse().unwrap();
    story.later(now.as_second() - story.now().as_second());
    let golden =
        format!("{}/../../shared/pipeline/tests/golden/4/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let mut run: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(golden).unwrap()).unwrap();
    plant(&story, RUN, &run);
    let (pipeline, id) = ("rain".parse().unwrap(), RUN.parse().unwrap());
    story.put(&format!("index/{}", index::active_run(&pipeline, &id)), &json!(""));
    let text = format!("version: 1\nenvironment: test\n{rest}");
    let settings = signalbox_pipeline::settings::parse(&text).unwrap().to_json();
    story.put("state/environments/test/settings.json", &serde_json::from_str(&settings).unwrap());
    // The other run, as far as anybody looks at it.
    run["id"] = json!(HOLDER);
    plant(&story, HOLDER, &run);
    story
}

fn plant(story: &Story, id: &str, run: &serde_json::Value) {
    let key = keys::state::run(&"rain".parse().unwrap(), &id.parse().unwrap());
    story.put(&format!("state/{key}"), run);
}

fn held_by(story: &Story, holder: &str, queue: &[&str]) {
    story.put(
        PLACE,
        &json!({
            "schema": 2, "revision": 1, "write_id": "w", "pipeline": "rain", "environment": "test",
            "current": null, "holder": holder, "queue": queue,
        }),
    );
}

fn run(story: &Story) -> Run {
    story.runs().into_iter().find(|run| run.id.as_str() == RUN).unwrap()
}

fn place(story: &Story) -> serde_json::Value {
    serde_json::from_str(&story.aws.world().objects[PLACE].0).unwrap()
}

#[tokio::test]
async fn a_place_that_a_run_which_is_over_has_kept_goes_to_the_one_that_waits() {
    let story = waiting("run-behind-another", "");
    held_by(&story, HOLDER, &[RUN]);
    story.minutes(2).await;
    assert!(run(&story).pending.is_empty(), "its holder goes on: the place is its own");
    assert_eq!(place(&story)["holder"], HOLDER);

    let key = keys::state::run(&"rain".parse().unwrap(), &HOLDER.parse().unwrap());
    story.aws.world().objects.remove(&format!("state/{key}"));
    let pass = story.minutes(1).await;
    assert_eq!((pass.healed, pass.failed), (1, 0));
    assert_eq!(place(&story)["holder"], RUN);
    assert_eq!(place(&story)["left"], json!([HOLDER]));
    assert!(matches!(run(&story).pending[0].effect, Effect::Submit(_)));
    assert_eq!(story.aws.world().jobs.len(), 1);
}

#[tokio::test]
async fn a_run_goes_on_in_the_minute_after_the_end_of_a_freeze() {
    let freeze = "freeze:\n  - { cron: \"0 9 12 1 *\", for: 30m, reason: inventory }\n";
    let story = waiting("run-frozen-out", freeze);
    held_by(&story, RUN, &[]);
    // From 9:16, when its end is told, to 9:29.
    story.minutes(1).await;
    let told = run(&story).register.entries().len();
    story.minutes(13).await;
    assert!(story.aws.world().jobs.is_empty());
    assert_eq!(run(&story).register.entries().len(), told, "there was nothing to tell");
    story.minutes(2).await;
    assert_eq!(story.aws.world().jobs.len(), 1);
}

#[tokio::test]
async fn a_release_that_nobody_approves_of_in_time_fails_and_gives_its_place_back() {
    let asked = "approvals: { required: 2, from: [managers], expire: 7d }\n";
    let story = waiting("run-approved-by-one", asked);
    held_by(&story, RUN, &[]);
    story.minutes(1).await;
    assert_eq!(run(&story).state.phase, Phase::Running);
    story.later(7 * 24 * 3600);
    story.minutes(1).await;
    let run = run(&story);
    assert_eq!(run.state.phase, Phase::Failed);
    let reason = run.state.reason.as_deref().unwrap();
    assert_eq!(reason, "test-approve: nobody else approved of it for more than 7 days");
    assert_eq!(place(&story)["holder"], serde_json::Value::Null);
    assert!(run.is_settled());
}
