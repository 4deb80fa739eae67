//! The endpoint: one listener for every service.
//!
//! S3 verifies signatures. For the others the access key alone tells who calls: what they hold is
//! behind 127.0.0.1, and a wrong secret shows with S3 soon enough.

use std::future::Future;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request as HttpRequest, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use http_body_util::Limited;
use s3s::service::S3Service;
use tokio::net::TcpListener;

use crate::principals::{Kind, Principal, Principals};
use crate::s3::{self, S3};
use crate::sqs::Sqs;
use crate::wire::{JsonService, WireError};

mod faults;
mod form;
mod json;
mod log;
mod target;
#[cfg(test)]
mod tests;

pub use faults::{Fault, FaultPlan, Faults, What, When, is_conditional_write};
pub use log::{Request, RequestLog};
use target::Target;

/// The most that one request may carry to S3.
const LARGEST_OBJECT: u64 = 5 * 1024 * 1024 * 1024;

/// The endpoint with the services behind it.
pub struct Edge {
    /// S3.
    pub s3: Arc<S3>,
    /// SQS.
    pub sqs: Arc<Sqs>,
    /// Batch.
    pub batch: Arc<dyn JsonService>,
    /// The API of ECR (not its registry).
    pub ecr: Arc<dyn JsonService>,
    /// The API of CodeCommit (git itself serves its repositories).
    pub codecommit: Arc<dyn JsonService>,
    /// SNS.
    pub sns: Arc<dyn JsonService>,
    /// Secrets Manager.
    pub secrets: Arc<dyn JsonService>,
    /// Whose keys are known.
    pub principals: Arc<Principals>,
    /// Where every request is counted.
    pub log: Arc<RequestLog>,
    /// What goes wrong with requests of functions.
    pub faults: Faults,
    /// What else is served here, such as `/_ecs/…`.
    pub routes: Router,
}

impl Edge {
    /// Serves on `listener` until `stop` has come and the requests under way are answered.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        // A small answer must not wait for the acknowledgement of the one before.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY is not to be had");
            }
        });
        axum::serve(listener, self.router()).with_graceful_shutdown(stop).await
    }

    /// The same as a service of requests, without a listener.
    pub fn router(mut self) -> Router {
        let s3 = s3::service(Arc::clone(&self.s3), Arc::clone(&self.principals));
        let routes = std::mem::take(&mut self.routes);
        let shared = Shared { edge: Arc::new(self), s3 };
        let logged = middleware::from_fn_with_state(shared.clone(), other);
        let routes = if routes.has_routes() { routes.route_layer(logged) } else { routes };
        Router::new().fallback(dispatch).with_state(shared).merge(routes)
    }
}

#[derive(Clone)]
struct Shared {
    edge: Arc<Edge>,
    s3: S3Service,
}

/// Answers a request of AWS's services, unless a fault gets in the way.
async fn dispatch(State(shared): State<Shared>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let edge = &shared.edge;
    let of_function = || {
        let key = target::access_key(&parts);
        let caller = key.and_then(|key| edge.principals.by_access_key(key));
        caller.is_some_and(|caller| caller.kind == Kind::Function)
    };
    let planned = || edge.faults.next(&parts, of_function);
    let Some(fault) = parts.extensions.get().copied().or_else(planned) else {
        return carry_out(shared, parts, body).await;
    };
    let seen = parts.clone();
    faults::suffer(fault, &seen, carry_out(shared, parts, body)).await
}

async fn carry_out(shared: Shared, parts: Parts, body: Body) -> Response {
    let edge = &shared.edge;
    let number = edge.log.received();
    let key = target::access_key(&parts);
    let caller = key.and_then(|key| edge.principals.by_access_key(key));
    let (mut response, service, operation, detail) = match target::target(&parts) {
        Target::Json(service, operation) => {
            let (response, detail) =
                json::answer(edge, caller.as_ref().ok_or(key), service, &operation, body).await;
            (response, service.name(), operation, detail)
        }
        Target::Form(service) => {
            let (response, operation, detail) = form(edge, caller.as_ref().ok_or(key), body).await;
            (response, service.name(), operation, detail)
        }
        Target::S3 => {
            let called = s3::Called::default();
            let mut request = HttpRequest::from_parts(parts, body);
            request.extensions_mut().insert(called.clone());
            let response = object(&shared.s3, request).await;
            let (operation, detail) =
                called.take().unwrap_or_else(|| ("Unknown".to_owned(), String::new()));
            (response, "s3", operation, detail)
        }
    };
    name_request(response.headers_mut(), service, number);
    let status = response.status().as_u16();
    note(edge, number, caller.as_ref(), service, &operation, status, &detail);
    response
}

/// Answers a form, and says which operation it was and what about.
async fn form(
    edge: &Edge,
    caller: Result<&Principal, Option<&str>>,
    body: Body,
) -> (Response, String, String) {
    let failed = |error: &WireError| (form::failure(error), String::new(), String::new());
    let caller = match caller {
        Ok(caller) => caller,
        Err(key) => return failed(&json::unknown_caller(key)),
    };
    let (operation, fields) = match form::read(body).await {
        Ok(read) => read,
        Err(error) => return failed(&error),
    };
    let detail = target::detail(&fields);
    let answer = edge.sns.call(caller, &operation, fields).await;
    (form::response(&operation, &answer), operation, detail)
}

/// Counts a request of the other routes: the first part of its path is the service.
async fn other(State(shared): State<Shared>, request: HttpRequest, next: Next) -> Response {
    let number = shared.edge.log.received();
    let (method, path) = (request.method().as_str().to_owned(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let service = path.split('/').nth(1).unwrap_or_default().trim_start_matches('_');
    note(&shared.edge, number, None, service, &method, response.status().as_u16(), &path);
    response
}

fn note(
    edge: &Edge,
    number: u64,
    caller: Option<&Principal>,
    service: &str,
    operation: &str,
    status: u16,
    detail: &str,
) {
    let (name, kind) = caller.map_or(("", None), |one| (one.name.as_str(), Some(one.kind)));
    edge.log.answered(number, &Request { service, operation, caller: name, kind, status, detail });
}

/// Gives the answer an id that leads back to the line of the log.
fn name_request(headers: &mut HeaderMap, service: &str, number: u64) {
    let name = if service == "s3" { "x-amz-request-id" } else { "x-amzn-requestid" };
    if let Ok(value) = HeaderValue::try_from(format!("00000000-0000-4000-8000-{number:012}")) {
        headers.insert(name, value);
    }
}

async fn object(s3: &S3Service, request: HttpRequest) -> Response {
    let length =
        request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > LARGEST_OBJECT) {
        return (StatusCode::PAYLOAD_TOO_LARGE, "A request may carry 5 GiB at most.")
            .into_response();
    }
    let request = request.map(|body| match length {
        Some(_) => s3s::Body::http_body_unsync(body),
        // Without a length the body is counted as it comes.
        None => s3s::Body::http_body_unsync(Limited::new(
            body,
            usize::try_from(LARGEST_OBJECT).unwrap_or(usize::MAX),
        )),
    });
    match s3.call(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            let error: s3s::StdError = error.into();
            tracing::error!(error, "S3 could not answer");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
