//! The protocol holds over its full bounded state space, and every mistake planted into it is found.

use signalbox_model::{Bounds, Message, Protocol};
use stateright::{Checker as _, HasDiscoveries, Model as _};

mod holds;
mod mistakes;
mod reaches;

/// A run that a person cancels at some moment.
const CANCELLED: &[Message] = &[Message::Trigger, Message::Cancel];
/// A run that another fact is told to at some moment.
const TWO_WRITERS: &[Message] = &[Message::Trigger, Message::Announcement];
/// Nothing goes wrong.
const CALM: Bounds = Bounds {
    crashes: 0,
    duplicates: 0,
    losses: 0,
    delays: 0,
    conflicts: 0,
    unclear: 0,
    unsent: 0,
    refusals: 0,
    late: 0,
};
/// As much time as lets one lease run out while somebody sleeps or a message waits.
const ONE_LEASE: Bounds = Bounds { delays: 3, ..CALM };

/// Checks `protocol` over every state: how many there are, or the path to the first fault.
fn check(protocol: &Protocol) -> Result<usize, String> {
    let any = HasDiscoveries::AnyFailures;
    let checker = protocol.clone().checker().threads(2).finish_when(any).spawn_bfs().join();
    match checker.discoveries().into_iter().next() {
        None => Ok(checker.unique_state_count()),
        Some((property, path)) => {
            let path: Vec<String> =
                path.into_actions().iter().map(|action| format!("{action:?}")).collect();
            Err(format!("not so: {property}\nin {protocol:?}\nafter {}", path.join("\n      ")))
        }
    }
}
