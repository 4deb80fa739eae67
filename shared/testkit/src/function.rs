//! What a function is started with, and what it is sent.

use serde_json::{Value, json};

use crate::ENDPOINT;

/// A complete environment of a function: what `template.yaml` and Lambda set.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    let value = match name {
        "AWS_REGION" => "eu-west-1",
        "AWS_ACCESS_KEY_ID" => "AKIA1",
        "AWS_SECRET_ACCESS_KEY" => "secret",
        "AWS_ENDPOINT_URL" => ENDPOINT,
        "SIGNALBOX_STATE_BUCKET" => "state",
        "SIGNALBOX_INDEX_BUCKET" => "index",
        "SIGNALBOX_ARTIFACTS_BUCKET" => "artifacts",
        "SIGNALBOX_JOB_QUEUE" => "arn:aws:batch:eu-west-1:123456789012:job-queue/signalbox",
        "SIGNALBOX_JOB_ROLE" => "arn:aws:iam::123456789012:role/signalbox/jobs",
        "SIGNALBOX_JOB_ROLE_ID" => "AROA1",
        "SIGNALBOX_EXECUTION_ROLE" => "arn:aws:iam::123456789012:role/signalbox/execution",
        "SIGNALBOX_RUNNER_IMAGE" => "signalbox/runner:1",
        "SIGNALBOX_CHECKOUT_IMAGE" => "signalbox/checkout:1",
        "SIGNALBOX_REGISTRY" => "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "SIGNALBOX_CODE_HOST" => "codecommit.eu-west-1.amazonaws.com",
        "SIGNALBOX_PLATFORM" => "FARGATE",
        "SIGNALBOX_NOTIFICATIONS_QUEUE_URL" => "http://127.0.0.1:1/123456789012/notifications",
        "SIGNALBOX_DEAD_LETTERS_QUEUE_URL" => "http://127.0.0.1:1/123456789012/dead-letters",
        _ => return None,
    };
    Some(value.to_owned())
}

/// What Lambda hands to a function: a message for each of `bodies`, their ids `m0`, `m1`, ….
#[must_use]
pub fn messages(bodies: &[String]) -> Value {
    let record = |(at, body): (usize, &String)| {
        json!({
            "messageId": format!("m{at}"), "receiptHandle": format!("r{at}"), "body": body,
            "attributes": { "SenderId": "AIDA1" }, "messageAttributes": {},
            "eventSource": "aws:sqs", "awsRegion": "eu-west-1",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:messages",
        })
    };
    json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() })
}

/// A file of `events/`.
///
/// # Panics
/// When there is no such file.
#[must_use]
pub fn fixture(name: &str) -> String {
    let path = format!("{}/../../events/{name}", env!("CARGO_MANIFEST_DIR"));
    match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => panic!("{path}: {error}"),
    }
}
