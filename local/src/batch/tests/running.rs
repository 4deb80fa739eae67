//! What happens to a job while the engine is there.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::json;

use super::{Bench, open_gate};
use crate::batch::endpoints;
use crate::ecr::tests::text;

#[tokio::test]
async fn a_job_goes_through_its_states_in_order() {
    let mut bench = Bench::new().await;
    let id = bench
        .run(r#"echo "hello from $AWS_BATCH_JOB_ID attempt $AWS_BATCH_JOB_ATTEMPT in $PWD""#)
        .await;
    let mut seen = Vec::new();
    loop {
        let event = bench.event().await;
        assert_eq!(event["detail-type"], "Batch Job State Change");
        assert_eq!(event["resources"][0], event["detail"]["jobArn"]);
        seen.push(event["detail"]["status"].as_str().unwrap().to_owned());
        if seen.last().unwrap() == "SUCCEEDED" {
            assert_eq!(event["detail"], bench.describe(&id).await);
            let attempt = &event["detail"]["attempts"][0];
            assert_eq!(attempt["container"]["exitCode"], 0);
            assert_eq!(attempt["statusReason"], "Essential container in task exited");
            assert!(
                attempt["container"]["taskArn"]
                    .as_str()
                    .unwrap()
                    .starts_with("arn:aws:ecs:eu-west-1:")
            );
            break;
        }
    }
    assert_eq!(seen, ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]);
    let folder = bench.batch.job_folder(&id);
    let said = format!("hello from {id} attempt 1 in {}", folder.join("work").display());
    assert!(bench.log(&id).contains(&said), "{}", bench.log(&id));
}

#[tokio::test]
async fn the_runner_that_an_init_container_installs_is_the_configured_one() {
    let mut bench = Bench::new().await;
    let mount = json!([{ "sourceVolume": "shared", "containerPath": "/signalbox" }]);
    let task = json!({
        "taskRoleArn": "arn:aws:iam::123456789012:role/jobs",
        "volumes": [{ "name": "shared" }],
        "containers": [
            { "name": "runner", "image": "public.example/runner:1", "essential": false,
              "command": ["install", "/signalbox"], "mountPoints": mount },
            { "name": "main", "image": "public.example/base:1", "command": ["/signalbox/runner", "checkout"],
              "mountPoints": mount, "dependsOn": [{ "containerName": "runner", "condition": "SUCCESS" }] },
        ],
    });
    bench.register("multi", json!({ "ecsProperties": { "taskProperties": [task] } })).await;
    let over = json!({ "name": "main", "command": ["/signalbox/runner", "exec", "--", "a b"] });
    let over = json!({ "taskProperties": [{ "containers": [over] }] });
    let id = bench.submit(json!({ "jobDefinition": "multi", "ecsPropertiesOverride": over })).await;
    let detail = bench.until(&id, "FAILED").await;
    assert!(bench.log(&id).contains("runner exec -- a b"), "{}", bench.log(&id));
    let attempt = &detail["attempts"][0]["taskProperties"][0];
    assert_eq!(attempt["containers"][0]["exitCode"], 0);
    assert_eq!(attempt["containers"][1]["name"], "main");
    assert_eq!(attempt["containers"][1]["exitCode"], 7);
    assert_eq!(detail["ecsProperties"]["taskProperties"][0]["containers"][1]["exitCode"], 7);
    assert_eq!(detail["ecsProperties"]["taskProperties"][0]["taskArn"], attempt["taskArn"]);
    assert!(detail.get("container").is_none());
}

#[tokio::test]
async fn a_command_is_passed_on_word_by_word_and_never_read_by_a_shell() {
    let mut bench = Bench::new().await;
    let words = ["printf", "%s|", "a b", "$HOME", "`id`", "\"", "*"];
    let over = json!({ "command": words, "environment": [{ "name": "odd.name", "value": "x" }] });
    let id = bench.submit(json!({ "containerOverrides": over })).await;
    bench.until(&id, "SUCCEEDED").await;
    assert!(bench.log(&id).ends_with("a b|$HOME|`id`|\"|*|"), "{}", bench.log(&id));
    let over =
        json!({ "command": ["env"], "environment": [{ "name": "odd.name", "value": "x y" }] });
    let id = bench.submit(json!({ "containerOverrides": over })).await;
    bench.until(&id, "SUCCEEDED").await;
    assert!(bench.log(&id).contains("odd.name=x y"));
    assert!(!bench.log(&id).contains("CARGO"), "the engine's environment is not the job's");
}

#[tokio::test]
async fn a_terminated_job_is_asked_and_then_made_to_end() {
    let mut bench = Bench::new().await;
    let gate = bench.gate("gate");
    let script =
        format!("trap '' TERM; echo ready > {0}; while :; do sleep 60; done", gate.display());
    let id = bench.run(&script).await;
    bench.until(&id, "RUNNING").await;
    let ready = tokio::fs::read_to_string(&gate).await.unwrap();
    assert_eq!(ready, "ready\n");
    bench.call("CancelJob", json!({ "jobId": id, "reason": "no effect" })).await.unwrap();
    bench.call("TerminateJob", json!({ "jobId": id, "reason": "not wanted" })).await.unwrap();
    let detail = bench.until(&id, "FAILED").await;
    assert_eq!(detail["statusReason"], "not wanted");
    assert_eq!(detail["isTerminated"], true);
    assert_eq!(detail["isCancelled"], false);
    assert_eq!(detail["attempts"][0]["container"]["exitCode"], 137);
}

#[tokio::test]
async fn a_job_that_listens_to_sigterm_says_its_last_word() {
    let mut bench = Bench::new().await;
    let gate = bench.gate("gate");
    let id = bench
        .run(&format!(
            "trap 'echo bye; exit 3' TERM; echo ready > {}; sleep 60 & wait",
            gate.display()
        ))
        .await;
    tokio::fs::read_to_string(&gate).await.unwrap();
    bench.call("TerminateJob", json!({ "jobId": id, "reason": "enough" })).await.unwrap();
    let detail = bench.until(&id, "FAILED").await;
    assert_eq!(detail["attempts"][0]["container"]["exitCode"], 3);
    assert!(bench.log(&id).contains("bye"));
}

#[tokio::test]
async fn jobs_share_the_queues_vcpus_in_the_order_they_came() {
    let mut bench = Bench::new().await;
    let gates = [bench.gate("one"), bench.gate("two")];
    let mut ids = Vec::new();
    for gate in &gates {
        ids.push(bench.run(&format!("read go < {}", gate.display())).await);
    }
    // Events of two jobs come in any order.
    let mut placed = 0;
    while placed < ids.len() {
        placed += usize::from(bench.event().await["detail"]["status"] == "STARTING");
    }
    let third = bench.run("true").await;
    bench.until(&third, "RUNNABLE").await;
    assert_eq!(bench.describe(&third).await["status"], "RUNNABLE");
    open_gate(&gates[0]).await;
    bench.until(&ids[0], "SUCCEEDED").await;
    bench.until(&third, "SUCCEEDED").await;
    open_gate(&gates[1]).await;
    bench.until(&ids[1], "SUCCEEDED").await;
}

#[tokio::test]
async fn a_job_that_the_queue_can_never_hold_waits_and_says_why() {
    let mut bench = Bench::new().await;
    for (kind, value) in [("VCPU", "3"), ("GPU", "1")] {
        let over = json!({ "resourceRequirements": [{ "type": kind, "value": value }] });
        let id = bench.submit(json!({ "containerOverrides": over })).await;
        bench.until(&id, "RUNNABLE").await;
        // What comes later is placed all the same, which also shows that the queue was looked at.
        let next = bench.run("true").await;
        bench.until(&next, "SUCCEEDED").await;
        let detail = bench.describe(&id).await;
        assert_eq!(detail["status"], "RUNNABLE");
        assert!(
            detail["statusReason"]
                .as_str()
                .unwrap()
                .starts_with("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT")
        );
        bench.call("CancelJob", json!({ "jobId": id, "reason": "never" })).await.unwrap();
        let detail = bench.until(&id, "FAILED").await;
        assert_eq!(detail["isCancelled"], true);
        assert_eq!(detail["attempts"], json!([]));
    }
}

#[tokio::test]
async fn a_failed_attempt_is_tried_again_as_often_as_asked() {
    let mut bench = Bench::new().await;
    let script = "test $AWS_BATCH_JOB_ATTEMPT = 2 && test ! -e left-over; code=$?; touch left-over; exit $code";
    let over = json!({ "command": ["sh", "-c", script] });
    let id = bench
        .submit(json!({ "containerOverrides": over, "retryStrategy": { "attempts": 3 } }))
        .await;
    let detail = bench.until(&id, "SUCCEEDED").await;
    let codes: Vec<_> = detail["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["container"]["exitCode"])
        .collect();
    assert_eq!(codes, [1, 0]);
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_ended() {
    let mut bench = Bench::new().await;
    let gates = [bench.gate("one"), bench.gate("two")];
    for gate in &gates {
        bench.run(&format!("read go < {}", gate.display())).await;
    }
    let over = json!({ "command": ["sleep", "60"] });
    let id = bench
        .submit(json!({ "containerOverrides": over, "retryStrategy": { "attempts": 3 } }))
        .await;
    bench.until(&id, "RUNNABLE").await;
    // Batch measures from a minute upwards, which no test has.
    bench.batch.inner.lock().jobs.get_mut(&id).unwrap().spec.timeout = Some(0);
    for gate in &gates {
        open_gate(gate).await;
    }
    let detail = bench.until(&id, "FAILED").await;
    assert_eq!(detail["statusReason"], "Job attempt duration exceeded timeout");
    assert_eq!(detail["attempts"].as_array().unwrap().len(), 1, "a timeout is not tried again");
}

#[tokio::test]
async fn a_job_waits_for_those_it_depends_on() {
    let mut bench = Bench::new().await;
    let gate = bench.gate("gate");
    let first = bench.run(&format!("read go < {}; exit 1", gate.display())).await;
    let second = bench.submit(json!({ "dependsOn": [{ "jobId": first }] })).await;
    bench.until(&second, "PENDING").await;
    open_gate(&gate).await;
    let detail = bench.until(&second, "FAILED").await;
    assert_eq!(detail["statusReason"], "Dependent Job failed");
    let third = bench.run("true").await;
    let fourth = bench.submit(json!({ "dependsOn": [{ "jobId": third }] })).await;
    bench.until(&fourth, "SUCCEEDED").await;
}

#[tokio::test]
async fn a_task_gets_the_keys_of_its_role_under_its_own_name() {
    let mut bench = Bench::new().await;
    let gate = bench.gate("gate");
    let container = json!({
        "image": "public.example/base:1", "jobRoleArn": "arn:aws:iam::123456789012:role/jobs",
        "command": ["sh", "-c", format!("env; read go < {}", gate.display())],
    });
    bench.register("with-role", json!({ "containerProperties": container })).await;
    let id = bench.submit(json!({ "jobDefinition": "with-role" })).await;
    let detail = bench.until(&id, "RUNNING").await;
    let task =
        detail["container"]["taskArn"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let path = || Path(task.clone());
    let state = || State(bench.batch.clone());

    let about = text(endpoints::task(state(), path()).await).await;
    let about: serde_json::Value = serde_json::from_str(&about).unwrap();
    assert_eq!(about["TaskARN"], detail["container"]["taskArn"]);
    let nobody = endpoints::credentials(state(), path(), HeaderMap::new()).await;
    assert_eq!(nobody.status(), 401);
    let token = bench.batch.inner.lock().jobs[&id].attempt.clone().unwrap().token;
    let headers =
        HeaderMap::from_iter([("authorization".parse().unwrap(), token.parse().unwrap())]);
    let keys = text(endpoints::credentials(state(), path(), headers).await).await;
    let keys: serde_json::Value = serde_json::from_str(&keys).unwrap();
    let key = keys["AccessKeyId"].as_str().unwrap();
    let principal = bench.batch.inner.principals.by_access_key(key).unwrap();
    assert_eq!(principal.user_id, format!("AROAEXAMPLE:{task}"));

    open_gate(&gate).await;
    bench.until(&id, "SUCCEEDED").await;
    let log = bench.log(&id);
    assert!(log.contains(&format!(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:4000/_ecs/credentials/{task}"
    )));
    assert!(
        log.contains(&format!(
            "ECS_CONTAINER_METADATA_URI_V4=http://127.0.0.1:4000/_ecs/v4/{task}"
        ))
    );
    assert_eq!(endpoints::task(State(bench.batch.clone()), Path(task.clone())).await.status(), 404);
}
