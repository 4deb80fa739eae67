//! Names that nobody can guess or has used before.

use std::cell::Cell;

use sha2::{Digest, Sha256};

thread_local! {
    /// The seed, and how often it was drawn from since.
    static SEEDED: Cell<Option<(u64, u64)>> = const { Cell::new(None) };
}

/// Has this thread draw the same names after the same seed, for simulation: they can be guessed
/// from now on.
pub(crate) fn seed(seed: u64) {
    SEEDED.set(Some((seed, 0)));
}

/// `N` random bytes.
///
/// # Panics
/// When the operating system has no randomness to give, which it always has once it has booted.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if let Some((seed, drawn)) = SEEDED.get() {
        SEEDED.set(Some((seed, drawn + 1)));
        let drawn: [u8; 32] = Sha256::digest(format!("{seed}\n{drawn}")).into();
        bytes.iter_mut().zip(drawn.iter().cycle()).for_each(|(byte, drawn)| *byte = *drawn);
        return bytes;
    }
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A random UUID (version 4) as AWS writes the ids of messages, jobs and events.
pub(crate) fn uuid() -> String {
    let mut bytes: [u8; 16] = bytes();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

/// `length` characters of `alphabet`, which has 32 or 64 of them.
fn characters<const N: usize>(alphabet: &[u8]) -> String {
    bytes::<N>()
        .iter()
        .map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()]))
        .collect()
}

/// The 17 characters that follow the four of an id such as `AIDA…` or `ASIA…`, with `prefix` before them.
pub(crate) fn id(prefix: &str) -> String {
    format!("{prefix}{}", characters::<17>(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
}

/// 32 characters that can stand in a URL, as for an object's version or an upload.
pub(crate) fn token() -> String {
    characters::<32>(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._")
}

/// A secret access key: 40 characters.
pub(crate) fn secret() -> String {
    characters::<40>(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}
