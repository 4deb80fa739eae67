//! What S3 refuses, in the words of somebody at a terminal.

use signalbox_cloud::clients::Trouble;
use signalbox_cloud::store::StoreError;

use crate::exit::Exit;

/// An error that ends the command: `what` was tried and came to `trouble`.
pub(super) fn troubled(what: &str, trouble: &Trouble) -> anyhow::Error {
    let (exit, mend) = match trouble {
        Trouble::Refused { status: 401 | 403, .. } => {
            (Exit::Unreachable, "; look at the keys in the environment and at what they allow")
        }
        Trouble::Refused { code, .. } if code == "NoSuchBucket" => {
            (Exit::Unreachable, "; the buckets' names are outputs of the stack")
        }
        Trouble::Unclear(_) | Trouble::Unsent(_) => {
            (Exit::Unreachable, "; look at AWS_REGION, AWS_ENDPOINT_URL and the network")
        }
        Trouble::Throttled(_) => (Exit::Unreachable, "; try again in a minute"),
        Trouble::Refused { .. } => (Exit::Errored, ""),
    };
    exit.because(format!("{what}: {trouble}{mend}"))
}

/// An error that ends the command: a document could not be read or written.
pub(crate) fn refused(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::Storage { what, source } => troubled(&what, &source),
        other => Exit::Errored.because(other),
    }
}
