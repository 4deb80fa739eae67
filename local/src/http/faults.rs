//! Faults of single requests: what the network and the services do now and then, as data.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::target::{Service, Target, target};
use super::{form, json};
use crate::wire::WireError;

/// What goes wrong with one request. Attached to a request as an extension, it happens to that one.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Fault {
    /// Whether the service carries the request out first.
    pub when: When,
    /// What the caller gets instead of the answer.
    pub what: What,
}

/// On which side of the effect a fault is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// The request is not carried out.
    Before,
    /// The request is carried out, and its answer is lost.
    After,
}

/// What a caller gets instead of the answer.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// 409 to a conditional write: somebody else writes this very moment.
    Conflict,
    /// 412 to a conditional write. After the effect: the write's own repetition is refused.
    Precondition,
    /// 500: the service failed.
    Internal,
    /// Too many requests, as each service says it.
    Throttled,
    /// Nothing, for ever: the caller's patience ends it.
    Silence,
    /// The answer, so many milliseconds late. Before the effect, the request itself is held up,
    /// and is carried out even if its caller has gone meanwhile.
    Late(u64),
}

impl Fault {
    /// Whether the request can meet this fault: 409 and 412 answer conditional writes only.
    #[must_use]
    pub fn fits(&self, request: &Parts) -> bool {
        match self.what {
            What::Conflict | What::Precondition => is_conditional_write(request),
            What::Internal | What::Throttled | What::Silence | What::Late(_) => true,
        }
    }
}

/// Whether the request writes an object on a condition.
#[must_use]
pub fn is_conditional_write(request: &Parts) -> bool {
    let has = |name: HeaderName| request.headers.contains_key(name);
    request.method == Method::PUT && (has(header::IF_MATCH) || has(header::IF_NONE_MATCH))
}

/// Which requests meet which fault. The default is none.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FaultPlan {
    /// What chance depends on; the same requests meet the same fate under the same seed.
    pub seed: u64,
    /// Faults of single requests, by their number; the first has the number 1.
    pub at: BTreeMap<u64, Fault>,
    /// Faults that any request may meet, each with its probability; the first that falls counts.
    pub odds: Vec<(Fault, f64)>,
}

impl FaultPlan {
    fn is_kind(&self) -> bool {
        self.at.is_empty() && self.odds.is_empty()
    }

    /// The fault that the request of this number meets, if any.
    #[must_use]
    pub fn fault(&self, number: u64, request: &Parts) -> Option<Fault> {
        let planted = self.at.get(&number).copied();
        let fallen = || {
            let falls = |(at, (_, odds)): &(usize, &(Fault, f64))| self.chance(number, *at) < *odds;
            let mut fallen = self.odds.iter().enumerate().filter(falls).map(|(_, (one, _))| *one);
            fallen.find(|fault| fault.fits(request))
        };
        planted.or_else(fallen).filter(|fault| fault.fits(request))
    }

    fn chance(&self, number: u64, fault: usize) -> f64 {
        let text = format!("{}\n{number}\n{fault}", self.seed);
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        let [a, b, c, d, ..] = digest;
        f64::from(u32::from_be_bytes([a, b, c, d])) / f64::from(u32::MAX)
    }
}

/// A plan, and how many requests it has seen: those of functions, and no others.
#[derive(Debug, Default)]
pub struct Faults {
    plan: FaultPlan,
    seen: AtomicU64,
}

impl Faults {
    /// Faults as `plan` has them.
    #[must_use]
    pub fn new(plan: FaultPlan) -> Self {
        Self { plan, seen: AtomicU64::new(0) }
    }

    /// The fault that the next request of a function meets, if any.
    pub(super) fn next(
        &self,
        request: &Parts,
        of_function: impl FnOnce() -> bool,
    ) -> Option<Fault> {
        if self.plan.is_kind() || !of_function() {
            return None;
        }
        let number = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        self.plan.fault(number, request)
    }
}

/// Carries the request out by `effect` and answers it, as far as `fault` lets it.
pub(super) async fn suffer(
    fault: Fault,
    request: &Parts,
    effect: impl Future<Output = Response> + Send + 'static,
) -> Response {
    let Fault { when, what } = fault;
    let done = match (when, what) {
        (When::Before, What::Late(millis)) => {
            let held_up = tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                effect.await
            });
            held_up.await.ok()
        }
        (When::Before, _) => None,
        (When::After, _) => Some(effect.await),
    };
    match (what, done) {
        (What::Late(millis), Some(done)) => {
            if when == When::After {
                tokio::time::sleep(Duration::from_millis(millis)).await;
            }
            done
        }
        (What::Silence | What::Late(_), _) => std::future::pending().await,
        (What::Conflict | What::Precondition | What::Internal | What::Throttled, _) => {
            refusal(what, &target(request))
        }
    }
}

/// The words of each service.
fn refusal(what: What, target: &Target) -> Response {
    let (status, code) = match (what, target) {
        (What::Conflict, _) => (409, "ConditionalRequestConflict"),
        (What::Precondition, _) => (412, "PreconditionFailed"),
        (What::Throttled, Target::S3) => (503, "SlowDown"),
        (What::Throttled, Target::Json(Service::Batch, _)) => (429, "TooManyRequestsException"),
        (What::Throttled, Target::Json(_, _) | Target::Form(_)) => (400, "ThrottlingException"),
        (_, Target::S3) => (500, "InternalError"),
        (_, Target::Json(Service::Sqs, _) | Target::Form(_)) => (500, "InternalFailure"),
        (_, Target::Json(_, _)) => (500, "ServerException"),
    };
    let message = "This is a planted fault.".to_owned();
    match target {
        Target::Json(service, _) => {
            json::failure(*service, &WireError { status, code: code.to_owned(), message })
        }
        Target::Form(_) => form::failure(&WireError { status, code: code.to_owned(), message }),
        Target::S3 => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
            );
            (status, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
        }
    }
}
