use signalbox_pipeline::head::Head;
use signalbox_pipeline::run::fact::Origin;

use super::*;

#[tokio::test]
async fn a_push_whose_event_is_lost_begins_one_run_and_is_counted_as_missed() {
    let story = Story::registered(&["rain"]);
    story.points("rain", "main", COMMIT);
    let pass = story.minutes(9).await;
    assert_eq!((pass.missed, pass.failed, pass.damaged), (1, 0, 0));
    let run = story.run();
    assert_eq!(run.state.trigger.origin, Origin::Found);
    assert_eq!(run.state.trigger.commit.as_str(), COMMIT);
    assert_eq!(story.aws.world().jobs.len(), 1);
    let head: Head = serde_json::from_str(&story.aws.world().objects[HEAD].0).unwrap();
    assert!(head.found && head.run == run.id);

    assert_eq!(story.minutes(20).await.missed, 0, "it is found once");
    assert_eq!(story.run().id, run.id);
}

#[tokio::test]
async fn the_late_event_of_a_push_that_was_found_makes_no_second_run() {
    let story = Story::registered(&["rain"]);
    story.points("rain", "main", COMMIT);
    story.minutes(9).await;
    let found = story.run();
    assert_eq!(story.event().await.unwrap().run, found.id);
    assert_eq!(story.event().await.unwrap().run, found.id, "and as often as it comes");
    story.minutes(20).await;
    assert_eq!(story.run().id, found.id);
    assert_eq!(story.aws.world().jobs.iter().filter(|job| job.name.ends_with("-1")).count(), 1);
}

#[tokio::test]
async fn an_event_that_comes_within_minutes_is_waited_for() {
    let story = Story::registered(&["rain"]);
    story.points("rain", "main", COMMIT);
    // Until it is seen for the first time, and a minute more.
    while story.aws.world().requests.iter().all(|request| !request.contains("GetBranch")) {
        story.minutes(1).await;
    }
    story.minutes(1).await;
    assert_eq!(story.runs(), []);
    let brought = story.event().await.unwrap();
    assert_eq!(story.minutes(20).await.missed, 0);
    let run = story.run();
    assert_eq!((run.id, run.state.trigger.origin), (brought.run, Origin::Push));
}

#[tokio::test]
async fn two_ticks_at_once_begin_one_run() {
    let story = Story::registered(&["rain"]);
    story.points("rain", "main", COMMIT);
    let other = tick(&story.aws, &story.seconds);
    for _ in 0..12 {
        story.later(60);
        let (one, other) = tokio::join!(story.tick.pass(), other.pass());
        assert_eq!((one.unwrap().failed, other.unwrap().failed), (0, 0));
    }
    assert_eq!(story.run().state.trigger.origin, Origin::Found);
    assert_eq!(story.aws.world().jobs.iter().filter(|job| job.name.ends_with("-1")).count(), 1);
}

#[tokio::test]
async fn a_run_that_died_with_the_tick_that_had_claimed_the_head_is_begun_by_the_next() {
    let story = Story::registered(&["rain"]);
    story.points("rain", "main", COMMIT);
    story.minutes(9).await;
    let run = story.run();
    let key = format!("state/{}", signalbox_pipeline::keys::state::run(&run.pipeline, &run.id));
    story.aws.world().objects.remove(&key);
    let pass = tick(&story.aws, &story.seconds);
    for _ in 0..5 {
        story.later(60);
        pass.pass().await.unwrap();
    }
    assert_eq!(story.run().id, run.id);
}

#[tokio::test]
async fn a_pattern_finds_what_its_branches_lost_but_none_of_many_that_were_there_before() {
    let story = Story::new();
    story.register("rain", &["*"]);
    story.event().await.unwrap();
    let newer = COMMIT.replace('9', "1");
    for (branch, commit) in [("main", newer.as_str()), ("new", COMMIT), ("feature/x", COMMIT)] {
        story.points("rain", branch, commit);
    }
    assert_eq!(story.minutes(9).await.missed, 2);
    let trigger = |run: &Run| {
        let trigger = &run.state.trigger;
        (trigger.branch.to_string(), trigger.commit.to_string())
    };
    let mut begun: Vec<_> = story.runs().iter().map(trigger).collect();
    begun.sort();
    let expected = [("main", newer.as_str()), ("main", COMMIT), ("new", COMMIT)];
    assert_eq!(begun, expected.map(|(branch, commit)| (branch.to_owned(), commit.to_owned())));

    (0..6).for_each(|number| story.points("rain", &format!("old-{number}"), COMMIT));
    story.points("rain", "main", &COMMIT.replace('9', "2"));
    assert_eq!(story.minutes(9).await.missed, 1, "only what is known of");
}

#[tokio::test]
async fn of_two_pushes_in_one_second_neither_is_missed() {
    let story = Story::registered(&["rain"]);
    let brought = story.event().await.unwrap();
    // The head holds the other one, which has the same time and the greater id.
    let mut head: serde_json::Value =
        serde_json::from_str(&story.aws.world().objects[HEAD].0).unwrap();
    head["commit"] = json!(COMMIT.replace('9', "f"));
    story.put(HEAD, &head);
    story.points("rain", "main", COMMIT);
    assert_eq!(story.minutes(20).await.missed, 0);
    assert_eq!(story.run().id, brought.run);
}

#[tokio::test]
async fn a_repository_of_another_host_is_left_alone() {
    let story = Story::new();
    let registration = json!({
        "schema": 1, "revision": 1, "write_id": "w", "host": "git.example.org",
        "repository": "rain", "pipeline": "rain", "clone_url": "u", "branches": ["main"],
    });
    story.put("state/repositories/git.example.org/rain.json", &registration);
    story.points("rain", "main", COMMIT);
    assert_eq!(story.minutes(10).await, Pass::default());
}
