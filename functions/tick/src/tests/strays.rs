use super::*;

/// A job of ours, as old as it must be to be looked at.
fn stray(story: &Story, id: &str, run: &str, attempt: u32) -> Job {
    let definition = story.aws.world().jobs.first().map(|job| job.definition.clone());
    Job {
        id: id.to_owned(),
        name: format!("rain-{run}-checkout-checkout-{attempt}"),
        queue: story.tick.runs.platform.queue.clone(),
        definition: definition.unwrap_or_else(|| "signalbox-0a".to_owned()),
        parameters: json!({
            "pipeline": "rain", "run": run, "stage": "checkout", "job": "checkout",
            "attempt": attempt.to_string(),
        }),
        created_at: (story.now().as_second() - 600) * 1000,
        status: "RUNNING".to_owned(),
        task: Some(format!("task-of-{id}")),
        ..Job::default()
    }
}

#[tokio::test]
async fn a_job_of_a_run_that_does_not_exist_is_ended_if_it_is_ours() {
    let story = Story::new();
    let run = "20261120t091427z-9a2d57f-53c2ec4d";
    let ours = stray(&story, "ours", run, 1);
    let role = Some("arn:aws:iam::123456789012:role/signalbox/other".to_owned());
    let others = Job { id: "others".to_owned(), role, ..ours.clone() };
    let foreign = Job { id: "f".to_owned(), definition: "mine".to_owned(), ..ours.clone() };
    let young = Job { id: "young".to_owned(), created_at: i64::MAX / 1_000_000, ..ours.clone() };
    story.aws.world().jobs.extend([ours, others, foreign, young]);
    assert_eq!(story.minutes(5).await.orphans, 2);
    assert_eq!(story.terminated(), ["ours"]);
}

#[tokio::test]
async fn a_second_job_of_an_attempt_is_ended_by_its_run() {
    let story = Story::registered(&["rain"]);
    let key = story.event().await.unwrap();
    story.job(|job| job.status = "RUNNING".to_owned());
    story.minutes(2).await;
    let surplus = stray(&story, "surplus", key.run.as_str(), 1);
    story.aws.world().jobs.push(surplus);
    assert_eq!(story.minutes(5).await.orphans, 1);
    assert_eq!(story.terminated(), ["surplus"]);
    let run = story.run();
    let attempt = run.state.attempts().next().unwrap().2;
    assert_eq!(attempt.placement.as_ref().unwrap().job_id.as_str(), "job-1");
    assert_eq!(attempt.surplus.len(), 1);
}

#[tokio::test]
async fn a_job_that_its_run_never_asked_for_is_ended() {
    let story = Story::registered(&["rain"]);
    let key = story.event().await.unwrap();
    story.job(|job| job.status = "RUNNING".to_owned());
    let invented = stray(&story, "invented", key.run.as_str(), 7);
    story.aws.world().jobs.push(invented);
    assert_eq!(story.minutes(5).await.orphans, 1);
    assert_eq!(story.terminated(), ["invented"]);
}

#[tokio::test]
async fn believed_jobs_are_not_looked_at_one_by_one() {
    let story = Story::registered(&["rain"]);
    story.event().await.unwrap();
    story.job(|job| job.status = "RUNNING".to_owned());
    story.minutes(10).await;
    let before = story.aws.world().requests.len();
    let pass = story.minutes(5).await;
    assert_eq!((pass.orphans, story.terminated().len()), (0, 0));
    let requests = story.aws.world().requests.split_off(before);
    let runs = requests.iter().filter(|request| request.ends_with("/run.json")).count();
    assert_eq!(runs, 5, "once a minute: {requests:#?}");
    let lists = requests.iter().filter(|request| request.contains("listjobs")).count();
    assert_eq!(lists, 3, "each state once in five minutes: {requests:#?}");
}
