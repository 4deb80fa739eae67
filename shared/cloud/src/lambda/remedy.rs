//! From what went wrong to what becomes of the message.

use crate::fault::Fault;

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is done with, and deleted.
    Acknowledged,
    /// It comes again within seconds.
    Soon,
    /// It comes again after the visibility timeout, and ends in the dead letters if that goes on.
    Later,
    /// It goes to the dead letters at once, with its reason.
    DeadLetter,
}

/// The one place that decides it, and logs the failure, once.
#[must_use]
pub fn fate(outcome: &Result<(), Fault>) -> Fate {
    let fault = match outcome {
        Ok(()) => return Fate::Acknowledged,
        Err(fault) => fault,
    };
    let reason = fault.chain();
    match fault {
        Fault::NotOurs(_) => {
            tracing::info!(%reason, "not ours");
            Fate::Acknowledged
        }
        Fault::Soon(_) => {
            tracing::info!(%reason, "comes again soon");
            Fate::Soon
        }
        Fault::Retry { .. } => {
            tracing::warn!(%reason, "comes again");
            Fate::Later
        }
        Fault::Page { .. } | Fault::Unreadable { .. } => {
            tracing::error!(%reason, "a person has to act");
            Fate::Later
        }
        Fault::Malformed(_) => {
            tracing::error!(%reason, "set aside with the dead letters");
            Fate::DeadLetter
        }
    }
}
