//! What an SDK error says about whether the request was carried out.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::fault::Fault;

/// A request that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The service answered that it did not do it.
    #[error("refused with {status} {code}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The service's code, such as `PreconditionFailed`.
        code: String,
        /// The service's words.
        message: String,
    },
    /// The service asked to slow down; it did not do it.
    #[error("throttled: {0}")]
    Throttled(String),
    /// No answer, a broken one, or one that says that the service failed: it may have done it.
    #[error("no clear answer: {0}")]
    Unclear(String),
    /// The request was never made.
    #[error("could not be sent: {0}")]
    Unsent(String),
}

impl Trouble {
    /// The status of a refusal.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// As a fault of `what` that was tried: refusals need a person, everything else another try.
    #[must_use]
    pub fn fault(self, what: impl std::fmt::Display) -> Fault {
        // Services that speak JSON 1.1 refuse everything with 400, what is not allowed too.
        let denied = self.code() == Some("AccessDeniedException");
        match self {
            Self::Refused { status, .. } if denied || matches!(status, 401 | 403) => Fault::Page {
                message: what.to_string(),
                mend: "look at this function's policy in template.yaml".to_owned(),
                source: Some(self.into()),
            },
            Self::Refused { .. } | Self::Unsent(_) => Fault::Page {
                message: what.to_string(),
                mend: "look at the names in this function's environment, set by template.yaml"
                    .to_owned(),
                source: Some(self.into()),
            },
            Self::Throttled(_) | Self::Unclear(_) => Fault::retry(what, self),
        }
    }
}

const THROTTLES: [&str; 5] = [
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "RequestThrottled",
];

/// What `error` means.
pub fn trouble<E>(error: &SdkError<E, HttpResponse>) -> Trouble
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let code = answer.err().code().unwrap_or_default().to_owned();
            let message = answer.err().message().unwrap_or_default().to_owned();
            match status {
                429 => Trouble::Throttled(message),
                _ if THROTTLES.contains(&code.as_str()) => Trouble::Throttled(message),
                400..=499 => Trouble::Refused { status, code, message },
                _ => Trouble::Unclear(format!("{status} {code} {message}")),
            }
        }
        SdkError::ConstructionFailure(_) => Trouble::Unsent(chain(error)),
        // A connection can break after the request went out, so a dispatch failure is unclear too.
        _ => Trouble::Unclear(chain(error)),
    }
}

fn chain<E: std::error::Error + 'static>(error: &SdkError<E, HttpResponse>) -> String {
    DisplayErrorContext(error).to_string()
}
