//! What was asked of the services: the lines of `requests.jsonl`.

use std::path::Path;

use serde::Deserialize;

/// A request that was answered.
#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    /// Counted from 1 since the engine's start.
    pub number: u64,
    /// Such as `s3`.
    pub service: String,
    /// Such as `PutObject`.
    pub operation: String,
    /// Who asked.
    pub caller: String,
    /// What that is, such as `function`.
    pub kind: Option<String>,
    /// The answer's HTTP status.
    pub status: u16,
    /// What it was about.
    pub detail: String,
}

impl Request {
    /// Whether it is `service`'s `operation`.
    #[must_use]
    pub fn is(&self, service: &str, operation: &str) -> bool {
        self.service == service && self.operation == operation
    }

    /// Whether a function asked.
    #[must_use]
    pub fn is_of_function(&self) -> bool {
        self.kind.as_deref() == Some("function")
    }
}

/// The requests of an engine so far, in the order of the answers.
///
/// # Errors
/// When the log cannot be read.
pub fn read(engine: &Path) -> anyhow::Result<Vec<Request>> {
    let text = std::fs::read_to_string(engine.join("requests.jsonl"))?;
    let mut requests = Vec::new();
    for line in text.lines() {
        // A line may be cut where the engine is still writing it, or was killed there.
        if let Ok(request) = serde_json::from_str(line) {
            requests.push(request);
        }
    }
    Ok(requests)
}
