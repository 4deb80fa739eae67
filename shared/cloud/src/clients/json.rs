//! A service that speaks JSON, without an SDK of it.
//!
//! A function's zip has to stay below 4 MB and is nearly that large, and an SDK costs more than the
//! few calls that are wanted are worth.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Trouble;
use super::bare::{Bare, Call};

/// A client of one service.
#[derive(Clone, Debug)]
pub struct JsonClient {
    bare: Bare,
    protocol: Protocol,
}

/// How a service is told which operation is meant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Protocol {
    /// By the header `X-Amz-Target`, after this, such as `CodeCommit_20150413`.
    Json11(&'static str),
    /// By the path, in small letters after this.
    RestJson(&'static str),
}

/// An error on the wire.
#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "__type")]
    code: Option<String>,
    #[serde(alias = "Message")]
    message: Option<String>,
}

impl JsonClient {
    pub(super) fn new(protocol: Protocol, bare: Bare) -> Self {
        Self { bare, protocol }
    }

    /// Calls `operation`, which may be carried out twice, with `input`.
    ///
    /// # Errors
    /// When the service does not do it, or answers something else than `O`.
    pub async fn call<I: Serialize, O: DeserializeOwned>(
        &self,
        operation: &str,
        input: &I,
    ) -> Result<O, Trouble> {
        let body = serde_json::to_vec(input).map_err(|error| Trouble::Unsent(error.to_string()))?;
        let answer = self.bare.call(self.protocol.call(operation, body)).await?;
        serde_json::from_slice(&answer).map_err(|error| Trouble::Unclear(error.to_string()))
    }
}

impl Protocol {
    fn call(self, operation: &str, body: Vec<u8>) -> Call {
        let media_type = |text: &str| ("content-type", text.to_owned());
        match self {
            Self::Json11(prefix) => {
                let target = ("x-amz-target", format!("{prefix}.{operation}"));
                let headers = vec![target, media_type("application/x-amz-json-1.1")];
                Call { path: "/".to_owned(), headers, body }
            }
            Self::RestJson(prefix) => {
                let path = format!("{prefix}{}", operation.to_ascii_lowercase());
                Call { path, headers: vec![media_type("application/json")], body }
            }
        }
    }
}

pub(super) fn refusal(response: &HttpResponse) -> (Option<String>, Option<String>) {
    let body = response.body().bytes().unwrap_or_default();
    let refusal = serde_json::from_slice(body).unwrap_or(Refusal { code: None, message: None });
    let code = response.headers().get("x-amzn-errortype").map(str::to_owned).or(refusal.code);
    (code.map(|code| bare(&code).to_owned()), refusal.message)
}

/// `namespace#Code:address` as `Code`.
fn bare(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code)
}
