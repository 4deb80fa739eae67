use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::outcome::Failure;
use super::pool::Pool;
use super::process::Program;
use super::{Setup, leftover, source};
use crate::clock::Clock;
use crate::incident::Incident;
use crate::principals::{Kind, Principal, Principals};
use crate::sqs::{QueueSpec, Sqs};
use crate::template::{Function, QueueSource};

pub(crate) mod fake;

/// A function over queues, with everything around it.
struct World {
    _dir: tempfile::TempDir,
    setup: Setup,
    pool: Arc<Pool>,
    source: QueueSource,
    sender: Principal,
}

fn function(timeout: Duration, variables: &[(&str, &str)]) -> Function {
    let environment = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Function {
        logical_id: "Fake".to_owned(),
        name: "fake".to_owned(),
        arn: crate::template::function_arn("fake"),
        binary: "fake".to_owned(),
        timeout,
        memory: 128,
        environment,
        sources: Vec::new(),
        schedules: Vec::new(),
        role_arn: String::new(),
        role_id: "AROAFAKE".to_owned(),
    }
}

fn setup(dir: &Path) -> Setup {
    Setup {
        dir: dir.to_owned(),
        endpoint: "http://127.0.0.1:9".to_owned(),
        program: fake::program(),
        instances: 2,
        minute: Duration::from_secs(60),
        clock: Clock::default(),
        principals: Arc::new(Principals::open(dir).expect("the folder can be written")),
        sqs: Sqs::open(&dir.join("sqs"), Clock::default(), "http://127.0.0.1:9").expect("queues"),
        incidents: Arc::default(),
    }
}

impl World {
    fn new(timeout: Duration, variables: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let setup = setup(dir.path());
        let function = function(timeout, variables);
        let principals = &setup.principals;
        let mint = |kind, name, role| principals.mint(kind, name, role).expect("it can be written");
        let principal = mint(Kind::Function, "fake", Some("AROAFAKE"));
        let sender = mint(Kind::Service, "events.amazonaws.com", None);
        let pool = Pool::new(Program::new(&setup, &function, &principal), 2, &setup);
        let visibility = Duration::from_secs(3600);
        let spec = QueueSpec { visibility, ..QueueSpec::new("in") };
        setup.sqs.create_queue(spec).expect("it can be written");
        let source = QueueSource {
            queue: "in".to_owned(),
            batch_size: 10,
            window: Duration::ZERO,
            report_batch_item_failures: true,
            maximum_concurrency: None,
        };
        Self { _dir: dir, setup, pool, source, sender }
    }

    /// Invokes the function with one message.
    async fn invoke(&self, body: &str) -> Result<Value, Failure> {
        let event = json!({"Records": [{"messageId": "1", "body": body}]});
        let answer = self.pool.invoke(Bytes::from(event.to_string())).await?;
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }

    /// Sends these messages and carries out one batch of them; returns how many are left.
    async fn batch(&self, bodies: &[&str]) -> u64 {
        for body in bodies {
            let none = std::collections::BTreeMap::new();
            let sent =
                self.setup.sqs.send("in", (*body).to_owned(), none, &self.sender, Duration::ZERO);
            sent.await.expect("the queue takes it");
        }
        let messages = self.setup.sqs.receive_wait("in", 10).await.expect("they are there");
        assert_eq!(messages.len(), bodies.len());
        let batch = source::Batch { setup: &self.setup, pool: &self.pool, source: &self.source };
        batch.carry_out(self.pool.acquire().await, messages).await;
        self.setup.sqs.depth("in").expect("the queue is there").in_flight as u64
    }
}

fn told(world: &World) -> Vec<String> {
    world.setup.incidents.all().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn what_a_function_reports_decides_which_messages_are_deleted() {
    let cases: [(&[&str], u64); 9] = [
        (&["a", "b"], 0),
        (&["a", "fail", "b"], 1),
        (&["nothing", "b"], 0),
        (&["null", "b"], 0),
        (&["a", "garbage"], 2),
        (&["a", "nobody"], 2),
        (&["a", "fail", "empty"], 3),
        (&["a", "badkey"], 2),
        (&["a", "error"], 2),
    ];
    for (bodies, left) in cases {
        let world = World::new(Duration::from_secs(30), &[]);
        assert_eq!(world.batch(bodies).await, left, "{bodies:?}");
        let bad = bodies.iter().any(|one| ["garbage", "nobody", "empty", "badkey"].contains(one));
        assert_eq!(told(&world).len(), usize::from(bad), "{bodies:?}: {:?}", told(&world));
    }
}

#[tokio::test]
async fn without_its_report_a_batch_succeeds_or_fails_as_one() {
    let mut world = World::new(Duration::from_secs(30), &[]);
    world.source.report_batch_item_failures = false;
    assert_eq!(world.batch(&["a", "fail"]).await, 0);
    assert_eq!(world.batch(&["a", "error"]).await, 2);
}

#[tokio::test]
async fn a_record_holds_what_lambda_puts_into_it() {
    let world = World::new(Duration::from_secs(30), &[]);
    let none = std::collections::BTreeMap::new();
    let sqs = &world.setup.sqs;
    let id = sqs.send("in", "record".to_owned(), none, &world.sender, Duration::ZERO).await;
    let messages = sqs.receive_wait("in", 10).await.expect("it is there");
    let event = super::payload::batch("in", &messages);
    let answer = world.pool.invoke(Bytes::from(event.to_string())).await.expect("it answers");
    let record: Value = serde_json::from_slice(&answer).expect("JSON");
    assert_eq!(record["messageId"], id.expect("it was sent").as_str());
    assert_eq!(record["attributes"]["SenderId"], world.sender.user_id.as_str());
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(record["eventSource"], "aws:sqs");
    assert_eq!(record["eventSourceARN"], "arn:aws:sqs:eu-west-1:123456789012:in");
    assert_eq!(record["awsRegion"], "eu-west-1");
    assert_eq!(record["md5OfBody"], messages[0].md5_of_body.as_str());
}

#[tokio::test]
async fn a_function_has_the_variables_of_lambda_and_the_template_and_no_others() {
    let world = World::new(Duration::from_secs(30), &[("SIGNALBOX_STATE_BUCKET", "state")]);
    let names = world.invoke("variables").await.expect("it answers");
    let names: BTreeSet<&str> =
        names.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let expected = [
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "PATH",
        "SIGNALBOX_STATE_BUCKET",
    ];
    assert_eq!(names, BTreeSet::from(expected));
}

#[tokio::test]
async fn a_process_that_ends_while_it_works_fails_its_batch_and_is_replaced() {
    let world = World::new(Duration::from_secs(30), &[]);
    let failure = world.invoke("crash").await.expect_err("it ended");
    assert_eq!(failure, Failure::Ended("exit status: 3".to_owned()));
    let told = world.setup.incidents.all();
    let [Incident::Crashed { function, last_lines, .. }] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(function, "Fake");
    assert_eq!(last_lines.last().map(String::as_str), Some("the last words"));
    assert!(world.invoke("hello").await.is_ok(), "another process took over");
}

#[tokio::test]
async fn an_invocation_over_its_time_is_killed_with_its_process() {
    let world = World::new(Duration::from_secs(30), &[]);
    assert!(world.invoke("hello").await.is_ok());
    let before = world.pool.processes();
    let mut instance = world.pool.acquire().await;
    let event = Bytes::from(json!({"Records": [{"body": "hang"}]}).to_string());
    let short = Duration::from_millis(30);
    let outcome = instance.invoke(event, short, &world.setup.clock).await;
    assert_eq!(outcome, Err(Failure::TimedOut));
    instance.gone().await;
    assert!(!Path::new(&format!("/proc/{}", before[0])).exists(), "the process is gone");
}

#[tokio::test]
async fn a_function_that_does_not_start_is_told_with_its_last_lines() {
    let world = World::new(Duration::from_secs(30), &[("FAKE", "broken")]);
    let mut incidents = world.setup.incidents.subscribe();
    world.pool.grow();
    let told = incidents.recv().await.expect("an incident").to_string();
    assert!(told.starts_with("Fake did not start (exit status: 1)"), "{told}");
    assert!(told.ends_with("FAKE must not be `broken`"), "{told}");
}

#[tokio::test]
async fn a_message_that_waits_for_a_busy_process_gets_another_one() {
    let world = World::new(Duration::from_secs(30), &[]);
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path().display();
    let (one, other) = (format!("meet:{dir}:a:b"), format!("meet:{dir}:b:a"));
    let (one, other) = tokio::join!(world.invoke(&one), world.invoke(&other));
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(world.pool.processes().len(), 2);
    assert_eq!(super::usage::of(&world.pool.processes()).processes, 2);
}

#[tokio::test]
async fn what_outlived_a_killed_engine_is_ended_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a folder");
    let sleeper = || {
        let mut command = tokio::process::Command::new("sleep");
        command.arg("1000").kill_on_drop(true).spawn().expect("sleep is there")
    };
    let (mut ours, mut other) = (sleeper(), sleeper());
    let pid = |child: &tokio::process::Child| child.id().expect("it runs") as i32;
    leftover::note(dir.path(), "Fake", pid(&ours)).expect("a note");
    // The same id, but of a process that began at another time.
    let note = json!({"pid": pid(&other), "began": "1"}).to_string();
    std::fs::write(dir.path().join("Fake-2.pid"), note).expect("a note");
    leftover::end(dir.path()).expect("the notes are sound");
    let status = ours.wait().await.expect("it ended");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    assert_eq!(other.try_wait().expect("it can be asked"), None, "the other one runs on");
    assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 0);
}
