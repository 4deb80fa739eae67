//! A file for each kind of target.

use signalbox_cloud::clients::Trouble;
use signalbox_cloud::fault::Fault;

pub(crate) mod codecommit;
pub(crate) mod github;
pub(crate) mod sns;
pub(crate) mod webhook;

/// What becomes of a notice that a place of somebody else's did not take: `mend` says what to do
/// where it refused, and everything else is tried again.
fn fault(trouble: Trouble, what: &str, mend: &str) -> Fault {
    match trouble {
        Trouble::Refused { status: 408 | 425, .. }
        | Trouble::Throttled(_)
        | Trouble::Unclear(_) => Fault::retry(what, trouble),
        Trouble::Refused { .. } | Trouble::Unsent(_) => Fault::Page {
            message: what.to_owned(),
            mend: mend.to_owned(),
            source: Some(trouble.into()),
        },
    }
}
