//! SHA-256 as Signalbox writes it: 64 lower-case hex digits.

use sha2::{Digest as _, Sha256 as Hasher};

use crate::names::Sha256;

/// The SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Sha256 {
    Sha256::of_hash(&Hasher::digest(bytes))
}
