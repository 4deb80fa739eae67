use signalbox_pipeline::explain::explain;
use signalbox_pipeline::phase::Phase;

use super::*;

const REASON: &str = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE";

/// A run whose checkout was submitted, and of which no event came.
async fn silent() -> Story {
    let story = Story::registered(&["rain"]);
    story.points("rain", "main", COMMIT);
    story.event().await.unwrap();
    story
}

#[tokio::test]
async fn a_job_whose_start_and_end_were_lost_is_asked_for() {
    let story = silent().await;
    story.job(|job| {
        job.status = "FAILED".to_owned();
        job.task = Some("t1".to_owned());
    });
    let pass = story.minutes(6).await;
    assert!(pass.missed >= 1 && pass.failed == 0, "{pass:?}");
    let run = story.run();
    assert!(facts(&run).contains(&"job_ended".to_owned()), "{:?}", facts(&run));
    assert_eq!(story.aws.world().jobs.iter().filter(|job| job.name.ends_with("-1")).count(), 1);
}

#[tokio::test]
async fn a_job_that_batch_has_forgotten_is_given_up() {
    let story = silent().await;
    story.minutes(2).await;
    assert!(facts(&story.run()).contains(&"job_found".to_owned()));
    story.aws.world().jobs.clear();
    story.minutes(4).await;
    let run = story.run();
    let first = run.state.attempts().next().unwrap().2;
    let reason = first.reason.as_deref().unwrap_or_default();
    assert!(reason.contains("no longer knows the job job-1"), "{reason}");
}

#[tokio::test]
async fn a_running_job_of_which_there_is_no_news_costs_no_write() {
    let story = silent().await;
    story.job(|job| {
        job.status = "RUNNING".to_owned();
        job.task = Some("t1".to_owned());
    });
    story.minutes(6).await;
    let before = story.run().revision;
    assert_eq!(story.minutes(30).await.healed, 0);
    assert_eq!(story.run().revision, before);
}

#[tokio::test]
async fn why_a_job_gets_no_place_is_shown_after_ten_minutes_and_ends_it_after_a_day() {
    let story = silent().await;
    story.job(|job| job.status_reason = Some(REASON.to_owned()));
    story.minutes(8).await;
    let said = || explain(&story.run(), story.now());
    assert!(!said().contains(REASON), "everything waits for a while: {}", said());
    story.minutes(4).await;
    assert!(said().contains(REASON), "{}", said());

    story.later(24 * 60 * 60);
    let pass = story.minutes(1).await;
    assert_eq!(pass.overdue, 1);
    let first = |run: &Run| run.state.attempts().next().unwrap().2.clone();
    let attempt = first(&story.run());
    assert_eq!(attempt.phase, Phase::Errored);
    assert!(attempt.reason.as_ref().unwrap().contains(REASON), "{:?}", attempt.reason);
    assert_eq!(story.terminated(), ["job-1"]);
    story.minutes(3).await;
    assert!(first(&story.run()).ending.is_none(), "it is not dead because it was told to die");
    assert!(story.terminated().len() > 1, "and it is told again");
    story.job(|job| job.status = "FAILED".to_owned());
    story.minutes(4).await;
    assert!(first(&story.run()).ending.is_some());
}
