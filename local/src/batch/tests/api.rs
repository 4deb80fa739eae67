//! What is accepted, refused and listed.

use serde_json::{Value, json};

use super::{Bench, DEFINITION};

fn names(answer: &Value) -> Vec<&str> {
    answer["jobSummaryList"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["jobName"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn jobs_are_listed_newest_first_by_one_filter_or_a_status() {
    let mut bench = Bench::new().await;
    for name in ["Rain-one", "rain-two", "sun"] {
        let id = bench.submit(json!({ "jobName": name })).await;
        bench.until(&id, "SUCCEEDED").await;
    }
    let by = |name: &str, value: &str| json!({ "jobQueue": "q", "filters": [{ "name": name, "values": [value] }] });
    let list = async |body: Value| bench.call("ListJobs", body).await.unwrap();
    assert_eq!(names(&list(by("JOB_NAME", "RAIN-*")).await), ["rain-two", "Rain-one"]);
    assert_eq!(names(&list(by("JOB_NAME", "rain-one")).await), ["Rain-one"]);
    assert_eq!(names(&list(by("JOB_NAME", "rain")).await), Vec::<&str>::new());
    assert_eq!(
        names(&list(by("JOB_DEFINITION", DEFINITION)).await),
        ["sun", "rain-two", "Rain-one"]
    );
    assert_eq!(names(&list(by("AFTER_CREATED_AT", "0")).await).len(), 3);
    // Without a status it is the running jobs that are meant.
    assert_eq!(names(&list(json!({ "jobQueue": "q" })).await), Vec::<&str>::new());
    let page = list(json!({ "jobQueue": "q", "jobStatus": "SUCCEEDED", "maxResults": 2 })).await;
    assert_eq!(names(&page), ["sun", "rain-two"]);
    let rest = json!({ "jobQueue": "q", "jobStatus": "SUCCEEDED", "nextToken": page["nextToken"] });
    let rest = list(rest).await;
    assert_eq!(names(&rest), ["Rain-one"]);
    assert!(rest.get("nextToken").is_none());
    let two = json!({ "name": "JOB_NAME", "values": ["x"] });
    let refused = bench
        .call("ListJobs", json!({ "jobQueue": "q", "filters": [two, two] }))
        .await
        .unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (400, "ClientException"));
}

#[tokio::test]
async fn what_batch_refuses_is_refused() {
    let bench = Bench::new().await;
    let refused = async |member: &str, value: Value| {
        let mut request = json!({ "jobName": "job", "jobQueue": "q", "jobDefinition": DEFINITION });
        request[member] = value;
        let error = bench.call("SubmitJob", request).await.unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (400, "ClientException"));
        error.message
    };
    assert!(refused("jobName", json!("a b")).await.contains("Job name"));
    assert!(refused("jobName", json!("a".repeat(129))).await.contains("Job name"));
    assert_eq!(refused("jobQueue", json!("nowhere")).await, "JobQueue nowhere not found.");
    assert_eq!(
        refused("jobDefinition", json!("nothing")).await,
        "JobDefinition nothing not found."
    );
    assert_eq!(
        refused("jobDefinition", json!("plain:7")).await,
        "JobDefinition plain:7 not found."
    );
    assert!(refused("parameters", json!({ "x": "y".repeat(31 * 1024) })).await.contains("larger"));
    assert!(
        refused("timeout", json!({ "attemptDurationSeconds": 59 })).await.contains("at least 60")
    );
    assert!(refused("retryStrategy", json!({ "attempts": 11 })).await.contains("between 1 and 10"));
    assert!(refused("ecsPropertiesOverride", json!({})).await.contains("containerOverrides"));
    assert!(refused("dependsOn", json!([{ "jobId": "x" }])).await.contains("does not exist"));
}

#[tokio::test]
async fn the_newest_active_revision_is_used() {
    let mut bench = Bench::new().await;
    let container = json!({ "image": "public.example/base:2", "command": ["false"] });
    bench.register(DEFINITION, json!({ "containerProperties": container })).await;
    let id = bench.submit(json!({})).await;
    assert!(
        bench.until(&id, "FAILED").await["jobDefinition"].as_str().unwrap().ends_with("/plain:2")
    );
    bench.call("DeregisterJobDefinition", json!({ "jobDefinition": "plain:2" })).await.unwrap();
    let mut bench = bench.restart().await;
    let id = bench.submit(json!({})).await;
    assert!(
        bench.until(&id, "SUCCEEDED").await["jobDefinition"]
            .as_str()
            .unwrap()
            .ends_with("/plain:1")
    );
    let active = json!({ "jobDefinitionName": DEFINITION, "status": "ACTIVE" });
    let active = bench.call("DescribeJobDefinitions", active).await.unwrap();
    assert_eq!(active["jobDefinitions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_client_can_make_a_queue_of_its_own() {
    let bench = Bench::new().await;
    let resources = json!({ "type": "EC2", "maxvCpus": 1 });
    let made =
        json!({ "computeEnvironmentName": "ce", "type": "MANAGED", "computeResources": resources });
    let made = bench.call("CreateComputeEnvironment", made).await.unwrap();
    let order = json!([{ "order": 1, "computeEnvironment": made["computeEnvironmentArn"] }]);
    let queue = json!({ "jobQueueName": "mine", "priority": 1, "state": "ENABLED", "computeEnvironmentOrder": order });
    let queue = bench.call("CreateJobQueue", queue).await.unwrap();
    let shown = bench.call("DescribeJobQueues", json!({ "jobQueues": ["mine"] })).await.unwrap();
    assert_eq!(shown["jobQueues"][0]["status"], "VALID");
    let mut bench = bench.restart().await;
    let id = bench.submit(json!({ "jobQueue": queue["jobQueueArn"] })).await;
    bench.until(&id, "SUCCEEDED").await;
}
