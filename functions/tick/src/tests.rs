use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use serde_json::json;
use signalbox_cloud::advance::RunKey;
use signalbox_cloud::config::from_env;
use signalbox_cloud::ingest::{Envelope, Read, codecommit};
use signalbox_cloud::intake::{Arrival, Intake};
use signalbox_pipeline::keys::index;
use signalbox_pipeline::run::Run;
use signalbox_testkit::{Job, Pretend, fixture, variable};

use super::*;

mod cost;
mod damage;
mod gates;
mod jobs;
mod pushes;
mod strays;

/// The commit that `events/codecommit-push.json` brings.
const COMMIT: &str = "9a2d57fbf237f1ee2c382cc3929efc09415eda76";
/// When that happened.
const PUSHED: &str = "2026-11-20T09:14:27Z";
const HEAD: &str = "state/heads/codecommit.eu-west-1.amazonaws.com/rain/main.json";

/// A pretended AWS, its clock, and a tick.
struct Story {
    aws: Pretend,
    seconds: Arc<AtomicI64>,
    tick: Tick,
}

impl Story {
    /// Half a minute after the push.
    fn new() -> Self {
        let aws = Pretend::default();
        let pushed: Timestamp = PUSHED.parse().unwrap();
        let seconds = Arc::new(AtomicI64::new(pushed.as_second() + 30));
        let tick = tick(&aws, &seconds);
        let story = Self { aws, seconds, tick };
        story.later(0);
        story
    }

    fn registered(repositories: &[&str]) -> Self {
        let story = Self::new();
        repositories.iter().for_each(|name| story.register(name, &["main"]));
        story
    }

    fn register(&self, repository: &str, branches: &[&str]) {
        let registration = json!({
            "schema": 1, "revision": 1, "write_id": "w", "host": self.tick.host.to_string(),
            "repository": repository, "pipeline": "rain", "clone_url": "https://host/rain",
            "branches": branches,
        });
        self.put(
            &format!("state/repositories/{}/{repository}.json", self.tick.host),
            &registration,
        );
    }

    fn put(&self, key: &str, body: &serde_json::Value) {
        self.aws.world().objects.insert(key.to_owned(), (body.to_string(), 1));
    }

    fn points(&self, repository: &str, branch: &str, commit: &str) {
        let at = (repository.to_owned(), branch.to_owned());
        self.aws.world().branches.insert(at, commit.to_owned());
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.seconds.load(Ordering::Relaxed)).unwrap()
    }

    fn later(&self, seconds: i64) {
        let now = self.seconds.fetch_add(seconds, Ordering::Relaxed) + seconds;
        self.aws.world().now = now * 1000;
    }

    /// A pass a minute, and what all of them did.
    async fn minutes(&self, minutes: usize) -> Pass {
        let mut all = Pass::default();
        for _ in 0..minutes {
            self.later(60);
            all += self.tick.pass().await.unwrap();
        }
        all
    }

    /// The event of the push, as `commit` takes it in.
    async fn event(&self) -> Option<RunKey> {
        let body = fixture("codecommit-push.json");
        let envelope = Envelope::parse(&body).unwrap();
        let Read::Event(push) = codecommit::read(&envelope, &self.tick.host).unwrap() else {
            panic!("not a push")
        };
        let intake = Intake { runs: &self.tick.runs, checkout_image: "image:1" };
        let (host, repository) = (&push.host, &push.repository);
        let registration = intake.registration(host, repository, &push.branch).await.unwrap();
        intake.begin(&registration, Arrival::pushed(push, body.clone())).await.unwrap()
    }

    fn runs(&self) -> Vec<Run> {
        let world = self.aws.world();
        let runs = world
            .objects
            .iter()
            .filter(|(key, _)| key.starts_with("state/pipelines/") && key.ends_with("/run.json"));
        runs.map(|(_, (body, _))| serde_json::from_str(body).unwrap()).collect()
    }

    fn run(&self) -> Run {
        let mut runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:#?}");
        runs.remove(0)
    }

    /// Changes the job that was submitted first.
    fn job(&self, change: impl FnOnce(&mut Job)) {
        change(&mut self.aws.world().jobs[0]);
    }

    fn terminated(&self) -> Vec<String> {
        self.aws.world().terminated.clone()
    }
}

fn tick(aws: &Pretend, seconds: &Arc<AtomicI64>) -> Tick {
    type Groups = (Account, Buckets, Jobs, CodeHost);
    let (account, buckets, jobs, CodeHost(host)) = from_env::<Groups>(variable).unwrap();
    let clients = Clients::over(account, signalbox_testkit::http(aws.clone()));
    let seconds = Arc::clone(seconds);
    let clock =
        Clock::new(move || Timestamp::from_second(seconds.load(Ordering::Relaxed)).unwrap());
    let runs = Runs::connect(&clients, &buckets, &jobs, clock, Chance::system());
    Tick::new(&clients, runs, host, jobs.checkout_image)
}

fn facts(run: &Run) -> Vec<String> {
    let entries = run.register.entries().iter();
    let kind = |fact| serde_json::to_value(fact).unwrap()["kind"].as_str().unwrap().to_owned();
    entries.map(|entry| kind(&entry.fact)).collect()
}
