//! The register's chain, and which entry it is that breaks it.

use super::Finding;
use crate::digest::sha256;
use crate::register::Entry;
use crate::shared::Shared;

/// What is wrong with the chain of `entries`.
pub(super) fn findings(entries: &[Shared<Entry>]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = misplaced(entries).into_iter().collect();
    let broken = broken(entries);
    for run in broken.chunk_by(|a, b| a + 1 == *b) {
        findings.extend(altered(entries, run));
    }
    findings
}

/// The first entry that does not stand in its place.
fn misplaced(entries: &[Shared<Entry>]) -> Option<Finding> {
    let (expected, entry) = (1..).zip(entries).find(|(expected, entry)| entry.seq != *expected)?;
    let what =
        format!("it stands where entry {expected} belongs: one was removed, doubled or moved");
    Some(Finding::entry(entry.seq, what))
}

/// The entries, by index, that do not hold the hash of the one before.
fn broken(entries: &[Shared<Entry>]) -> Vec<usize> {
    let mut before = sha256(b"");
    let mut broken = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        if entry.prev != before {
            broken.push(index);
        }
        before = entry.hash();
    }
    broken
}

/// Whom breaks in a row accuse. An altered entry has another hash, which the next one does not hold;
/// one whose `prev` was altered breaks with the one before as well.
fn altered(entries: &[Shared<Entry>], run: &[usize]) -> Vec<Finding> {
    let seq = |index: usize| entries.get(index).map_or(0, |entry| entry.seq);
    match run {
        [] => Vec::new(),
        [0] => {
            vec![Finding::entry(seq(0), "it is the first, and holds the hash of another before")]
        }
        [only] if only + 1 == entries.len() => vec![Finding::entry(
            seq(only - 1),
            format!(
                "it was altered, or the hash of it that entry {}, the last, holds was",
                seq(*only)
            ),
        )],
        [only] => vec![Finding::entry(
            seq(only - 1),
            format!("it was altered: entry {} holds another hash of it", seq(*only)),
        )],
        [accused @ .., _] => accused
            .iter()
            .map(|index| Finding::entry(seq(*index), "it holds a false hash of the one before"))
            .collect(),
    }
}
