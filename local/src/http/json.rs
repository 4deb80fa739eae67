//! The services with JSON documents.

use axum::body::{Body, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Edge;
use super::target::{self, Service};
use crate::principals::Principal;
use crate::sqs;
use crate::wire::{Answer, WireError};

/// The most that a request may carry: the 1 MiB of SQS when each of its bytes is escaped to six.
const LARGEST: usize = 8 * 1024 * 1024;

/// Answers one call, and says what it was about.
pub(super) async fn answer(
    edge: &Edge,
    caller: Result<&Principal, Option<&str>>,
    service: Service,
    operation: &str,
    body: Body,
) -> (Response, String) {
    let caller = match caller {
        Ok(caller) => caller,
        Err(key) => return (response(service, Err(unknown_caller(key))), String::new()),
    };
    let body = match read(body).await {
        Ok(body) => body,
        Err(error) => return (response(service, Err(error)), String::new()),
    };
    let detail = target::detail(&body);
    let answer = match service {
        Service::Sqs => crate::wire::JsonService::call(&*edge.sqs, caller, operation, body).await,
        Service::Ecr => edge.ecr.call(caller, operation, body).await,
        Service::Batch => edge.batch.call(caller, operation, body).await,
        Service::CodeCommit => edge.codecommit.call(caller, operation, body).await,
        Service::SecretsManager => edge.secrets.call(caller, operation, body).await,
        Service::Sns => Err(WireError::client("InvalidAction", "SNS speaks no JSON.")),
    };
    (response(service, answer), detail)
}

pub(super) fn unknown_caller(key: Option<&str>) -> WireError {
    let (code, message) = match key {
        Some(key) => (
            "UnrecognizedClientException",
            format!(
                "The access key {key} is not one of this engine: take the keys that it prints or hands to its jobs and functions."
            ),
        ),
        None => ("MissingAuthenticationTokenException", "The request is not signed.".to_owned()),
    };
    WireError { status: 403, code: code.to_owned(), message }
}

async fn read(body: Body) -> Result<Value, WireError> {
    let too_large = |error| WireError {
        status: 413,
        code: "RequestEntityTooLarge".to_owned(),
        message: format!("The request cannot be read, or has more than {LARGEST} bytes: {error}"),
    };
    let bytes = to_bytes(body, LARGEST).await.map_err(too_large)?;
    if bytes.is_empty() {
        return Ok(json!({}));
    }
    let malformed = |error| {
        WireError::client("SerializationException", format!("The request is no JSON: {error}"))
    };
    serde_json::from_slice(&bytes).map_err(malformed)
}

fn response(service: Service, answer: Answer) -> Response {
    let mut response = match answer {
        Ok(value) => value.to_string().into_response(),
        Err(error) => failure(service, &error),
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(service.media_type()));
    response
}

pub(super) fn failure(service: Service, error: &WireError) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = match service {
        Service::Sqs => sqs::error_type(&error.code),
        _ => error.code.clone(),
    };
    let body = json!({ "__type": kind, "message": error.message });
    let mut response = (status, body.to_string()).into_response();
    let (name, value) = match service {
        // SQS spoke another protocol once; its clients still read the codes of then.
        Service::Sqs => ("x-amzn-query-error", sqs::query_error(error)),
        _ => ("x-amzn-errortype", error.code.clone()),
    };
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(name, value);
    }
    response
}
