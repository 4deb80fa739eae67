use serde_json::{Value, json};

use super::*;

const RUN: &str = "20260111t234000z-3e5983d-9f86d081";
const ARN: &str = "arn:aws:ecs:eu-west-1:123456789012:task/cluster/";

fn multi_container() -> Value {
    json!({
        "jobArn": "arn:aws:batch:eu-west-1:123456789012:job/j-1", "jobId": "j-1",
        "jobName": format!("rain-{RUN}-checks-unit-1"),
        "jobQueue": "arn:aws:batch:eu-west-1:123456789012:job-queue/jobs",
        "status": "SUCCEEDED", "statusReason": "Essential container in task exited",
        "jobDefinition": "arn:aws:batch:eu-west-1:123456789012:job-definition/signalbox-0a0b:3",
        "parameters": { "pipeline": "rain", "run": RUN, "stage": "checks", "job": "unit", "attempt": "1" },
        "attempts": [{
            "container": {}, "startedAt": 1_748_306_453_170_i64, "stoppedAt": 1_748_306_482_483_i64,
            "taskProperties": [{ "taskArn": format!("{ARN}t-1"), "containers": [
                { "name": "runner", "exitCode": 3 }, { "name": "main", "exitCode": 0 }] }],
        }],
        "container": {}, "dependsOn": [], "tags": {}, "eksAttempts": [], "platformCapabilities": [],
        "ecsProperties": { "taskProperties": [{ "taskArn": format!("{ARN}t-0"), "containers": [
            { "name": "runner", "essential": false, "image": "r" }, { "name": "main", "exitCode": 7 }] }] },
    })
}

fn body(detail: &Value) -> String {
    json!({
        "version": "0", "id": "c8f9c4b5-76e5", "source": SOURCE, "detail-type": DETAIL_TYPE,
        "account": "123456789012", "time": "2026-01-11T23:40:00Z", "region": "eu-west-1",
        "resources": [], "detail": detail,
    })
    .to_string()
}

fn blocked(detail: &Value) -> Result<Read<JobEvent>, Malformed> {
    read(&Envelope::parse(&body(detail).replace(DETAIL_TYPE, BLOCKED))?)
}

fn parse(detail: &Value) -> Result<Read<JobEvent>, Malformed> {
    read(&Envelope::parse(&body(detail))?)
}

fn event(detail: &Value) -> JobEvent {
    match parse(detail).unwrap() {
        Read::Event(event) => event,
        Read::Ignored(reason) => panic!("ignored: {reason}"),
    }
}

fn ignored(detail: &Value) -> String {
    match parse(detail).unwrap() {
        Read::Event(event) => panic!("taken: {event:?}"),
        Read::Ignored(reason) => reason,
    }
}

#[test]
fn a_multi_container_job_ends_with_the_code_of_its_main_container() {
    let event = event(&multi_container());
    assert_eq!(event.status, JobStatus::Succeeded);
    assert_eq!(event.exit_code, Some(0));
    assert_eq!(event.task.unwrap().as_str(), "t-1");
    assert_eq!((event.definition.as_str(), event.revision), ("signalbox-0a0b", Some(3)));
    assert_eq!(event.owner.attempt.to_string(), "checks/unit attempt 1");
    assert_eq!(event.stopped_at.unwrap().as_millisecond(), 1_748_306_482_483);
}

#[test]
fn a_running_job_has_the_task_of_its_properties_before_any_attempt_is_listed() {
    let mut detail = multi_container();
    detail["status"] = "RUNNING".into();
    detail["attempts"] = json!([]);
    let event = event(&detail);
    assert_eq!(event.status, JobStatus::Running);
    assert_eq!(event.task.unwrap().as_str(), "t-0");
}

#[test]
fn a_blocked_queue_says_why_its_first_job_waits_and_nothing_else_does() {
    let mut detail = multi_container();
    detail["status"] = "RUNNABLE".into();
    detail["statusReason"] = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT".into();
    let Read::Event(event) = blocked(&detail).unwrap() else { panic!("ignored") };
    let Fact::Waiting(waiting) = event.occurrence().fact else { panic!("another fact") };
    assert_eq!(waiting.reason, "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT");
    assert_eq!(waiting.attempt.to_string(), "checks/unit attempt 1");
    // The state change of every job, which comes whether it waits for long or not.
    assert!(ignored(&detail).contains("RUNNABLE"));
    detail["statusReason"] = json!(null);
    assert!(matches!(blocked(&detail), Ok(Read::Ignored(_))));
    detail["jobDefinition"] = "other:1".into();
    assert!(matches!(blocked(&detail), Ok(Read::Ignored(_))));
}

#[test]
fn a_plain_job_that_was_retried_ends_as_its_last_try() {
    let mut detail = multi_container();
    detail.as_object_mut().unwrap().remove("ecsProperties");
    detail["status"] = "FAILED".into();
    detail["attempts"] = json!([
        { "container": { "taskArn": format!("{ARN}first") }, "startedAt": 1, "stoppedAt": 2,
          "statusReason": "Host EC2 (instance i-0abc) terminated." },
        { "container": { "taskArn": format!("{ARN}second"), "exitCode": 137,
          "reason": "OutOfMemoryError: Container killed due to memory usage" }, "startedAt": 3, "stoppedAt": 4 },
    ]);
    detail["container"] = json!({ "exitCode": 137, "image": "x", "command": [] });
    let event = event(&detail);
    assert_eq!((event.exit_code, event.task.unwrap().as_str()), (Some(137), "second"));
    assert!(event.reason.unwrap().starts_with("OutOfMemoryError"));
    assert_eq!(event.started_at.unwrap().as_millisecond(), 3);
}

#[test]
fn a_job_that_never_ran_has_neither_task_nor_code() {
    let mut detail = multi_container();
    detail["status"] = "FAILED".into();
    detail["attempts"] = json!([]);
    detail["ecsProperties"] = json!({ "taskProperties": [{ "containers": null }] });
    let event = event(&detail);
    assert_eq!((event.task, event.exit_code), (None, None));
}

#[test]
fn a_job_that_is_not_ours_is_ignored_and_says_why() {
    let definition = "arn:aws:batch:eu-west-1:123456789012:job-definition/other:1";
    for (field, value, because) in [
        ("jobDefinition", json!(definition), "somebody else's"),
        ("jobName", json!("rain-nightly"), "does not follow from its parameters"),
        ("parameters", json!({}), "no parameter attempt"),
        ("parameters", json!(null), "no parameter attempt"),
        ("status", json!("RUNNABLE"), "RUNNABLE"),
        ("arrayProperties", json!({ "size": 3 }), "array"),
        ("eksProperties", json!({ "podProperties": {} }), "EKS"),
    ] {
        let mut detail = multi_container();
        detail[field] = value;
        let reason = ignored(&detail);
        assert!(reason.contains(because), "{field}: {reason}");
    }
    let mut detail = multi_container();
    detail["parameters"]["stage"] = "../x".into();
    assert!(ignored(&detail).contains("is not a stage name"));
}

#[test]
fn near_garbage_is_malformed() {
    for (field, value) in [
        ("jobId", json!("a/../b")),
        ("attempts", json!("none")),
        ("status", json!(5)),
        ("jobName", json!("x y")),
    ] {
        let mut detail = multi_container();
        detail[field] = value;
        assert!(parse(&detail).is_err(), "{field}");
    }
}

fn described(detail: &Value) -> Described {
    serde_json::from_value(detail.clone()).unwrap()
}

#[test]
fn what_batch_answers_when_asked_reads_like_the_event() {
    let expected = event(&multi_container());
    let Read::Event(asked) = described(&multi_container()).event(expected.at).unwrap() else {
        panic!("ignored")
    };
    assert_eq!(asked, JobEvent { event: asked.event.clone(), ..expected });
    let again = described(&multi_container()).event(Timestamp::MAX).unwrap();
    assert!(matches!(again, Read::Event(again) if again.event == asked.event), "one event");
}

#[test]
fn a_job_that_is_asked_about_in_any_state_is_known_by_its_parameters() {
    let mut detail = multi_container();
    detail["status"] = "STARTING".into();
    detail["ecsProperties"]["taskProperties"][0]["taskRoleArn"] = "role".into();
    let job = described(&detail);
    assert_eq!((job.job_id(), job.job_role()), (Some("j-1"), Some("role")));
    let Read::Event(identity) = job.identity().unwrap() else { panic!("ignored") };
    assert_eq!(identity.owner.of, Of::Run(RUN.parse().unwrap()));
    assert_eq!(identity.placement.definition, "signalbox-0a0b");
    assert!(matches!(job.event(Timestamp::MAX), Ok(Read::Ignored(_))));
    assert!(described(&json!({ "jobId": 5 })).identity().is_err());
}

#[test]
fn a_time_that_batch_does_not_know_is_none_and_not_1970() {
    let mut detail = multi_container();
    detail["status"] = "RUNNING".into();
    detail["attempts"] = json!([]);
    detail["startedAt"] = 0.into();
    assert_eq!(event(&detail).started_at, None);
}

#[test]
fn what_ended_a_job_is_told_from_what_its_command_did() {
    let oom = "OutOfMemoryError: Container killed due to memory usage";
    let pull = "CannotPullContainerError: pull access denied";
    for (status_reason, reason, cause, told) in [
        ("Host EC2 (instance i-0abc) terminated.", None, Some(Cause::Reclaimed), "Host EC2"),
        (
            "Host EC2 (instance i-0abc) terminated.",
            Some("killed"),
            Some(Cause::Reclaimed),
            "Host EC2",
        ),
        ("Your Spot Task was interrupted.", None, Some(Cause::Reclaimed), "Your Spot"),
        ("Task failed to start", Some(pull), Some(Cause::ImagePull), pull),
        ("Essential container in task exited", Some(oom), Some(Cause::OutOfMemory), oom),
        (
            "Job attempt duration exceeded timeout",
            Some("killed"),
            Some(Cause::TimedOut),
            "Job attempt duration",
        ),
        (
            "Canceled by JobStateTimeLimit action due to reason: \
             CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
            None,
            Some(Cause::NoCapacity),
            "Canceled by JobStateTimeLimit",
        ),
        ("Essential container in task exited", None, None, "Essential container"),
        // Only Batch's own words count, and where they are expected.
        ("Essential container in task exited", Some("no Host EC2"), None, "no Host EC2"),
    ] {
        let mut detail = multi_container();
        detail["status"] = json!("FAILED");
        detail["statusReason"] = json!(status_reason);
        detail["attempts"][0]["taskProperties"][0]["containers"][1]["reason"] = json!(reason);
        let Fact::JobEnded(ended) = event(&detail).occurrence().fact else { panic!("no end") };
        assert_eq!(ended.ending.cause, cause, "{status_reason} {reason:?}");
        assert!(ended.ending.reason.unwrap().starts_with(told), "{status_reason} {reason:?}");
        detail["status"] = json!("SUCCEEDED");
        let Fact::JobEnded(ended) = event(&detail).occurrence().fact else { panic!("no end") };
        assert_eq!(ended.ending.cause, None, "it ended well all the same");
    }
}
