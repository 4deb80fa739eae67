use std::collections::BTreeMap;

use serde_json::{Value, json};
use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::effect::{JobDefinition, Submission};
use signalbox_pipeline::names::{ImageRepository, ImageTag, JobId, JobKey, JobName, StageName};
use signalbox_pipeline::platform::Capability;

use super::*;
use crate::fault::Fault;
use signalbox_testkit::{Answer, Script, json_error, ok};

const QUEUE: &str = "arn:aws:batch:eu-west-1:123456789012:job-queue/jobs";

fn submission() -> Submission {
    Submission {
        attempt: AttemptId {
            stage: StageName::parse("checks").unwrap(),
            job: JobKey::parse("unit").unwrap(),
            number: 1,
        },
        job_name: JobName::parse("rain-1-checks-unit-1").unwrap(),
        queue: QUEUE.to_owned(),
        definition: JobDefinition {
            image: "python:3.12".to_owned(),
            runner_image: "runner:1".to_owned(),
            job_role: "arn:aws:iam::123456789012:role/jobs".to_owned(),
            execution_role: "arn:aws:iam::123456789012:role/execution".to_owned(),
            secrets: [("API_KEY".to_owned(), "arn:secret".to_owned())].into(),
            capability: Capability::Fargate,
        },
        parameters: BTreeMap::from([("run".to_owned(), "r".to_owned())]),
        command: vec!["/signalbox/runner".to_owned(), "checkout".to_owned()],
        environment: BTreeMap::from([("EPOCHS".to_owned(), "1".to_owned())]),
        vcpus: "0.5".parse().unwrap(),
        memory_mib: 1024,
        gpus: 0,
        timeout_seconds: 600,
    }
}

fn batch(script: &Script) -> Batch {
    let clients = crate::testing::clients(script.clone());
    Batch::new(clients.batch(), clients.batch_json())
}

fn accepted() -> Answer {
    ok(json!({ "jobArn": "a", "jobId": "j-1", "jobName": "n" }).to_string())
}

fn missing() -> Answer {
    json_error(400, "ClientException", "JobDefinition signalbox-0a not found")
}

fn body(seen: &signalbox_testkit::Seen) -> Value {
    serde_json::from_str(&seen.body).unwrap()
}

#[tokio::test]
async fn a_submission_is_one_request_with_everything_in_it() {
    let script = Script::new([accepted()]);
    let submitted = batch(&script).submit(&submission(), || true).await;
    assert_eq!(submitted, Submitted::Accepted(JobId::parse("j-1").unwrap()));
    let seen = script.done();
    assert!(seen[0].uri.ends_with("/v1/submitjob"), "{}", seen[0].uri);
    let body = body(&seen[0]);
    assert_eq!(body["jobDefinition"], json!(submission().definition.name()));
    assert_eq!(body["retryStrategy"], json!({ "attempts": 1 }));
    assert_eq!(body["timeout"], json!({ "attemptDurationSeconds": 600 }));
    assert_eq!(body["parameters"], json!({ "run": "r" }));
    let main = &body["ecsPropertiesOverride"]["taskProperties"][0]["containers"][0];
    assert_eq!(main["name"], "main");
    assert_eq!(main["command"], json!(["/signalbox/runner", "checkout"]));
    assert_eq!(main["environment"], json!([{ "name": "EPOCHS", "value": "1" }]));
    assert_eq!(
        main["resourceRequirements"],
        json!([{ "type": "VCPU", "value": "0.5" }, { "type": "MEMORY", "value": "1024" }])
    );
}

#[tokio::test]
async fn a_definition_is_registered_only_when_it_is_missing() {
    let registered =
        ok(json!({ "jobDefinitionArn": "a", "jobDefinitionName": "n", "revision": 1 }).to_string());
    let script = Script::new([missing(), registered, accepted()]);
    assert!(matches!(batch(&script).submit(&submission(), || true).await, Submitted::Accepted(_)));
    let seen = script.done();
    assert!(seen[1].uri.ends_with("/v1/registerjobdefinition"), "{}", seen[1].uri);
    let body = body(&seen[1]);
    assert_eq!(body["jobDefinitionName"], json!(submission().definition.name()));
    let task = &body["ecsProperties"]["taskProperties"][0];
    assert_eq!(task["volumes"], json!([{ "name": "signalbox" }]));
    let [runner, main] = [&task["containers"][0], &task["containers"][1]];
    assert_eq!((&runner["name"], &runner["essential"]), (&json!("runner"), &json!(false)));
    assert_eq!(main["dependsOn"], json!([{ "containerName": "runner", "condition": "SUCCESS" }]));
    assert_eq!(main["image"], "python:3.12");
    assert_eq!(main["secrets"], json!([{ "name": "API_KEY", "valueFrom": "arn:secret" }]));
    assert_eq!(runner["mountPoints"], main["mountPoints"]);
}

#[tokio::test]
async fn every_end_of_a_submission_has_its_meaning() {
    let end = |answer: Answer| async move {
        let script = Script::new([answer]);
        let end = batch(&script).submit(&submission(), || true).await;
        assert_eq!(script.done().len(), 1, "SubmitJob must not be tried again");
        end
    };
    let refused = json_error(400, "ClientException", "no such queue");
    assert_eq!(end(refused).await, Submitted::Refused("no such queue".to_owned()));
    let slow = json_error(429, "TooManyRequestsException", "slow down");
    assert!(matches!(end(slow).await, Submitted::NotNow(_)));
    let denied = json_error(403, "AccessDeniedException", "no");
    assert!(matches!(end(denied).await, Submitted::NotNow(_)));
    for unclear in
        [Answer::Timeout, Answer::Broken, json_error(500, "ServerException", "oh"), ok("{}")]
    {
        assert!(matches!(end(unclear).await, Submitted::Unknown(_)));
    }
}

#[tokio::test]
async fn only_jobs_with_exactly_the_name_are_found() {
    let job = |name: &str| {
        json!({ "jobId": "j-1", "jobName": name, "status": "RUNNING", "createdAt": 1,
                "jobDefinition": "arn:aws:batch:eu-west-1:1:job-definition/signalbox-0a:3" })
    };
    let first = json!({ "jobSummaryList": [job("RAIN-1"), job("rain-12")], "nextToken": "t" });
    let second = json!({ "jobSummaryList": [job("rain-1")] });
    let script = Script::new([ok(first.to_string()), ok(second.to_string())]);
    let name = JobName::parse("rain-1").unwrap();
    let found = batch(&script).find_by_name(QUEUE, &name).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].definition.as_str(), found[0].status.as_str()),
        ("signalbox-0a", "RUNNING")
    );
    let seen = script.done();
    assert_eq!(body(&seen[0])["filters"], json!([{ "name": "JOB_NAME", "values": ["rain-1"] }]));
    assert_eq!(body(&seen[1])["nextToken"], "t");
}

#[tokio::test]
async fn ending_a_job_that_is_forgotten_is_done() {
    let gone = json_error(400, "ClientException", "Job j-1 does not exist");
    let script = Script::new([gone, json_error(403, "AccessDeniedException", "no")]);
    let (batch, job) = (batch(&script), JobId::parse("j-1").unwrap());
    batch.terminate(&job, "surplus").await.unwrap();
    assert!(matches!(batch.terminate(&job, "surplus").await, Err(Fault::Page { .. })));
    script.done();
}

#[tokio::test]
async fn the_registry_says_what_lies_under_a_tag() {
    let digest = format!("sha256:{}", "0a".repeat(32));
    let image = json!({ "imageDetails": [{ "imageDigest": digest, "imageSizeInBytes": 7 }] });
    let absent = json_error(400, "ImageNotFoundException", "no such image");
    let script = Script::new([ok(image.to_string()), absent]);
    let clients = crate::testing::clients(script.clone());
    let registry = Registry::new(clients.ecr(), clients.ecr_json());
    let (repository, tag) =
        (ImageRepository::parse("rain").unwrap(), ImageTag::parse("t").unwrap());
    let found = registry.image_under_tag(&repository, &tag).await.unwrap().unwrap();
    assert_eq!((found.digest.as_str(), found.bytes), (digest.as_str(), Some(7)));
    assert_eq!(registry.image_under_tag(&repository, &tag).await.unwrap(), None);
    script.done();
}

#[tokio::test]
async fn jobs_are_described_a_hundred_at_a_time() {
    let page = |id: &str| ok(json!({ "jobs": [{ "jobId": id }] }).to_string());
    let script = Script::new([page("j-0"), page("j-100")]);
    let ids: Vec<_> = (0..101).map(|n| JobId::parse(format!("j-{n}")).unwrap()).collect();
    let jobs = batch(&script).describe(&ids).await.unwrap();
    let found: Vec<_> = jobs.iter().filter_map(|job| job.job_id()).collect();
    assert_eq!(found, ["j-0", "j-100"]);
    let seen = script.done();
    assert_eq!(seen[0].method, "POST");
    assert!(seen[0].uri.ends_with("/v1/describejobs"), "{}", seen[0].uri);
    assert_eq!(body(&seen[0])["jobs"].as_array().unwrap().len(), 100);
    assert_eq!(body(&seen[1]), json!({ "jobs": ["j-100"] }));
    let signature = seen[0].header("authorization").unwrap();
    assert!(signature.contains("/eu-west-1/batch/aws4_request"), "{signature}");
}
