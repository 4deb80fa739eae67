//! What somebody else has put in the run's way.

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use signalbox_pipeline::run::fact::{Evidence, JobStarted};

use super::*;
use crate::store::Stored;

fn starts(story: &Story, job: &Job) -> News {
    let started =
        JobStarted { attempt: story.attempt(job), placement: placement(job), started_at: None };
    let event = EventId::parse(format!("start-of-{}", job.id)).unwrap();
    let (actor, fact) = ("aws.batch".to_owned(), Fact::JobStarted(started));
    News { cause: event.clone(), occurrences: vec![Occurrence { event, actor, fact }] }
}

fn result(job: &Job) -> String {
    format!("artifacts/incoming/AROA1:task-{}/result.json", job.id)
}

#[tokio::test]
async fn somebody_elses_job_under_the_name_of_an_attempt_does_not_hold_its_submission_back() {
    let story = Story::new();
    // Marker, run, refused submission, definition: the second submission is lost on its way.
    story.world.world().planted.insert(4, Planted::Before(Answer::Timeout));
    story.runs.begin(&story.key, story.trigger()).await.unwrap();
    story.somebody_else_takes_the_name();
    story.later(46);
    story.runs.tell(&story.key, story.nothing()).await.unwrap();
    let ours = story.jobs().into_iter().filter(|job| job.id != "foreign");
    assert_eq!(names(&ours.collect::<Vec<_>>()), ["-checkout-checkout-1"]);
}

#[tokio::test]
async fn what_a_stale_document_led_to_read_is_not_taken_for_the_believed_jobs_result() {
    let story = Story::new();
    story.runs.begin(&story.key, story.trigger()).await.unwrap();
    let believed = story.jobs().remove(0);
    let other = Story::instance(&story.world, &story.now);
    other.tell(&story.key, starts(&story, &believed)).await.unwrap();
    // The first instance holds the run as it was before, and hears of a surplus job first.
    let surplus = Job { id: "surplus".to_owned(), ..believed.clone() };
    let mut news = story.ends(&surplus);
    news.occurrences.extend(story.ends(&believed).occurrences);
    story.runs.tell(&story.key, news).await.unwrap();
    let run = story.run();
    let attempt = run.state.attempt(&story.attempt(&believed)).unwrap();
    assert_eq!(attempt.placement.as_ref().unwrap().job_id.as_str(), believed.id);
    let Some(Evidence::Read(found)) = &attempt.evidence else { panic!("{attempt:?}") };
    assert_eq!(format!("artifacts/{}", found.key), result(&believed));
}

#[tokio::test]
async fn results_that_the_document_has_no_room_for_do_not_stop_the_run() {
    let checks: String = (0..20).map(|n| format!("  c{n}: {{ run: \"true\" }}\n")).collect();
    let definition = format!("version: 1\npipeline: rain\nchecks:\n{checks}").leak();
    let story = Story { definition, ..Story::new() };
    story.runs.begin(&story.key, story.trigger()).await.unwrap();
    let mut metrics: Vec<String> = Vec::new();
    metrics.resize_with(250, || format!("\"{}{}\": 1", "m".repeat(950), fastrand::u64(..)));
    let large = format!(
        "{{\"schema\":1,\"exit_code\":0,\"seconds\":1,\"cpu_seconds\":1,\"max_rss_bytes\":1,\
         \"metrics\":{{{}}}}}",
        metrics.join(",")
    );
    let mut heard = 0;
    while let Some(job) = story.jobs().get(heard).cloned() {
        let news = story.ends(&job);
        if heard > 0 {
            story.world.world().objects.insert(result(&job), (large.clone(), 1));
        }
        story.runs.tell(&story.key, news).await.unwrap();
        heard += 1;
        if story.jobs().len() == heard {
            // What is tried again waits for its time.
            story.later(600);
            let nothing = News { cause: story.trigger().cause, occurrences: Vec::new() };
            story.runs.tell(&story.key, nothing).await.unwrap();
        }
    }
    let run = story.run();
    assert!(run.is_settled());
    assert!(run.state.reason.as_ref().unwrap().contains("no room"), "{:?}", run.state.reason);
    assert!(serde_json::to_vec(&run).unwrap().len() < Run::LARGEST);
}

#[tokio::test]
async fn a_damaged_result_is_not_repeated_in_the_reason() {
    let story = Story::new();
    story.runs.begin(&story.key, story.trigger()).await.unwrap();
    let job = story.jobs().remove(0);
    let news = story.ends(&job);
    let damaged = json!({ "schema": "x".repeat(200_000) }).to_string();
    story.world.world().objects.insert(result(&job), (damaged, 1));
    let told = story.runs.tell(&story.key, news).await.unwrap();
    let attempt = told.run.state.attempt(&story.attempt(&job)).unwrap();
    assert!(attempt.reason.as_ref().unwrap().len() < 1000, "{:?}", attempt.reason);
}

#[tokio::test]
async fn an_image_under_a_tag_that_the_run_had_not_fixed_is_no_evidence() {
    let definition = "version: 1\npipeline: rain\nchecks:\n  unit: { run: \"true\" }\n\
                      build: { repository: rain-trainer }\n";
    let story = Story { definition, ..Story::new() };
    story.runs.begin(&story.key, story.trigger()).await.unwrap();
    for index in [0, 1] {
        let news = story.ends(&story.jobs()[index]);
        story.runs.tell(&story.key, news).await.unwrap();
    }
    let job = story.jobs().remove(2);
    let news = story.ends(&job);
    let foreign = json!({
        "schema": 1, "exit_code": 0, "seconds": 1.0, "cpu_seconds": 1.0, "max_rss_bytes": 1,
        "image": { "tag": "latest", "digest": format!("sha256:{}", "d".repeat(64)) },
    });
    story.world.world().objects.insert(result(&job), (foreign.to_string(), 1));
    let told = story.runs.tell(&story.key, news).await.unwrap();
    let attempt = told.run.state.attempt(&story.attempt(&job)).unwrap();
    assert_eq!(attempt.phase, Phase::Errored);
    let reason = attempt.reason.as_ref().unwrap();
    assert!(reason.contains("names an image under latest"), "{reason}");
}

/// A run comes alive between the look that finds it over and the removal of its marker.
#[derive(Clone, Debug)]
struct Revived {
    world: Pretend,
    document: (String, String),
}

impl HttpConnector for Revived {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if request.method() == "DELETE" {
            let (key, body) = self.document.clone();
            self.world.world().objects.insert(key, (body, 99));
        }
        self.world.call(request)
    }
}

#[tokio::test]
async fn a_run_that_came_alive_while_its_marker_was_removed_is_marked_again() {
    let story = Story::new();
    story.runs.begin(&story.key, story.trigger()).await.unwrap();
    let key = format!("state/{}", story.key.document());
    let body = story.world.world().objects.remove(&key).unwrap().0;
    let revived = Revived { world: story.world.clone(), document: (key, body) };
    Story::instance(&revived, &story.now).retire(&story.key).await.unwrap();
    let marker = format!("index/{}", story.key.marker());
    assert!(story.world.world().objects.contains_key(&marker));
}

#[tokio::test]
async fn a_run_that_comes_alive_again_is_marked_before_and_after_the_put() {
    let mut story = Story::new();
    story.carry_to_the_end().await;
    let surplus = Job { id: "surplus".to_owned(), ..story.jobs().remove(0) };
    story.requests();
    story.runs.tell(&story.key, starts(&story, &surplus)).await.unwrap();
    let (marker, run) = (story.key.marker(), story.key.document());
    let asked = story.requests();
    let puts: Vec<&String> = asked.iter().filter(|asked| asked.starts_with("PUT ")).collect();
    let mark = format!("PUT index/{marker}");
    assert_eq!(puts[..3], [&mark, &format!("PUT state/{run}"), &mark]);
    assert!(!story.world.world().objects.contains_key(&format!("index/{marker}")));
}

#[tokio::test]
async fn a_run_that_comes_alive_while_whoever_ended_it_removes_its_marker_is_marked_again() {
    let story = Story::new();
    story.runs.begin(&story.key, story.trigger()).await.unwrap();
    let key = format!("state/{}", story.key.document());
    let body = story.world.world().objects[&key].0.clone();
    let revived = Revived { world: story.world.clone(), document: (key, body) };
    let mut news = story.ends(&story.jobs()[0]);
    news.occurrences.extend(ended::cancel().occurrences);
    let told = Story::instance(&revived, &story.now).tell(&story.key, news).await.unwrap();
    assert!(told.run.is_settled());
    let marker = format!("index/{}", story.key.marker());
    assert!(story.world.world().objects.contains_key(&marker));
}

#[tokio::test]
async fn a_run_that_comes_alive_by_a_put_without_an_answer_is_marked_after_it_all_the_same() {
    let mut story = Story::new();
    story.carry_to_the_end().await;
    let surplus = Job { id: "surplus".to_owned(), ..story.jobs().remove(0) };
    story.requests();
    let news = starts(&story, &surplus);
    // The marker, and then the put of the run.
    let unanswered = Planted::After(s3_error(500, "InternalError"));
    story.world.world().planted.insert(1, unanswered);
    story.runs.tell(&story.key, news).await.unwrap();
    let mark = format!("PUT index/{}", story.key.marker());
    let asked = story.requests();
    assert_eq!(asked.iter().filter(|asked| **asked == mark).count(), 2, "{asked:#?}");
}

/// `tick` takes a submission over while its refusal is on its way into the document.
#[derive(Clone, Debug)]
struct TakenOver {
    world: Pretend,
    document: String,
    puts: Arc<AtomicU64>,
}

impl HttpConnector for TakenOver {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let put = request.method() == "PUT" && request.uri().contains("/state/");
        if put && self.puts.fetch_add(1, Ordering::SeqCst) == 1 {
            let mut world = self.world.world();
            let (body, version) = world.objects[&self.document].clone();
            let mut run: Run = serde_json::from_str(&body).unwrap();
            run.pending[0].lease.as_mut().unwrap().owner = "tick".to_owned();
            let body = serde_json::to_string(&run).unwrap();
            world.objects.insert(self.document.clone(), (body, version + 1));
        }
        self.world.call(request)
    }
}

#[tokio::test]
async fn a_refusal_does_not_count_once_somebody_else_has_taken_the_submission_over() {
    let story = Story::new();
    story.world.world().refusal = Some("the queue is disabled");
    let document = format!("state/{}", story.key.document());
    let (world, puts) = (story.world.clone(), Arc::default());
    let taken_over = TakenOver { world, document, puts };
    let told = Story::instance(&taken_over, &story.now).begin(&story.key, story.trigger()).await;
    assert_eq!(told.unwrap().run.state.phase, Phase::Running, "theirs may be accepted");
    let run = story.run();
    assert_eq!(run.pending[0].lease.as_ref().unwrap().owner, "tick");
    assert_eq!(run.register.entries().len(), 1);
}
