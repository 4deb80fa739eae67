//! How an invocation ends.

use bytes::Bytes;

/// Why an invocation gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The process was gone before it took the event: another one can have it.
    NotTaken,
    /// The function reported an error.
    Function(String),
    /// The process ended while it worked.
    Ended(String),
    /// The timeout came first.
    TimedOut,
}

/// The answer, or why there is none.
pub(super) type Outcome = Result<Bytes, Failure>;
