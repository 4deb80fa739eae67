//! Where sources come from and results go to.

use std::path::Path;

use bytes::Bytes;

mod s3;

pub(crate) use s3::{S3, client};

/// What is put.
#[derive(Clone, Debug)]
pub(crate) enum Body<'a> {
    /// Bytes at hand.
    Bytes(Bytes),
    /// The content of a file, whose SHA-256 is known.
    File {
        /// The file.
        path: &'a Path,
        /// Its SHA-256 in hex; other content is refused by the store.
        sha256: &'a str,
    },
}

/// The artifacts bucket, as one attempt sees it.
pub(crate) trait Shelf {
    /// Fetches `version` of the object `key` into the file `into`.
    async fn get(&self, key: &str, version: &str, into: &Path) -> anyhow::Result<()>;

    /// Puts the object `name` below the attempt's own prefix.
    async fn put(&self, name: &str, body: Body<'_>) -> anyhow::Result<()>;

    /// Prepares for what comes, while the command still runs; it is no fault where this fails.
    async fn warm(&self);
}
