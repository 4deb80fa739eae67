//! The Lambda Runtime API, on one loopback port per process.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

use super::outcome::{Failure, Outcome};

/// An event on its way to the function.
pub(super) struct Invocation {
    pub(super) id: String,
    pub(super) payload: Bytes,
    pub(super) deadline: Timestamp,
    pub(super) reply: oneshot::Sender<Outcome>,
}

/// What the process asks and answers.
pub(super) struct Api {
    arn: String,
    events: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    /// The invocation that the process has taken.
    taken: Mutex<Option<(String, oneshot::Sender<Outcome>)>>,
    /// Whether the process has asked for an event, that is, has started.
    ready: watch::Sender<bool>,
}

impl Api {
    pub(super) fn new(arn: &str, events: mpsc::Receiver<Invocation>) -> Arc<Self> {
        Arc::new(Self {
            arn: arn.to_owned(),
            events: tokio::sync::Mutex::new(events),
            taken: Mutex::default(),
            ready: watch::Sender::new(false),
        })
    }

    pub(super) fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            // Lambda itself takes answers of 6 MiB.
            .layer(axum::extract::DefaultBodyLimit::max(6 * 1024 * 1024 + 1024))
            .with_state(Arc::clone(self))
    }

    /// Becomes true at the process's first request for an event.
    pub(super) fn ready(&self) -> watch::Receiver<bool> {
        self.ready.subscribe()
    }

    /// Whether the process holds an event. What was taken will get no answer any more.
    pub(super) fn abandon(&self) -> bool {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
    }

    fn settle(&self, id: &str, outcome: Outcome) -> Response {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.take_if(|(current, _)| current == id) {
            Some((_, reply)) => {
                // Nobody waits for it any more when it came after the timeout.
                let _ = reply.send(outcome);
                (StatusCode::ACCEPTED, "{\"status\":\"OK\"}\n").into_response()
            }
            None => {
                let text =
                    "{\"errorType\":\"InvalidRequestID\",\"errorMessage\":\"no such invocation\"}";
                (StatusCode::BAD_REQUEST, text).into_response()
            }
        }
    }
}

async fn next(State(api): State<Arc<Api>>) -> Response {
    let mut events = api.events.lock().await;
    api.ready.send_replace(true);
    let Some(invocation) = events.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", invocation.id.clone()),
        ("Lambda-Runtime-Deadline-Ms", invocation.deadline.as_millisecond().to_string()),
        ("Lambda-Runtime-Invoked-Function-Arn", api.arn.clone()),
        ("Lambda-Runtime-Trace-Id", trace_id(&invocation)),
        ("Content-Type", "application/json".to_owned()),
    ];
    let mut taken = api.taken.lock().unwrap_or_else(PoisonError::into_inner);
    *taken = Some((invocation.id, invocation.reply));
    drop(taken);
    (headers, invocation.payload).into_response()
}

/// X-Ray's form, made from the request's own id; nothing is sampled.
fn trace_id(invocation: &Invocation) -> String {
    let hex: String = invocation.id.chars().filter(char::is_ascii_hexdigit).take(24).collect();
    format!("Root=1-{:08x}-{hex:0<24};Sampled=0", invocation.deadline.as_second())
}

async fn response(State(api): State<Arc<Api>>, Path(id): Path<String>, body: Bytes) -> Response {
    api.settle(&id, Ok(body))
}

async fn error(State(api): State<Arc<Api>>, Path(id): Path<String>, body: Bytes) -> Response {
    let text = String::from_utf8_lossy(&body).into_owned();
    api.settle(&id, Err(Failure::Function(text)))
}

/// The process ends after this; what it says here stands in its log as well.
async fn init_error(headers: HeaderMap, body: Bytes) -> Response {
    let kind = headers.get("lambda-runtime-function-error-type");
    let kind = kind.and_then(|value| value.to_str().ok()).unwrap_or("unknown");
    tracing::debug!(kind, body = %String::from_utf8_lossy(&body), "a function reports that it cannot start");
    (StatusCode::ACCEPTED, "{\"status\":\"OK\"}\n").into_response()
}
