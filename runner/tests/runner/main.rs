//! The runner as a process, in a container as AWS Batch makes one.

#![expect(clippy::unwrap_used, reason = "what fails in a test's helper fails the test")]

mod cloud;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use signalbox_pipeline::report::{FailureClass, Report};

const ORDER: &str = r#"{"schema":1,"artifacts_bucket":"artifacts","incoming":"incoming/AROAJOB",
    "timeout_seconds":600,"work":{"kind":"exec","source":null,"setup":[]}}"#;

fn runner(endpoint: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signalbox-runner"));
    command
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{endpoint}/credentials"))
        .env("ECS_CONTAINER_METADATA_URI_V4", format!("{endpoint}/meta"))
        .env("SIGNALBOX_ORDER", ORDER);
    command
}

fn report(bucket: &cloud::Bucket) -> Report {
    serde_json::from_slice(&bucket.object("result.json")).unwrap()
}

#[test]
fn an_attempt_puts_log_files_and_then_its_result_below_its_own_prefix() {
    let (endpoint, bucket) = cloud::serve();
    let folder = tempfile::tempdir().unwrap();
    let script = "mkdir -p results/plots; echo '<svg/>' > results/plots/loss.svg
        echo '{\"loss\": NaN, \"auc\": 0.5}' > results/metrics.json
        echo '<testsuite><testcase name=\"a\"/></testsuite>' > results/unit.xml
        echo trained; exit 3";
    let output = runner(&endpoint, &["exec", "--", "sh", "-ec", script])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let keys = bucket.keys();
    assert!(
        keys.iter().all(|key| key.starts_with("/artifacts/incoming/AROAJOB:7a5c/")),
        "{keys:?}"
    );
    assert_eq!(keys.len(), 5);
    assert!(keys[4].ends_with("/result.json"));
    assert_eq!(bucket.object("log.txt"), output.stdout);
    assert!(output.stdout.starts_with(b"trained\nsignalbox: `sh -ec"));
    let report = report(&bucket);
    assert_eq!((report.exit_code, report.tests.unwrap().passed, report.metrics.len()), (3, 1, 2));
    assert_eq!(report.files.len(), 3);
    assert!(report.max_rss_bytes > 0);
}

#[test]
fn a_termination_is_passed_on_and_the_result_is_put_all_the_same() {
    let (endpoint, bucket) = cloud::serve();
    let script = "trap 'echo saved; exit 0' TERM; echo ready; while :; do sleep 0.01; done";
    let mut child = runner(&endpoint, &["exec", "--", "sh", "-c", script])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(lines.any(|line| line.unwrap() == "saved"));
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(report(&bucket).failure.unwrap().class, FailureClass::Signal);
}

#[test]
fn a_runner_without_an_order_or_with_another_verb_ends_with_125() {
    let (endpoint, bucket) = cloud::serve();
    let without =
        runner(&endpoint, &["exec", "true"]).env_remove("SIGNALBOX_ORDER").output().unwrap();
    assert_eq!(without.status.code(), Some(125));
    assert!(bucket.keys().is_empty());
    let other = runner(&endpoint, &["checkout"]).output().unwrap();
    assert_eq!(other.status.code(), Some(125));
    assert_eq!(report(&bucket).failure.unwrap().class, FailureClass::Runner);
}

#[test]
fn a_runner_that_cannot_reach_the_bucket_ends_with_125() {
    let output = runner("http://127.0.0.1:1", &["exec", "true"]).output().unwrap();
    assert_eq!(output.status.code(), Some(125));
    assert!(String::from_utf8_lossy(&output.stdout).contains("signalbox: "));
}
