use std::collections::BTreeMap;

use signalbox_pipeline::platform::Capability;

use super::*;

fn complete() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIA1"),
        ("AWS_SECRET_ACCESS_KEY", "do-not-show"),
        ("AWS_SESSION_TOKEN", "neither-this"),
        ("SIGNALBOX_STATE_BUCKET", "state"),
        ("SIGNALBOX_INDEX_BUCKET", "index"),
        ("SIGNALBOX_ARTIFACTS_BUCKET", "artifacts"),
        ("SIGNALBOX_JOB_QUEUE", "arn:aws:batch:eu-west-1:123456789012:job-queue/jobs"),
        ("SIGNALBOX_JOB_ROLE", "arn:aws:iam::123456789012:role/signalbox/jobs"),
        ("SIGNALBOX_JOB_ROLE_ID", "AROA1"),
        ("SIGNALBOX_EXECUTION_ROLE", "arn:aws:iam::123456789012:role/signalbox/execution"),
        ("SIGNALBOX_RUNNER_IMAGE", "registry/runner:1"),
        ("SIGNALBOX_CHECKOUT_IMAGE", "registry/checkout:1"),
        ("SIGNALBOX_REGISTRY", "127.0.0.1:5000"),
        ("SIGNALBOX_PLATFORM", "EC2"),
        ("SIGNALBOX_NOTIFICATIONS_QUEUE_URL", "http://127.0.0.1:1/1/notifications"),
        ("SIGNALBOX_CODE_HOST", "codecommit.eu-west-1.amazonaws.com"),
        ("SIGNALBOX_DEAD_LETTERS_QUEUE_URL", "http://127.0.0.1:1/1/commits-dead"),
    ])
}

type Everything = (Account, Buckets, Jobs, CodeHost, DeadLetters);

fn read<T: Group>(values: &BTreeMap<&str, &str>) -> Result<T, ConfigFaults> {
    from_env(|name| values.get(name).map(|value| (*value).to_owned()))
}

#[test]
fn a_complete_environment_is_read() {
    let (account, buckets, jobs, CodeHost(host), _) = read::<Everything>(&complete()).unwrap();
    assert_eq!(account.region, "eu-west-1");
    assert_eq!(buckets.state, "state");
    let platform = jobs.platform(&buckets.artifacts);
    assert_eq!(platform.capability, Capability::Ec2);
    assert_eq!(platform.artifacts_bucket, "artifacts");
    assert_eq!(host.as_str(), "codecommit.eu-west-1.amazonaws.com");
}

#[test]
fn every_fault_is_named_at_once_with_where_to_mend_it() {
    let mut values = complete();
    values.remove("SIGNALBOX_INDEX_BUCKET");
    values.insert("SIGNALBOX_STATE_BUCKET", " ");
    values.insert("SIGNALBOX_JOB_QUEUE", "jobs");
    values.insert("SIGNALBOX_PLATFORM", "EKS");
    let text = read::<Everything>(&values).unwrap_err().to_string();
    for expected in [
        "SIGNALBOX_INDEX_BUCKET is missing",
        "SIGNALBOX_STATE_BUCKET is missing",
        "SIGNALBOX_JOB_QUEUE is \"jobs\", expected the ARN of a Batch job queue",
        "SIGNALBOX_PLATFORM must be EC2 or FARGATE",
        "template.yaml",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_function_is_not_asked_for_what_it_does_not_read() {
    let mut values = complete();
    values.remove("SIGNALBOX_CODE_HOST");
    values.remove("SIGNALBOX_DEAD_LETTERS_QUEUE_URL");
    read::<(Account, Buckets, Jobs)>(&values).unwrap();
}

#[test]
fn secrets_are_not_shown() {
    let (account, ..) = read::<Everything>(&complete()).unwrap();
    let shown = format!("{account:?}");
    assert!(!shown.contains("do-not-show") && !shown.contains("neither-this"), "{shown}");
}
