use super::*;

/// The requests of ten idle minutes.
async fn idle(story: &Story) -> Vec<String> {
    let before = story.aws.world().requests.len();
    let pass = story.minutes(10).await;
    assert_eq!((pass.healed, pass.missed, pass.failed), (0, 0, 0));
    let mut requests = story.aws.world().requests.split_off(before);
    requests.sort_unstable();
    requests
}

#[tokio::test]
async fn what_an_idle_tick_asks_for_does_not_depend_on_history() {
    let story = Story::registered(&["rain"]);
    let fresh = idle(&story).await;
    for number in 0..1000 {
        for key in [
            format!(
                "pipelines/rain/runs/2026/01/11/20260111t000000z-3e5983d-{number:08x}/run.json"
            ),
            format!("heads/{}/rain/feature-{number}.json", story.tick.host),
            format!("events/2026/01/11/{number}.json"),
            format!("pipelines/rain/launches/test/2026/01/11/20260111t000000z-{number:012x}.json"),
        ] {
            story.put(&format!("state/{key}"), &json!({ "schema": 1 }));
        }
        let job = Job { status: "SUCCEEDED".to_owned(), ..Job::default() };
        story.aws.world().jobs.push(job);
    }
    assert_eq!(idle(&story).await, fresh);
    // A minute lists outcomes, the markers of runs and of launches, and registrations; twice the
    // registration is read and its branch asked for, and twice the queue is listed in each of three
    // states.
    assert_eq!(fresh.len(), 10 * 4 + 2 * 2 + 2 * 3, "{fresh:#?}");
}

#[tokio::test]
async fn a_pass_goes_on_where_the_last_one_stopped() {
    let story = Story::new();
    for number in 0..501 {
        let run = format!("20261120t091400z-3e5983d-{number:08x}").parse().unwrap();
        let key = RunKey { pipeline: "rain".parse().unwrap(), run };
        story.tick.runs.mark(&key).await.unwrap();
    }
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(story.tick.pass().await.unwrap().seen);
    }
    assert_eq!(seen, [500, 1, 500]);
}
