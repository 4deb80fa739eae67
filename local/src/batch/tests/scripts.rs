//! Jobs that are functions of the test.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::Notify;

use super::Bench;
use crate::batch::{Executor, Scripts, Task};
use crate::clock::Clock;

async fn bench(scripts: &Arc<Scripts>) -> Bench {
    open(TempDir::new().unwrap(), scripts).with_definition().await
}

fn open(dir: TempDir, scripts: &Arc<Scripts>) -> Bench {
    let clock = Clock::on_tokio(Timestamp::UNIX_EPOCH);
    let bench = Bench::with(dir, clock, Executor::Scripts(Arc::clone(scripts)));
    Bench { patience: Duration::from_hours(48), ..bench }
}

#[tokio::test(start_paused = true)]
async fn a_script_is_given_what_a_container_would_be() {
    let (told, mut tasks) = tokio::sync::mpsc::unbounded_channel();
    let scripts = Scripts::new(move |task: Task| {
        told.send(task).unwrap();
        async { 3 }
    });
    let mut bench = bench(&scripts).await;
    let over = json!({ "command": ["do", "it"], "environment": [{ "name": "a.b", "value": "c" }] });
    let id = bench.submit(json!({ "containerOverrides": over })).await;
    let detail = bench.until(&id, "FAILED").await;
    assert_eq!(detail["attempts"][0]["container"]["exitCode"], 3);
    let task = tasks.recv().await.unwrap();
    assert_eq!(task.argv, ["do", "it"]);
    assert_eq!((&task.env["a.b"], &task.env["AWS_BATCH_JOB_ID"]), (&"c".into(), &id.into()));
    let arn = detail["attempts"][0]["container"]["taskArn"].as_str().unwrap();
    assert!(arn.ends_with(&task.id));
}

#[tokio::test(start_paused = true)]
async fn a_script_that_sleeps_for_a_day_takes_no_time_and_one_that_takes_too_long_is_dropped() {
    let scripts = Scripts::new(|_| async {
        tokio::time::sleep(Duration::from_hours(24)).await;
        0
    });
    let mut bench = bench(&scripts).await;
    let id = bench.submit(json!({})).await;
    bench.until(&id, "SUCCEEDED").await;
    let id = bench.submit(json!({ "timeout": { "attemptDurationSeconds": 60 } })).await;
    let detail = bench.until(&id, "FAILED").await;
    assert_eq!(detail["attempts"][0]["container"]["exitCode"], 143);
    let id = bench.submit(json!({})).await;
    bench.until(&id, "RUNNING").await;
    bench.call("TerminateJob", json!({ "jobId": id, "reason": "enough" })).await.unwrap();
    assert_eq!(bench.until(&id, "FAILED").await["statusReason"], "enough");
}

#[tokio::test(start_paused = true)]
async fn a_script_outlives_the_engine_and_is_found_by_the_next_one() {
    let go = Arc::new(Notify::new());
    let wait = Arc::clone(&go);
    let scripts = Scripts::new(move |_| {
        let wait = Arc::clone(&wait);
        async move {
            wait.notified().await;
            9
        }
    });
    let mut first = bench(&scripts).await;
    let id = first.submit(json!({})).await;
    first.until(&id, "RUNNING").await;
    let mut second = open(first.stop().await, &scripts);
    assert_eq!(second.describe(&id).await["status"], "RUNNING");
    go.notify_one();
    let detail = second.until(&id, "FAILED").await;
    assert_eq!(detail["attempts"][0]["container"]["exitCode"], 9);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_nobody_remembers_is_begun_anew_as_another_one() {
    let forever = Scripts::new(|_| std::future::pending());
    let mut first = bench(&forever).await;
    let id = first.submit(json!({})).await;
    let task = first.until(&id, "RUNNING").await["container"]["taskArn"].clone();
    let mut second = open(first.stop().await, &Scripts::new(|_| async { 0 }));
    let detail = second.until(&id, "SUCCEEDED").await;
    assert_ne!(detail["attempts"][0]["container"]["taskArn"], task);
    assert_eq!(detail["attempts"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_script_that_panics_ends_as_an_aborted_process() {
    let scripts = Scripts::new(|_| async { panic!("the script's own fault") });
    let mut bench = bench(&scripts).await;
    let id = bench.submit(json!({})).await;
    let detail = bench.until(&id, "FAILED").await;
    assert_eq!(detail["attempts"][0]["container"]["exitCode"], 134);
}
