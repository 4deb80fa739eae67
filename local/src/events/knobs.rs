//! How unkindly events are delivered: some twice, in any order, some late, some never.

use std::collections::BTreeMap;
use std::time::Duration;

use sha2::{Digest, Sha256};

/// What delivery may do to an event. The default does nothing to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Knobs {
    /// What chance depends on; the same events meet the same fate under the same seed.
    pub seed: u64,
    /// The fate of single deliveries, by their number (the first has the number 1): how long each
    /// copy waits. Without a copy the event is lost.
    pub at: BTreeMap<u64, Vec<Duration>>,
    /// The probability that a target never gets an event.
    pub lose: f64,
    /// The probability that a target gets an event twice.
    pub duplicate: f64,
    /// The probability that a delivery is held back, so that later events overtake it.
    pub reorder: f64,
    /// How long a delivery is held back at most.
    pub delay: Duration,
}

impl Knobs {
    /// How long each copy of an event waits before its delivery: one entry per copy.
    pub(super) fn copies(&self, number: u64, event: &str, target: &str) -> Vec<Duration> {
        if let Some(copies) = self.at.get(&number) {
            return copies.clone();
        }
        let chance = |what: &str| {
            let text = format!("{}\n{event}\n{target}\n{what}", self.seed);
            let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
            let [a, b, c, d, ..] = digest;
            f64::from(u32::from_be_bytes([a, b, c, d])) / f64::from(u32::MAX)
        };
        if chance("lose") < self.lose {
            return Vec::new();
        }
        let held = |what: &str| self.delay.mul_f64(chance(what));
        let first = if chance("reorder") < self.reorder { held("first") } else { Duration::ZERO };
        let mut copies = vec![first];
        if chance("duplicate") < self.duplicate {
            copies.push(held("second"));
        }
        copies
    }
}
