//! What the services with a JSON protocol (SQS, Batch, ECR) have in common.

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::principals::Principal;

/// An error as AWS puts it on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code} ({status}): {message}")]
pub struct WireError {
    /// The HTTP status.
    pub status: u16,
    /// The error's code, such as `ClientException`.
    pub code: String,
    /// One sentence for the reader.
    pub message: String,
}

impl WireError {
    /// An error that the caller can mend: status 400.
    #[must_use]
    pub fn client(code: &str, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.to_owned(), message: message.into() }
    }

    /// An error of the engine itself: status 500.
    #[must_use]
    pub fn internal(message: impl std::fmt::Display) -> Self {
        Self { status: 500, code: "InternalFailure".to_owned(), message: message.to_string() }
    }
}

/// The answer of one call.
pub type Answer = Result<Value, WireError>;

/// A service whose requests and answers are JSON documents.
pub trait JsonService: Send + Sync {
    /// Carries out `operation`, such as `SendMessage`, for `caller`.
    fn call<'a>(
        &'a self,
        caller: &'a Principal,
        operation: &'a str,
        body: Value,
    ) -> BoxFuture<'a, Answer>;
}
