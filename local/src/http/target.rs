//! Which service a request is for, and who calls.

use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// An operation of a service with JSON documents.
    Json(Service, String),
    /// An operation of a service with forms, which the form itself names.
    Form(Service),
    /// Everything else.
    S3,
}

/// The services other than S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Sqs,
    Ecr,
    Batch,
    CodeCommit,
    Sns,
    SecretsManager,
}

impl Service {
    /// The name as the log has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::Ecr => "ecr",
            Self::Batch => "batch",
            Self::CodeCommit => "codecommit",
            Self::Sns => "sns",
            Self::SecretsManager => "secretsmanager",
        }
    }

    /// The media type of its documents.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Sqs => "application/x-amz-json-1.0",
            Self::Ecr | Self::CodeCommit | Self::SecretsManager => "application/x-amz-json-1.1",
            Self::Sns => "text/xml",
            Self::Batch => "application/json",
        }
    }
}

/// The operations of Batch, whose names in a path are in small letters.
const BATCH: [&str; 21] = [
    "CancelJob",
    "CreateComputeEnvironment",
    "CreateJobQueue",
    "CreateSchedulingPolicy",
    "DeleteComputeEnvironment",
    "DeleteJobQueue",
    "DeleteSchedulingPolicy",
    "DeregisterJobDefinition",
    "DescribeComputeEnvironments",
    "DescribeJobDefinitions",
    "DescribeJobQueues",
    "DescribeJobs",
    "DescribeSchedulingPolicies",
    "GetJobQueueSnapshot",
    "ListJobs",
    "ListSchedulingPolicies",
    "RegisterJobDefinition",
    "SubmitJob",
    "TerminateJob",
    "UpdateComputeEnvironment",
    "UpdateJobQueue",
];

/// Reads the target from the headers, or else from the path.
pub(super) fn target(request: &Parts) -> Target {
    let header = request.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    match header.and_then(|header| header.split_once('.')) {
        Some(("AmazonSQS", operation)) => return Target::Json(Service::Sqs, operation.to_owned()),
        Some(("AmazonEC2ContainerRegistry_V20150921", operation)) => {
            return Target::Json(Service::Ecr, operation.to_owned());
        }
        Some(("CodeCommit_20150413", operation)) => {
            return Target::Json(Service::CodeCommit, operation.to_owned());
        }
        Some(("secretsmanager", operation)) => {
            return Target::Json(Service::SecretsManager, operation.to_owned());
        }
        _ => {}
    }
    if request.headers.get(AUTHORIZATION).is_some_and(is_for_sns) {
        return Target::Form(Service::Sns);
    }
    // No bucket has a name of two letters.
    let Some(name) = request.uri.path().strip_prefix("/v1/") else { return Target::S3 };
    let known = BATCH.iter().find(|operation| operation.eq_ignore_ascii_case(name));
    Target::Json(Service::Batch, (*known.unwrap_or(&name)).to_owned())
}

/// The access key that signed the request, in its header or (presigned) in its address.
pub(super) fn access_key(request: &Parts) -> Option<&str> {
    signed(&request.headers).or_else(|| {
        let credential = request.uri.query()?.split('&').find_map(|pair| {
            let signed = pair.strip_prefix("X-Amz-Credential=");
            signed.or_else(|| pair.strip_prefix("AWSAccessKeyId="))
        })?;
        credential.split(['/', '%']).next()
    })
}

/// A form says nowhere which service it is for, but in what it is signed with.
fn is_for_sns(authorization: &HeaderValue) -> bool {
    authorization.to_str().is_ok_and(|text| text.contains("/sns/aws4_request"))
}

fn signed(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = authorization.split_once("Credential=")?;
    credential.split('/').next()
}

/// What a JSON request is about, for the log: the first of these fields that it has.
pub(super) fn detail(body: &serde_json::Value) -> String {
    const FIELDS: [&str; 10] = [
        "TopicArn",
        "SecretId",
        "QueueUrl",
        "QueueName",
        "repositoryName",
        "jobName",
        "jobId",
        "jobDefinitionName",
        "jobDefinition",
        "jobQueue",
    ];
    let text = FIELDS.iter().find_map(|field| body.get(field)?.as_str()).unwrap_or_default();
    // Of a queue's URL the name is enough.
    if text.starts_with("http") { text.rsplit('/').next().unwrap_or_default() } else { text }
        .to_owned()
}
