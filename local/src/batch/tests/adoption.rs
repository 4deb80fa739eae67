//! Jobs that outlive the engine.

use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::json;

use super::{Bench, open_gate};
use crate::batch::executor::Launch;
use crate::batch::job::Status;
use crate::batch::keeper::{MARKS, Mark};
use crate::clock::Clock;
use crate::durable::Journal;
use crate::ecr::tests::Deaf;
use crate::pid;
use crate::principals::Principals;

#[tokio::test]
async fn a_job_that_runs_on_is_found_by_the_next_engine() {
    let mut bench = Bench::new().await;
    let (gate, ready) = (bench.gate("gate"), bench.gate("ready"));
    let script =
        format!("echo > {}; read go < {}; echo through; exit 5", ready.display(), gate.display());
    let id = bench.run(&script).await;
    bench.until(&id, "RUNNING").await;
    let task = bench.describe(&id).await["container"]["taskArn"].clone();
    tokio::fs::read_to_string(&ready).await.unwrap();
    let mut bench = bench.restart().await;
    let detail = bench.describe(&id).await;
    assert_eq!((&detail["status"], &detail["container"]["taskArn"]), (&json!("RUNNING"), &task));
    // It still takes its vCPU: a job that wants both has to wait.
    let over = json!({ "resourceRequirements": [{ "type": "VCPU", "value": "2" }] });
    let large = bench.submit(json!({ "containerOverrides": over })).await;
    bench.until(&large, "RUNNABLE").await;
    assert_eq!(bench.describe(&large).await["status"], "RUNNABLE");
    open_gate(&gate).await;
    let detail = bench.until(&id, "FAILED").await;
    assert_eq!(detail["attempts"][0]["container"]["exitCode"], 5);
    assert_eq!(bench.log(&id).matches("through").count(), 1);
    assert!(detail["attempts"][0]["container"]["taskArn"] == task);
    bench.until(&large, "SUCCEEDED").await;
}

#[tokio::test]
async fn a_job_that_ended_while_nobody_looked_is_not_lost() {
    let mut bench = Bench::new().await;
    let (gate, ready) = (bench.gate("gate"), bench.gate("ready"));
    let id = bench
        .run(&format!("echo > {}; read go < {}; exit 6", ready.display(), gate.display()))
        .await;
    bench.until(&id, "RUNNING").await;
    tokio::fs::read_to_string(&ready).await.unwrap();
    let ended = end_of(pid_of(&bench, &id));
    let dir = bench.stop().await;
    open_gate(&gate).await;
    ended.await;
    let mut bench = Bench::open(dir);
    let detail = bench.until(&id, "FAILED").await;
    assert_eq!(detail["attempts"][0]["container"]["exitCode"], 6);
}

fn pid_of(bench: &Bench, id: &str) -> Pid {
    let task = bench.batch.inner.lock().jobs[id].attempt.clone().unwrap().task;
    let marks = Journal::read::<Mark>(&bench.dir.path().join("batch").join(MARKS)).unwrap();
    let Mark::Running { pid, .. } = marks[&task] else { panic!("no pid: {marks:?}") };
    Pid::from_raw(pid).unwrap()
}

/// Returns when the process has ended, whoever its parent is.
fn end_of(pid: Pid) -> impl Future<Output = ()> {
    let fd = pid::pidfd(pid).unwrap();
    async move { fd.readable().await.unwrap().retain_ready() }
}

#[tokio::test]
async fn a_job_that_is_killed_ends_as_killed() {
    let mut bench = Bench::new().await;
    let gate = bench.gate("gate");
    let id = bench.run(&format!("echo ready > {}; sleep 60", gate.display())).await;
    // The process may be faster than the keeper, which then writes down what it started.
    bench.until(&id, "RUNNING").await;
    tokio::fs::read_to_string(&gate).await.unwrap();
    kill_process_group(pid_of(&bench, &id), Signal::KILL).unwrap();
    let detail = bench.until(&id, "FAILED").await;
    assert_eq!(detail["attempts"][0]["container"]["exitCode"], 137);
}

#[tokio::test]
async fn a_job_whose_keeper_is_killed_ends_as_killed_and_the_next_one_has_a_keeper_again() {
    let mut bench = Bench::new().await;
    let gate = bench.gate("gate");
    let id = bench.run(&format!("echo ready > {}; sleep 60", gate.display())).await;
    // The process may be faster than the keeper, which then writes down what it started.
    bench.until(&id, "RUNNING").await;
    tokio::fs::read_to_string(&gate).await.unwrap();
    let pid = pid_of(&bench, &id);
    let (keeper, ended) = (parent_of(pid), end_of(pid));
    kill_process(keeper, Signal::KILL).unwrap();
    let detail = bench.until(&id, "FAILED").await;
    assert_eq!(detail["attempts"][0]["container"]["exitCode"], 137);
    ended.await;
    let next = bench.run("true").await;
    bench.until(&next, "SUCCEEDED").await;
}

#[tokio::test]
async fn a_keeper_ends_when_it_has_neither_an_engine_nor_a_job() {
    let mut bench = Bench::new().await;
    let (gate, ready) = (bench.gate("gate"), bench.gate("ready"));
    let script = format!("echo > {}; read go < {}", ready.display(), gate.display());
    let id = bench.run(&script).await;
    bench.until(&id, "RUNNING").await;
    tokio::fs::read_to_string(&ready).await.unwrap();
    let keeper = end_of(parent_of(pid_of(&bench, &id)));
    let _dir = bench.stop().await;
    open_gate(&gate).await;
    keeper.await;
}

fn parent_of(pid: Pid) -> Pid {
    let stat = pid::stat(pid.as_raw_nonzero().get()).unwrap();
    Pid::from_raw(stat[1].parse().unwrap()).unwrap()
}

#[tokio::test]
async fn a_job_that_had_its_place_but_no_process_is_started_by_the_next_engine() {
    let mut bench = Bench::new().await;
    let id = bench.run("echo once").await;
    bench.until(&id, "SUCCEEDED").await;
    // What the disk holds when the engine dies between giving the place and starting the process.
    let task = "f".repeat(32);
    {
        let mut state = bench.batch.inner.lock();
        bench
            .batch
            .inner
            .change(&mut state, &id, |job| {
                job.status = Status::Starting;
                job.attempts.clear();
                job.stopped_at = None;
                job.attempt = Some(crate::batch::job::Attempt {
                    number: 1,
                    task: task.clone(),
                    token: "t".to_owned(),
                });
            })
            .unwrap();
    }
    let folder = bench.batch.job_folder(&id);
    let mut bench = bench.restart().await;
    bench.until(&id, "SUCCEEDED").await;
    assert_eq!(bench.log(&id).matches("once").count(), 2);
    // The old task, started late, finds itself superseded.
    let late = Launch {
        argv: vec!["sh".into(), "-c".into(), "echo late".into()],
        env: [("PATH".to_owned(), std::env::var_os("PATH").unwrap())].into(),
        cwd: folder.clone(),
    };
    let late = bench.batch.inner.starter.start(late, &folder, &task).await;
    assert!(late.err().unwrap().to_string().contains("before"));
    assert!(!bench.log(&id).contains("\nlate"));
}

#[tokio::test]
async fn what_was_not_told_is_told_by_the_next_engine() {
    let bench = Bench::new().await;
    let config = bench.batch.inner.config.clone();
    let dir = bench.stop().await;
    let principals = Arc::new(Principals::open(&dir.path().join("principals")).unwrap());
    let deaf = crate::batch::Batch::open(
        &dir.path().join("batch"),
        Clock::default(),
        Arc::new(Deaf),
        principals,
        config,
    );
    let deaf = Bench {
        dir,
        ecr: deaf.as_ref().unwrap().inner.config.images.clone(),
        batch: deaf.unwrap(),
        events: tokio::sync::mpsc::unbounded_channel().1,
        patience: std::time::Duration::ZERO,
    };
    let gate = deaf.gate("gate");
    let id = deaf.run(&format!("echo ran > {}", gate.display())).await;
    tokio::fs::read_to_string(&gate).await.unwrap();
    let mut bench = deaf.restart().await;
    let mut seen = Vec::new();
    while seen.last().map(String::as_str) != Some("SUCCEEDED") {
        let event = bench.event().await;
        assert_eq!(event["detail"]["jobId"], id);
        seen.push(event["detail"]["status"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen, ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]);
}
