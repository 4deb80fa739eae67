//! Whose turn it is: work that need not be done every minute is spread over several.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::Timestamp;

/// Whether `what` has its turn in this minute, which is one of every `minutes`.
///
/// It follows from the name and the time alone, so that neither a restart nor a second instance
/// makes anything be looked at twice as often, or never.
pub(crate) fn is_due(what: &str, minutes: u64, now: Timestamp) -> bool {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish() % minutes == minute(now) % minutes
}

/// How many rounds of `minutes` have gone by: where to begin with what no round can look at whole.
pub(crate) fn round(minutes: u64, now: Timestamp) -> usize {
    usize::try_from(minute(now) / minutes).unwrap_or_default()
}

fn minute(now: Timestamp) -> u64 {
    u64::try_from(now.as_second() / 60).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_one_turn_in_each_round_and_they_are_spread() {
        let minute = |number: i64| Timestamp::from_second(1_800_000_000 + number * 60).unwrap();
        let mut turns = [0; 5];
        for name in 0..100 {
            let name = format!("repositories/host/{name}.json");
            let due: Vec<i64> = (0..5).filter(|at| is_due(&name, 5, minute(*at))).collect();
            assert_eq!(due.len(), 1, "{name}");
            assert!(is_due(&name, 5, minute(due[0] + 5)));
            turns[usize::try_from(due[0]).unwrap()] += 1;
        }
        assert!(turns.iter().all(|&names| names > 5), "{turns:?}");
    }
}
