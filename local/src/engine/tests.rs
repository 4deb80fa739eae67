use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Embedded, Engine, EngineConfig, Programs};
use crate::clock::Clock;
use crate::lambda::tests::fake;
use crate::sqs::Message;

const TEMPLATE: &str = r#"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Repositories: { Type: CommaDelimitedList, Default: rain }
  JobQueue: { Type: String, Default: "arn:aws:batch:eu-west-1:123456789012:job-queue/jobs" }
Resources:
  In: { Type: AWS::SQS::Queue, Properties: { VisibilityTimeout: 180 } }
  Out: { Type: AWS::SQS::Queue }
  Store: { Type: AWS::S3::Bucket }
  PushRule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: { source: [aws.codecommit], detail: { repositoryName: !Ref Repositories } }
      Targets: [{ Id: in, Arn: !GetAtt In.Arn }]
  Forward:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: forward } }
    Properties:
      Timeout: 30
      Environment: { Variables: { OUT: !Ref Out, STORE: !Ref Store } }
      Events:
        Source:
          Type: SQS
          Properties: { Queue: !GetAtt In.Arn, FunctionResponseTypes: [ReportBatchItemFailures] }
        Every: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 minute) } }
Outputs:
  OutUrl: { Value: !Ref Out }
"#;

/// Run by git as the hook of a repository, and no test otherwise.
#[test]
fn hook_process() {
    if std::env::var_os("GIT_DIR").is_none() {
        return;
    }
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let (_, last) = arguments.split_at(arguments.len() - 2);
    crate::codecommit::hook(last, std::io::stdin().lock()).expect("the events are kept");
}

fn config(dir: &Path) -> EngineConfig {
    let template = dir.join("template.yaml");
    std::fs::write(&template, TEMPLATE).expect("the folder can be written");
    let exe = std::env::current_exe().expect("this program has a path");
    let hook = ["engine::tests::hook_process", "--exact", "--nocapture"].map(OsString::from);
    let programs = Programs {
        function: fake::program(),
        keeper: vec!["false".into()],
        runner: vec!["false".into()],
        hook: [exe.into_os_string()].into_iter().chain(hook).collect(),
    };
    EngineConfig {
        tick: Duration::from_secs(3600),
        expected_events: vec![json!({"source": ["aws.codecommit"]})],
        ..EngineConfig::new(dir.join("engine"), template, programs)
    }
}

#[tokio::test(start_paused = true)]
async fn an_embedded_engine_answers_without_sockets_and_draws_ids_that_follow_from_its_seed() {
    let send = async || {
        let dir = tempfile::tempdir().expect("a folder");
        let clock = Clock::on_tokio("2026-01-01T00:00:00Z".parse().expect("a time"));
        let engine = Embedded::open(&config(dir.path()), clock, 7).expect("it opens");
        let function = engine.stack().function("Forward").expect("it is in the template");
        let variables = engine.variables(function).expect("it gets keys");
        let key = &variables["AWS_ACCESS_KEY_ID"];
        let body = json!({ "QueueUrl": variables["OUT"], "MessageBody": "hello" });
        let request = axum::http::Request::post("/")
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential={key}/x"))
            .header("x-amz-target", "AmazonSQS.SendMessage")
            .body(axum::body::Body::from(body.to_string()))
            .expect("a request");
        let response = engine.call(request).await;
        assert_eq!(response.status(), 200);
        let queue = engine.stack().queue("Out").expect("it is in the template").name.clone();
        engine.sqs().receive_wait(&queue, 10).await.expect("it is received")
    };
    let (first, second) = (send().await, send().await);
    assert_eq!(first[0].body, "hello");
    assert_eq!(
        (&first[0].id, &first[0].system_attributes),
        (&second[0].id, &second[0].system_attributes)
    );
}

/// Commits, and pushes to `remote`.
fn push(work: &Path, remote: &Path) {
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .args(["-c", "user.name=T", "-c", "user.email=t@example.org", "-C"])
            .arg(work)
            .args(arguments)
            .status()
            .expect("git is there");
        assert!(status.success(), "git {arguments:?}");
    };
    if !work.exists() {
        std::fs::create_dir(work).expect("a folder");
        git(&["init", "--quiet", "--initial-branch=main"]);
    }
    git(&["commit", "--quiet", "--allow-empty", "--message=next"]);
    git(&["push", "--quiet", remote.to_str().expect("plain text"), "main"]);
}

/// The next message that the function forwarded.
async fn forwarded(engine: &Engine) -> Message {
    let queue = &engine.stack().queue("Out").expect("the queue").name;
    let messages = engine.sqs.receive_wait(queue, 1).await.expect("the queue is there");
    messages.into_iter().next().expect("it waited for one")
}

async fn push_from(engine: &Engine, work: PathBuf) {
    let remote = engine.git_remote("rain").await.expect("git is there");
    let pushed = tokio::task::spawn_blocking(move || push(&work, &remote));
    pushed.await.expect("the push works");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_reaches_the_function_that_the_template_wires_it_to() {
    let dir = tempfile::tempdir().expect("a folder");
    let engine = Engine::start(config(dir.path())).await.expect("the engine starts");
    push_from(&engine, dir.path().join("work")).await;
    let message = forwarded(&engine).await;
    let event: Value = serde_json::from_str(&message.body).expect("an envelope");
    assert_eq!(event["detail"]["repositoryName"], "rain");
    assert_eq!(event["detail"]["event"], "referenceCreated");
    let sender = &message.system_attributes["SenderId"];
    let role = &engine.stack().function("Forward").expect("the function").role_id;
    assert_eq!(sender, &format!("{role}:signalbox-Forward"), "the function has keys of its own");
    assert_eq!(engine.counts().get("sqs.SendMessage"), Some(&1));
    assert_eq!(engine.incidents().all(), []);
    assert_eq!(engine.outputs()["OutUrl"], engine.queue_url("Out").expect("the queue"));
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_while_the_engine_is_down_is_found_by_the_next_one() {
    let dir = tempfile::tempdir().expect("a folder");
    let engine = Engine::start(config(dir.path())).await.expect("the engine starts");
    let remote = engine.git_remote("rain").await.expect("git is there");
    let (endpoint, keys) = (engine.endpoint().to_owned(), engine.credentials().clone());
    engine.stop().await;

    let work = dir.path().join("work");
    let pushed = tokio::task::spawn_blocking(move || push(&work, &remote));
    pushed.await.expect("the push works without the engine");

    let engine = Engine::start(config(dir.path())).await.expect("the engine starts again");
    assert_eq!((engine.endpoint(), engine.credentials()), (endpoint.as_str(), &keys));
    assert!(forwarded(&engine).await.body.contains("referenceCreated"));
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_no_rule_wants_is_told_with_the_reason() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut config = config(dir.path());
    config.parameters.insert("Repositories".to_owned(), "snow".to_owned());
    let engine = Engine::start(config).await.expect("the engine starts");
    let mut incidents = engine.incidents().subscribe();
    push_from(&engine, dir.path().join("work")).await;
    let told = incidents.recv().await.expect("an incident").to_string();
    let reason = r#"nearest is PushRule, where `detail.repositoryName` wants one of ["snow"] and the event has "rain""#;
    assert!(told.ends_with(reason), "{told}");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_starts_its_function_in_the_engines_own_minutes() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut config = config(dir.path());
    config.tick = Duration::from_millis(20);
    let engine = Engine::start(config).await.expect("the engine starts");
    assert_eq!(forwarded(&engine).await.body, "aws.scheduler");
    assert_eq!(forwarded(&engine).await.body, "aws.scheduler");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_engines_cannot_share_a_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let engine = Engine::start(config(dir.path())).await.expect("the engine starts");
    let error = Engine::start(config(dir.path())).await.err().expect("it is refused").to_string();
    let holder = format!("in use by another engine (process {})", std::process::id());
    assert!(error.contains(&holder), "{error}");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_the_template_is_told_before_anything_starts() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = config(dir.path());
    std::fs::write(&config.template, TEMPLATE.replace("!Ref Out,", "!Ref Oat,")).expect("a file");
    let error = Engine::start(config).await.err().expect("it is refused").to_string();
    assert_eq!(error, "template.yaml:20:40: there is no parameter or resource `Oat`");
}
