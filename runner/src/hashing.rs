//! A writer that hashes and counts what passes through it.

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

/// Passes everything on to another writer.
pub(crate) struct Hashing<W> {
    inner: W,
    hasher: Sha256,
    bytes: u64,
}

impl<W> Hashing<W> {
    /// A writer in front of `inner`.
    pub(crate) fn of(inner: W) -> Self {
        Self { inner, hasher: Sha256::new(), bytes: 0 }
    }

    /// The SHA-256 of what has passed, in hex.
    pub(crate) fn hex(&self) -> String {
        hex::encode(self.hasher.clone().finalize())
    }

    /// How many bytes have passed.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The writer behind it.
    pub(crate) fn into_inner(self) -> W {
        self.inner
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
