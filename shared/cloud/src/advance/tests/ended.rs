//! Runs that a person ends, while their jobs are at any stage of being submitted.

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use signalbox_pipeline::run::fact::Cancelled;

use super::*;

pub(super) fn cancel() -> News {
    let decision = EventId::parse("decision-1").unwrap();
    let fact = Fact::Cancelled(Cancelled {
        decision: decision.clone(),
        by: "ada".to_owned(),
        reason: None,
    });
    let occurrence = Occurrence { event: decision.clone(), actor: "ada".to_owned(), fact };
    News { cause: decision, occurrences: vec![occurrence] }
}

fn count(requests: &[String], what: &str) -> usize {
    requests.iter().filter(|request| request.ends_with(what)).count()
}

/// A run whose only submission has an unclear outcome, and which was cancelled then.
async fn in_doubt(lost: Planted) -> Story {
    let story = Story::new();
    // Marker, run, refused submission, definition: the second submission is the one that counts.
    story.world.world().planted.insert(4, lost);
    story.runs.begin(&story.key, story.trigger()).await.unwrap();
    story.later(5);
    let told = story.runs.tell(&story.key, cancel()).await.unwrap();
    assert_eq!((told.run.state.phase, told.run.is_settled()), (Phase::Cancelled, false));
    story.requests();
    story
}

#[tokio::test]
async fn a_job_that_runs_is_told_to_end_and_the_run_settles_when_it_has() {
    let story = Story::new();
    story.runs.begin(&story.key, story.trigger()).await.unwrap();
    let jobs = story.jobs();
    story.runs.tell(&story.key, story.ends(&jobs[0])).await.unwrap();
    let checks = story.jobs().split_off(1);
    for job in &checks {
        let mut news = story.ends(job);
        for occurrence in &mut news.occurrences {
            let Fact::JobEnded(ended) = &occurrence.fact else { panic!() };
            occurrence.fact = Fact::JobStarted(signalbox_pipeline::run::fact::JobStarted {
                attempt: ended.attempt.clone(),
                placement: ended.placement.clone(),
                started_at: None,
            });
        }
        story.runs.tell(&story.key, news).await.unwrap();
    }
    story.requests();
    let told = story.runs.tell(&story.key, cancel()).await.unwrap();
    assert_eq!(told.puts, 1);
    let terminated = |story: &Story| {
        let mut ids = story.world.world().terminated.clone();
        ids.sort();
        ids
    };
    assert_eq!(terminated(&story), ["job-2", "job-3"]);
    story.runs.tell(&story.key, cancel()).await.unwrap();
    assert_eq!(terminated(&story).len(), 2, "the same decision once more changes nothing");
    story.later(46);
    story.runs.tell(&story.key, story.nothing()).await.unwrap();
    assert_eq!(terminated(&story).len(), 4, "nobody has seen them end: they are told again");
    for job in &checks {
        assert!(!story.run().is_settled());
        story.runs.tell(&story.key, story.ends(job)).await.unwrap();
    }
    let run = story.run();
    assert_eq!((run.state.phase, run.is_settled()), (Phase::Cancelled, true));
    assert!(!story.world.world().objects.contains_key(&format!("index/{}", story.key.marker())));
}

#[tokio::test]
async fn a_submission_that_got_lost_is_withdrawn_once_nobody_can_make_it_any_more() {
    let story = in_doubt(Planted::Before(Answer::Timeout)).await;
    for _ in 0..2 {
        // The lease ends at 45, and what was begun in it may be listed late.
        story.later(34);
        story.runs.tell(&story.key, story.nothing()).await.unwrap();
        assert_eq!(count(&story.requests(), "v1/listjobs"), 0, "it may still come");
    }
    story.later(2);
    story.runs.tell(&story.key, story.nothing()).await.unwrap();
    let asked = story.requests();
    assert_eq!((count(&asked, "v1/listjobs"), count(&asked, "v1/submitjob")), (1, 0), "{asked:?}");
    assert!(story.run().is_settled() && story.jobs().is_empty());
    assert!(!story.world.world().objects.contains_key(&format!("index/{}", story.key.marker())));
}

#[tokio::test]
async fn a_submission_that_was_made_after_all_is_found_and_ended() {
    let story = in_doubt(Planted::After(Answer::Timeout)).await;
    story.later(71);
    story.runs.tell(&story.key, story.nothing()).await.unwrap();
    let asked = story.requests();
    assert_eq!((count(&asked, "v1/listjobs"), count(&asked, "v1/submitjob")), (1, 0), "{asked:?}");
    assert_eq!(story.world.world().terminated, ["job-1"]);
    assert!(!story.run().is_settled(), "its end was not seen");
    let job = story.jobs().remove(0);
    story.runs.tell(&story.key, story.ends(&job)).await.unwrap();
    assert!(story.run().is_settled());
}

#[tokio::test]
async fn somebody_elses_job_under_the_name_is_left_alone() {
    let story = in_doubt(Planted::Before(Answer::Timeout)).await;
    story.somebody_else_takes_the_name();
    story.later(71);
    story.runs.tell(&story.key, story.nothing()).await.unwrap();
    assert!(story.run().is_settled());
    assert!(story.world.world().terminated.is_empty());
}

/// The instance falls asleep for so many seconds in every submission that it makes.
#[derive(Clone, Debug)]
struct Sleepy {
    world: Pretend,
    now: Arc<AtomicI64>,
    seconds: i64,
}

impl HttpConnector for Sleepy {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if request.uri().ends_with("v1/submitjob") {
            self.now.fetch_add(self.seconds, Ordering::SeqCst);
        }
        self.world.call(request)
    }
}

#[tokio::test]
async fn who_wakes_when_the_lease_is_nearly_over_submits_nothing_any_more() {
    let story = Story::new();
    story.runs.begin(&story.key, story.trigger()).await.unwrap();
    let checkout = story.jobs().remove(0);
    let (world, now) = (story.world.clone(), Arc::clone(&story.now));
    let sleepy = Story::instance(&Sleepy { world, now, seconds: 31 }, &story.now);
    sleepy.tell(&story.key, story.ends(&checkout)).await.unwrap();
    assert_eq!(story.jobs().len(), 2, "the second check would have been begun after 31 of 45 s");
    story.later(46);
    story.runs.tell(&story.key, story.nothing()).await.unwrap();
    let jobs = story.jobs();
    let mut names = names(&jobs);
    names.sort_unstable();
    assert_eq!(names, ["-checkout-checkout-1", "-checks-lint-1", "-checks-unit-1"]);
}

#[tokio::test]
async fn who_slept_while_a_definition_was_registered_submits_nothing_any_more() {
    let story = Story::new();
    let (world, now) = (story.world.clone(), Arc::clone(&story.now));
    let sleepy = Story::instance(&Sleepy { world, now, seconds: 31 }, &story.now);
    sleepy.begin(&story.key, story.trigger()).await.unwrap();
    assert_eq!(count(&story.requests(), "v1/registerjobdefinition"), 1);
    assert!(story.jobs().is_empty());
    story.later(46);
    story.runs.tell(&story.key, story.nothing()).await.unwrap();
    assert_eq!(story.jobs().len(), 1);
}
