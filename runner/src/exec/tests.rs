use std::time::{Duration, Instant};

use signalbox_pipeline::report::Metric;

use super::*;
use crate::testing::{Bench, Memory, archive};
use crate::upload;

fn words(argv: &[&str]) -> Vec<OsString> {
    argv.iter().map(OsString::from).collect()
}

async fn sh(bench: &mut Bench, script: &str) -> Finished {
    let argv = words(&["sh", "-ec", script]);
    exec(&mut bench.attempt, None, &[], &argv, None, &Memory::default()).await.unwrap()
}

fn class(finished: &Finished) -> FailureClass {
    finished.failure.as_ref().unwrap().class
}

#[tokio::test]
async fn the_exit_code_is_the_commands_own() {
    let mut bench = Bench::new();
    assert_eq!(sh(&mut bench, "true").await.exit_code, 0);
    let finished = sh(&mut bench, "exit 3").await;
    assert_eq!((finished.exit_code, class(&finished)), (3, FailureClass::Exit));
    assert!(finished.failure.unwrap().message.starts_with("`sh -ec exit 3` exited with 3 after"));
}

#[tokio::test]
async fn a_command_that_failed_is_told_with_the_line_of_its_log_that_says_why() {
    let mut bench = Bench::new();
    let finished = sh(&mut bench, "echo begun; echo 'ValueError: no rain' >&2; exit 1").await;
    let message = finished.failure.unwrap().message;
    assert!(message.contains(" exited with 1 after "), "{message}");
    assert!(message.ends_with(" s: ValueError: no rain"), "{message}");
}

#[tokio::test]
async fn a_command_that_does_not_exist_ends_with_127_and_says_what_to_do() {
    let mut bench = Bench::new();
    let argv = words(&["no-such-program", "x"]);
    let finished =
        exec(&mut bench.attempt, None, &[], &argv, None, &Memory::default()).await.unwrap();
    assert_eq!((finished.exit_code, class(&finished)), (127, FailureClass::Exit));
    assert!(finished.failure.unwrap().message.contains("install it in the image"));
}

#[tokio::test]
async fn a_file_that_is_not_executable_ends_with_126() {
    let mut bench = Bench::new();
    bench.write("train.sh", "#!/bin/sh\n");
    let argv = words(&["./train.sh"]);
    let finished =
        exec(&mut bench.attempt, None, &[], &argv, None, &Memory::default()).await.unwrap();
    assert_eq!(finished.exit_code, 126);
}

#[tokio::test]
async fn a_command_out_of_time_ends_with_124() {
    let mut bench = Bench::new();
    bench.attempt.limits.deadline = Instant::now() + Duration::from_millis(20);
    let finished = sh(&mut bench, "exec sleep 600").await;
    assert_eq!((finished.exit_code, class(&finished)), (124, FailureClass::Timeout));
}

#[tokio::test]
async fn a_command_ended_by_a_signal_ends_with_128_and_its_number() {
    let mut bench = Bench::new();
    let finished = sh(&mut bench, "kill -SEGV $$").await;
    assert_eq!((finished.exit_code, class(&finished)), (139, FailureClass::Signal));
}

#[tokio::test]
async fn a_terminated_attempt_ends_its_command_and_still_has_a_result() {
    let mut bench = Bench::new();
    bench.stop.send_replace(true);
    let finished = sh(&mut bench, "exec sleep 600").await;
    assert_eq!((finished.exit_code, class(&finished)), (143, FailureClass::Signal));
    let shelf = Memory::default();
    assert_eq!(upload::deliver(finished, &shelf, &bench.attempt.log).await, 143);
    assert_eq!(shelf.report().exit_code, 143);
}

#[tokio::test]
async fn setup_has_a_failure_class_of_its_own() {
    let mut bench = Bench::new();
    let setup =
        [vec!["true".to_owned()], vec!["sh".to_owned(), "-c".to_owned(), "exit 9".to_owned()]];
    let argv = words(&["touch", "ran"]);
    let finished =
        exec(&mut bench.attempt, None, &setup, &argv, None, &Memory::default()).await.unwrap();
    assert_eq!((finished.exit_code, class(&finished)), (9, FailureClass::Dependency));
    assert!(!bench.folder.path().join("ran").exists());
}

#[tokio::test]
async fn the_command_sees_every_variable_but_ours() {
    let mut bench = Bench::new();
    bench.attempt.environment = [
        ("PATH", "/usr/bin:/bin"),
        ("EPOCHS", "3"),
        ("AWS_REGION", "eu-west-1"),
        ("SIGNALBOX_ORDER", "{}"),
    ]
    .into_iter()
    .collect();
    sh(&mut bench, "env").await;
    let log = bench.log();
    assert!(log.contains("EPOCHS=3\n") && log.contains("AWS_REGION=eu-west-1\n"));
    assert!(!log.contains("SIGNALBOX_"));
}

#[tokio::test]
async fn a_source_is_unpacked_and_worked_in() {
    let mut bench = Bench::new();
    let mut shelf = Memory::default();
    let source = shelf.hold(archive(&[(
        "trainer/go.sh",
        "#!/bin/sh\nmkdir results; echo '{\"auc\": NaN}' > results/metrics.json",
    )]));
    let argv = words(&["trainer/go.sh"]);
    let finished = exec(&mut bench.attempt, Some(&source), &[], &argv, None, &shelf).await.unwrap();
    assert_eq!(finished.exit_code, 0, "{}", bench.log());
    assert_eq!(finished.results.metrics["auc"], Metric::NaN);
    assert!(bench.folder.path().join("src/trainer/go.sh").exists());
}

#[tokio::test]
async fn a_source_with_other_bytes_is_refused_with_125() {
    let mut bench = Bench::new();
    let mut shelf = Memory::default();
    let mut source = shelf.hold(archive(&[("a", "1")]));
    source.sha256 = signalbox_pipeline::digest::sha256(b"other");
    let argv = words(&["true"]);
    let fault =
        exec(&mut bench.attempt, Some(&source), &[], &argv, None, &shelf).await.unwrap_err();
    assert_eq!((fault.exit_code, fault.failure.class), (125, FailureClass::Source));
    assert!(fault.failure.message.contains("is not the one that was checked out"));
}

#[tokio::test]
async fn results_that_were_there_before_are_not_counted() {
    let mut bench = Bench::new();
    bench.write("results/metrics.json", "{\"auc\": 1}");
    bench.write("results/old.xml", "<testsuite><testcase name='a'/></testsuite>");
    let finished = sh(&mut bench, "echo '{\"loss\": 2}' > results/new.json").await;
    assert!(finished.results.metrics.is_empty());
    assert_eq!(finished.results.tests, None);
    assert_eq!(finished.results.files.len(), 1);
    assert!(finished.results.notes[0].contains("results/metrics.json was there before"));
}
