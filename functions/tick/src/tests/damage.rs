use super::*;

const MARKER: &str = "index/active/run/pipelines/rain/runs/2026/11/20/";

fn marker(run: &str) -> String {
    format!("{MARKER}{run}/run.json")
}

#[tokio::test]
async fn one_damaged_run_does_not_stop_the_others_and_is_not_overwritten() {
    let story = Story::new();
    let damaged = "20261120t090000z-3e5983d-00000000";
    let newer = "20261120t090000z-3e5983d-00000001";
    let unborn = "20261120t090000z-3e5983d-00000002";
    for (run, body) in [(damaged, json!({ "schema": 1 })), (newer, json!({ "schema": 99 }))] {
        story.put(&marker(run).replace("index/active/run/", "state/"), &body);
    }
    for run in [damaged, newer, unborn] {
        story.put(&marker(run), &json!(null));
    }
    let pass = story.tick.pass().await.unwrap();
    assert_eq!((pass.seen, pass.damaged, pass.failed), (3, 2, 0));
    let world = story.aws.world();
    for (run, body) in [(damaged, r#"{"schema":1}"#), (newer, r#"{"schema":99}"#)] {
        assert_eq!(world.objects[&marker(run).replace("index/active/run/", "state/")].0, body);
        assert!(world.objects.contains_key(&marker(run)), "a person has to look at it");
    }
    assert!(!world.objects.contains_key(&marker(unborn)), "put long ago, and never begun");
}

#[tokio::test]
async fn a_damaged_head_or_registration_does_not_stop_the_other_repositories() {
    let story = Story::registered(&["hail", "rain", "snow"]);
    for repository in ["hail", "rain", "snow"] {
        story.points(repository, "main", COMMIT);
    }
    let head = HEAD.replace("/rain/", "/hail/");
    let registration = format!("state/repositories/{}/snow.json", story.tick.host);
    story.put(&head, &json!({ "schema": 2, "more": true }));
    story.put(&registration, &json!({ "schema": 1 }));
    let pass = story.minutes(10).await;
    assert_eq!((pass.missed, pass.failed), (1, 0));
    assert_eq!(pass.damaged, 4, "each is told once in five minutes");
    assert_eq!(story.run().state.trigger.repository.as_str(), "rain");
    let world = story.aws.world();
    assert_eq!(world.objects[&head].0, r#"{"schema":2,"more":true}"#);
    assert_eq!(world.objects[&registration].0, r#"{"schema":1}"#);
}

#[tokio::test]
async fn a_repository_that_cannot_be_asked_does_not_stop_the_others() {
    let story = Story::registered(&["rain"]);
    story.register("hail", &["no-such-branch"]);
    story.put("index/active/run/nonsense", &json!(null));
    story.points("rain", "main", COMMIT);
    let pass = story.minutes(9).await;
    assert_eq!((pass.missed, pass.damaged, pass.failed), (1, 0, 9), "the marker, each time");
}

#[tokio::test]
async fn whatever_number_of_damaged_registrations_comes_first_those_behind_them_have_their_turn() {
    let story = Story::registered(&["rain"]);
    story.points("rain", "main", COMMIT);
    for number in 0..20 {
        let key = format!("state/repositories/{}/a{number}.json", story.tick.host);
        story.put(&key, &json!({ "schema": 1 }));
    }
    let pass = story.minutes(10).await;
    assert_eq!((pass.missed, pass.damaged), (1, 40), "each is told once in five minutes");
    assert_eq!(story.run().state.trigger.repository.as_str(), "rain");
}

#[tokio::test]
async fn the_marker_of_a_run_that_may_be_about_to_come_alive_is_left_alone() {
    let story = Story::registered(&["rain"]);
    // Its event was two days late: what the run's id says is no age of the marker.
    let run = "20261118t090000z-3e5983d-00000000";
    let key = RunKey { pipeline: "rain".parse().unwrap(), run: run.parse().unwrap() };
    story.tick.runs.mark(&key).await.unwrap();
    story.minutes(4).await;
    assert!(story.aws.world().objects.contains_key(&marker_of(&key)));
    // Marked again, by another delivery, it is young again.
    story.tick.runs.mark(&key).await.unwrap();
    story.minutes(4).await;
    assert!(story.aws.world().objects.contains_key(&marker_of(&key)));
    assert_eq!(story.minutes(1).await.healed, 1);
    assert!(!story.aws.world().objects.contains_key(&marker_of(&key)));
}

#[tokio::test]
async fn the_marker_of_a_run_that_is_over_goes_once_nobody_can_be_about_to_revive_it() {
    let story = Story::registered(&["rain"]);
    let key = story.event().await.unwrap();
    for _attempt in 0..3 {
        story.aws.world().jobs.iter_mut().for_each(|job| job.status = "FAILED".to_owned());
        story.minutes(4).await;
    }
    assert!(story.run().is_settled());
    assert!(!story.aws.world().objects.contains_key(&marker_of(&key)));
    story.tick.runs.mark(&key).await.unwrap();
    story.minutes(4).await;
    assert!(story.aws.world().objects.contains_key(&marker_of(&key)));
    assert_eq!(story.minutes(1).await.healed, 1);
    assert!(!story.aws.world().objects.contains_key(&marker_of(&key)));
}

fn marker_of(key: &RunKey) -> String {
    format!("index/{}", index::active_run(&key.pipeline, &key.run))
}
