use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use aws_smithy_runtime_api::client::http::HttpConnector;
use jiff::Timestamp;
use serde_json::json;
use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::digest::sha256;
use signalbox_pipeline::names::{CommitSha, JobId, TaskId};
use signalbox_pipeline::notice::{Notice, Target};
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::platform::Capability;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::fact::{Ending, JobEnded, Origin, Placement, Trigger};
use signalbox_pipeline::run::{Fact, Run};

use super::*;
use crate::testing::clients;
use signalbox_testkit::{Answer, json_error, s3_error};
use signalbox_testkit::{Job, Planted, Pretend};

mod doubt;
mod ended;
mod leased;

const DEFINITION: &str = "\
version: 1
pipeline: rain
checks:
  unit: { run: \"true\", require: [\"metrics.loss < 1\"] }
  lint: { run: \"true\" }
";

/// A run on its way through a pretended AWS.
struct Story {
    world: Pretend,
    runs: Runs,
    key: RunKey,
    now: Arc<AtomicI64>,
    definition: &'static str,
    loss: f64,
    notify: Vec<Target>,
}

impl Story {
    fn new() -> Self {
        let world = Pretend::default();
        let now = Arc::new(AtomicI64::new(1_768_174_800));
        let runs = Self::instance(&world, &now);
        let key = RunKey {
            pipeline: PipelineName::parse("rain").unwrap(),
            run: RunId::parse("20260111t234000z-3e5983d-9f86d081").unwrap(),
        };
        Self { world, runs, key, now, definition: DEFINITION, loss: 0.5, notify: Vec::new() }
    }

    /// One more instance of a function: it holds no documents, and knows nothing of the others.
    fn instance(world: &(impl HttpConnector + Clone + 'static), now: &Arc<AtomicI64>) -> Runs {
        static DRAWN: AtomicU64 = AtomicU64::new(0);
        let clients = clients(world.clone());
        let buckets = Buckets {
            state: "state".to_owned(),
            index: "index".to_owned(),
            artifacts: "artifacts".to_owned(),
        };
        let jobs = Jobs {
            queue: "arn:aws:batch:eu-west-1:123456789012:job-queue/jobs".to_owned(),
            role: "arn:aws:iam::123456789012:role/jobs".to_owned(),
            role_id: "AROA1".to_owned(),
            execution_role: "arn:aws:iam::123456789012:role/execution".to_owned(),
            runner_image: "runner:1".to_owned(),
            checkout_image: "checkout:1".to_owned(),
            registry: "registry".to_owned(),
            capability: Capability::Fargate,
            notifications: "http://127.0.0.1:1/123456789012/notifications".to_owned(),
        };
        let now = Arc::clone(now);
        let clock = Clock::new(move || Timestamp::from_second(now.load(Ordering::SeqCst)).unwrap());
        let chance = Chance::new(|| DRAWN.fetch_add(1, Ordering::SeqCst));
        Runs::connect(&clients, &buckets, &jobs, clock, chance)
    }

    fn trigger(&self) -> News {
        let event = EventId::parse("push-1").unwrap();
        let trigger = Trigger {
            host: "codecommit.eu-west-1.amazonaws.com".parse().unwrap(),
            repository: "rain".parse().unwrap(),
            branch: "main".parse().unwrap(),
            commit: CommitSha::parse("3e5983d000000000000000000000000000000000").unwrap(),
            pushed_at: self.runs.clock.now(),
            clone_url: "https://host/rain".to_owned(),
            checkout_image: "checkout:1".to_owned(),
            origin: Origin::Push,
            pushed_by: None,
            notify: self.notify.clone(),
            before: None,
            newer: None,
            taken: None,
        };
        let fact = Fact::Triggered(trigger);
        let first = Occurrence { event: event.clone(), actor: "ada".to_owned(), fact };
        News { cause: event, occurrences: vec![first] }
    }

    /// What the job leaves behind, and the event of its end.
    fn ends(&self, job: &Job) -> News {
        let attempt = self.attempt(job);
        let task = TaskId::parse(format!("task-{}", job.id)).unwrap();
        let at = format!("artifacts/incoming/AROA1:{task}");
        let mut world = self.world.world();
        let file = |name: &str, body: &str| json!({ "name": name, "bytes": body.len(), "sha256": sha256(body.as_bytes()) });
        let files =
            json!([file("signalbox.yaml", self.definition), file("source.tar.zst", "tree")]);
        let report = json!({
            "schema": 1, "exit_code": 0, "seconds": 1.0, "cpu_seconds": 1.0, "max_rss_bytes": 1,
            "metrics": { "loss": self.loss }, "files": files,
        });
        let mut write = |name: &str, body: String| {
            world.objects.insert(format!("{at}/{name}"), (body, 1));
        };
        write("result.json", report.to_string());
        write("files/signalbox.yaml", self.definition.to_owned());
        write("files/source.tar.zst", "tree".to_owned());
        let ending = Ending {
            cause: None,
            succeeded: true,
            exit_code: Some(0),
            reason: None,
            task: Some(task),
            started_at: None,
            stopped_at: None,
        };
        let fact = Fact::JobEnded(JobEnded { attempt, placement: placement(job), ending });
        let event = EventId::parse(format!("end-of-{}", job.id)).unwrap();
        let occurrence = Occurrence { event: event.clone(), actor: "aws.batch".to_owned(), fact };
        News { cause: event, occurrences: vec![occurrence] }
    }

    fn attempt(&self, job: &Job) -> AttemptId {
        let rest = job.name.strip_prefix(&format!("rain-{}-", self.key.run)).unwrap();
        let mut parts = rest.split('-');
        let mut next = || parts.next().unwrap();
        AttemptId {
            stage: next().parse().unwrap(),
            job: next().parse().unwrap(),
            number: next().parse().unwrap(),
        }
    }

    fn jobs(&self) -> Vec<Job> {
        self.world.world().jobs.clone()
    }

    fn run(&self) -> Run {
        let world = self.world.world();
        serde_json::from_str(&world.objects[&format!("state/{}", self.key.document())].0).unwrap()
    }

    /// What was asked of AWS since the last call.
    fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.world.world().requests)
    }

    fn notices(&self) -> Vec<Notice> {
        let world = self.world.world();
        world.sent.iter().map(|body| serde_json::from_str(body).unwrap()).collect()
    }

    /// A job under the checkout's name that somebody else has submitted.
    fn somebody_else_takes_the_name(&self) {
        let foreign = Job {
            id: "foreign".to_owned(),
            name: format!("rain-{}-checkout-checkout-1", self.key.run),
            queue: self.runs.platform.queue.clone(),
            definition: "signalbox-of-somebody-else".to_owned(),
            ..Job::default()
        };
        self.world.world().jobs.push(foreign);
    }

    fn later(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    fn nothing(&self) -> News {
        News { cause: EventId::parse("tick:1").unwrap(), occurrences: Vec::new() }
    }

    /// As SQS and `tick` would: everything is delivered until it is taken, and again once more.
    async fn carry_to_the_end(&mut self) {
        let mut begun = false;
        for _ in 0..40 {
            begun = begun || self.runs.begin(&self.key, self.trigger()).await.is_ok();
            for job in self.jobs() {
                let _delivered = self.runs.tell(&self.key, self.ends(&job)).await;
            }
            // A crash: the next message meets an instance that holds nothing.
            self.runs = Self::instance(&self.world, &self.now);
            self.later(60);
            let _healed = self.runs.tell(&self.key, self.nothing()).await;
            if begun
                && self
                    .runs
                    .load(&self.key)
                    .await
                    .is_ok_and(|run| run.is_some_and(|run| run.is_settled()))
            {
                return;
            }
        }
        panic!("not settled: {:#?}", self.world.world().requests);
    }
}

fn placement(job: &Job) -> Placement {
    Placement {
        job_id: JobId::parse(job.id.as_str()).unwrap(),
        definition: job.definition.clone(),
        queue: job.queue.clone(),
    }
}

fn topic() -> Target {
    Target::Sns("arn:aws:sns:eu-west-1:123456789012:signalbox-releases".parse().unwrap())
}

fn names(jobs: &[Job]) -> Vec<&str> {
    jobs.iter().map(|job| &job.name[job.name.len().min(38)..]).collect()
}

#[tokio::test]
async fn a_push_begins_one_run_however_often_it_comes() {
    let story = Story::new();
    for _ in 0..3 {
        story.runs.begin(&story.key, story.trigger()).await.unwrap();
    }
    assert_eq!(names(&story.jobs()), ["-checkout-checkout-1"]);
    assert_eq!(story.run().register.entries().len(), 1);
}

#[tokio::test]
async fn a_run_is_carried_to_its_end_and_leaves_no_marker() {
    let mut story = Story::new();
    story.carry_to_the_end().await;
    let run = story.run();
    assert_eq!((run.state.phase, run.state.reason.as_deref()), (Phase::Succeeded, None));
    assert_eq!(names(&story.jobs()), ["-checkout-checkout-1", "-checks-unit-1", "-checks-lint-1"]);
    let world = story.world.world();
    assert!(!world.objects.keys().any(|key| key.starts_with("index/")), "{:?}", world.objects);
    run.register.verify().unwrap();
    assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state);
}

#[tokio::test]
async fn the_end_of_a_run_is_sent_once_by_one_message_and_one_more_put() {
    let told = |notify| async {
        let mut story = Story { notify, ..Story::new() };
        story.carry_to_the_end().await;
        let of = |what: &str| {
            story.world.world().requests.iter().filter(|request| request.starts_with(what)).count()
        };
        let puts = of(&format!("PUT state/{}", story.key.document()));
        (
            story.notices(),
            of("POST AmazonSQS.SendMessage") + of("POST /AmazonSQS.SendMessage"),
            puts,
        )
    };
    let (nobody, none, puts) = told(Vec::new()).await;
    assert_eq!((nobody.len(), none), (0, 0), "who names nobody pays for nothing");
    let (sent, one, more) = told(vec![topic()]).await;
    assert_eq!((sent.len(), one, more), (1, 1, puts + 1));
    assert_eq!((sent[0].phase, sent[0].targets.as_slice()), (Phase::Succeeded, &[topic()][..]));
}

/// Every request of a whole run is disturbed in every way, one at a time, and the end is the same.
#[tokio::test]
async fn whatever_breaks_and_wherever_the_end_is_the_same_and_no_job_is_submitted_twice() {
    let story = || Story { notify: vec![topic()], ..Story::new() };
    let requests = {
        let mut story = story();
        story.carry_to_the_end().await;
        story.requests()
    };
    let faults = [
        Planted::Before(Answer::Timeout),
        Planted::After(Answer::Timeout),
        Planted::Before(Answer::Broken),
        Planted::After(Answer::Broken),
        Planted::Before(s3_error(503, "SlowDown")),
        Planted::After(s3_error(500, "InternalError")),
        Planted::Before(s3_error(409, "ConditionalRequestConflict")),
        Planted::Before(json_error(429, "TooManyRequestsException", "slow down")),
    ];
    let mut points = 0;
    for (number, request) in requests.iter().enumerate() {
        for planted in &faults {
            let conflict = format!("{planted:?}").contains("409");
            if conflict && !request.starts_with("PUT state/") {
                continue;
            }
            points += 1;
            let place = format!("{planted:?} at request {number}, {request}");
            let mut story = story();
            story.world.world().planted.insert(number, planted.clone());
            story.carry_to_the_end().await;
            let run = story.run();
            assert_eq!(run.state.phase, Phase::Succeeded, "{place}: {:?}", run.state.reason);
            let jobs = story.jobs();
            let mut names = names(&jobs);
            names.sort_unstable();
            let once = ["-checkout-checkout-1", "-checks-lint-1", "-checks-unit-1"];
            assert_eq!(names, once, "{place}");
            // It may be told twice, and says so by its id.
            let sent = story.notices();
            let ids: BTreeSet<&str> = sent.iter().map(|notice| notice.id.as_str()).collect();
            assert!((1..=2).contains(&sent.len()) && ids.len() == 1, "{place}: {sent:?}");
            assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state, "{place}");
        }
    }
    assert!(points > 100, "{points} points are too few for {} requests", requests.len());
}

#[tokio::test]
async fn an_event_inside_a_stage_costs_one_read_of_the_result_and_one_put_on_a_warm_instance() {
    let story = Story::new();
    story.runs.begin(&story.key, story.trigger()).await.unwrap();
    let run = story.key.document();
    let jobs = story.jobs();
    assert_eq!(
        story.requests(),
        [
            &format!("PUT index/{}", story.key.marker()),
            &format!("PUT state/{run}"),
            "POST v1/submitjob",
            "POST v1/registerjobdefinition",
            "POST v1/submitjob",
        ]
    );
    story.runs.tell(&story.key, story.ends(&jobs[0])).await.unwrap();
    let incoming = "artifacts/incoming/AROA1:task-job-1";
    let source =
        format!("artifacts/{}", keys::artifacts::source(&story.key.pipeline, &story.key.run));
    assert_eq!(
        story.requests(),
        [
            &format!("GET {incoming}/result.json"),
            &format!("GET {incoming}/files/signalbox.yaml"),
            &format!("PUT {source}"),
            &format!("PUT state/{run}"),
            "POST v1/submitjob",
            "POST v1/submitjob",
        ]
    );
    let jobs = story.jobs();
    story.runs.tell(&story.key, story.ends(&jobs[1])).await.unwrap();
    let result = "GET artifacts/incoming/AROA1:task-job-2/result.json";
    assert_eq!(story.requests(), [result, &format!("PUT state/{run}")]);
}

#[tokio::test]
async fn a_new_image_costs_one_refused_submission_and_one_definition_however_many_jobs_it_has() {
    let several = "version: 1\npipeline: rain\nchecks:\n  a: { image: other, run: \"true\" }\n  \
                   b: { image: other, run: \"true\" }\n  c: { image: other, run: \"true\" }\n";
    let story = Story { definition: several, ..Story::new() };
    story.runs.begin(&story.key, story.trigger()).await.unwrap();
    let jobs = story.jobs();
    story.requests();
    story.runs.tell(&story.key, story.ends(&jobs[0])).await.unwrap();
    let requests = story.requests();
    let count = |what: &str| requests.iter().filter(|request| request.ends_with(what)).count();
    assert_eq!((count("v1/submitjob"), count("v1/registerjobdefinition")), (4, 1));
}

#[tokio::test]
async fn a_kept_document_never_swallows_what_a_fresh_one_would_take() {
    let story = Story::new();
    story.runs.begin(&story.key, story.trigger()).await.unwrap();
    let other = Story::instance(&story.world, &story.now);
    let jobs = story.jobs();
    other.tell(&story.key, story.ends(&jobs[0])).await.unwrap();
    // The first instance still holds the run as it was before the checks were submitted.
    let jobs = story.jobs();
    let told = story.runs.tell(&story.key, story.ends(&jobs[1])).await.unwrap();
    assert!(told.rejections.is_empty(), "{:?}", told.rejections);
    assert_eq!(told.puts, 1);
    assert_eq!(
        story.run().state.attempt(&story.attempt(&jobs[1])).unwrap().phase,
        Phase::Succeeded
    );
}

#[tokio::test]
async fn an_expired_lease_is_taken_over_by_looking_the_name_up_first() {
    let story = Story::new();
    let lost = Planted::After(Answer::Timeout);
    // Marker, run, refused submission, definition: the second submission loses its answer.
    story.world.world().planted.insert(4, lost);
    story.runs.begin(&story.key, story.trigger()).await.unwrap();
    assert_eq!(story.jobs().len(), 1);
    let told = story.runs.tell(&story.key, story.nothing()).await.unwrap();
    assert_eq!(told.puts, 0, "the lease has not run out");
    story.later(46);
    story.requests();
    let told = story.runs.tell(&story.key, story.nothing()).await.unwrap();
    assert_eq!(story.jobs().len(), 1);
    let asked = story.requests();
    assert!(asked.contains(&"POST v1/listjobs".to_owned()), "{asked:?}");
    assert!(!asked.contains(&"POST v1/submitjob".to_owned()), "{asked:?}");
    assert_eq!(told.run.pending, []);
}

#[tokio::test]
async fn a_refused_submission_ends_the_run_with_the_words_of_batch() {
    let story = Story::new();
    story.world.world().refusal = Some("the queue is disabled");
    let told = story.runs.begin(&story.key, story.trigger()).await.unwrap();
    assert_eq!(told.run.state.phase, Phase::Errored);
    let reason = told.run.state.reason.unwrap();
    assert!(reason.contains("the queue is disabled"), "{reason}");
}

#[tokio::test]
async fn a_second_job_under_one_name_is_not_believed_and_is_ended() {
    let story = Story::new();
    story.runs.begin(&story.key, story.trigger()).await.unwrap();
    let believed = story.jobs().remove(0);
    story.runs.tell(&story.key, story.ends(&believed)).await.unwrap();
    let surplus = Job { id: "surplus".to_owned(), ..believed };
    let fact = Fact::JobStarted(signalbox_pipeline::run::fact::JobStarted {
        attempt: story.attempt(&surplus),
        placement: placement(&surplus),
        started_at: None,
    });
    let event = EventId::parse("start-of-surplus").unwrap();
    let occurrence = Occurrence { event: event.clone(), actor: "aws.batch".to_owned(), fact };
    let news = News { cause: event, occurrences: vec![occurrence] };
    story.runs.tell(&story.key, news).await.unwrap();
    assert_eq!(story.world.world().terminated, ["surplus"]);
}

#[tokio::test]
async fn a_job_of_a_run_that_does_not_exist_changes_nothing() {
    let story = Story::new();
    let job = Job {
        id: "j".to_owned(),
        name: format!("rain-{}-checks-unit-1", story.key.run),
        queue: "q".to_owned(),
        definition: "signalbox-0a".to_owned(),
        ..Job::default()
    };
    let fault = story.runs.tell(&story.key, story.ends(&job)).await.unwrap_err();
    assert!(matches!(fault, Fault::NotOurs(_)), "{fault}");
    assert!(story.requests().iter().all(|request| request.starts_with("GET ")));
}

#[tokio::test]
async fn a_broken_gate_and_a_bad_definition_end_the_run_in_plain_words() {
    let mut gate = Story { loss: 2.0, ..Story::new() };
    gate.carry_to_the_end().await;
    let state = gate.run().state;
    assert_eq!(state.phase, Phase::Failed);
    assert!(state.reason.as_ref().unwrap().contains("metrics.loss"), "{:?}", state.reason);

    let mut bad = Story { definition: "version: 1\npipeline: rain\nchecs: {}\n", ..Story::new() };
    bad.carry_to_the_end().await;
    let state = bad.run().state;
    assert_eq!(state.phase, Phase::Failed);
    assert!(state.reason.as_ref().unwrap().contains("checs"), "{:?}", state.reason);

    let other = DEFINITION.replace("pipeline: rain", "pipeline: snow").leak();
    let mut posing = Story { definition: other, ..Story::new() };
    posing.carry_to_the_end().await;
    let reason = posing.run().state.reason.unwrap();
    assert!(reason.contains("snow") && reason.contains("registered for rain"), "{reason}");
}

#[tokio::test]
async fn a_result_that_is_truncated_is_no_evidence() {
    let story = Story::new();
    story.runs.begin(&story.key, story.trigger()).await.unwrap();
    let job = story.jobs().remove(0);
    let news = story.ends(&job);
    let key = "artifacts/incoming/AROA1:task-job-1/result.json".to_owned();
    story.world.world().objects.insert(key, ("{\"schema\":1,\"exit".to_owned(), 1));
    let told = story.runs.tell(&story.key, news).await.unwrap();
    let attempt = told.run.state.attempt(&story.attempt(&job)).unwrap();
    assert_eq!(attempt.phase, Phase::Errored);
    let reason = attempt.reason.as_ref().unwrap();
    assert!(reason.contains("result.json is damaged"), "{reason}");
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_recognised_and_its_effects_performed_at_once() {
    let story = Story::new();
    story.world.world().planted.insert(1, Planted::After(Answer::Timeout));
    let told = story.runs.begin(&story.key, story.trigger()).await.unwrap();
    assert_eq!(story.jobs().len(), 1, "no tick was needed");
    assert_eq!((told.run.revision, told.puts), (1, 1));
    let told = story.runs.begin(&story.key, story.trigger()).await.unwrap();
    assert_eq!(told.puts, 0, "the run was begun before");
}
