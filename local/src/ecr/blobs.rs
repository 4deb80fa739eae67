//! Blobs by their digest, and uploads that become blobs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt;

use super::digest::Digest;
use crate::random;

/// The largest blob that is taken in.
const MAX_BLOB: u64 = 16 << 30;
/// How many uploads may be open.
const MAX_UPLOADS: usize = 1024;

/// Why an upload did not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadError {
    #[error(
        "the upload is not known, or was lost when the engine was started again: begin it anew"
    )]
    Unknown,
    #[error("the content has the digest {found}, not {wanted}")]
    Digest { wanted: Digest, found: Digest },
    #[error("the chunk must start at byte {0}")]
    Range(u64),
    #[error("a blob may have at most {MAX_BLOB} bytes")]
    TooLarge,
    #[error("too many uploads are open")]
    TooMany,
    #[error("the content did not arrive: {0}")]
    Body(String),
    #[error("the disk refused: {0}")]
    Disk(#[from] std::io::Error),
}

/// The blobs of all repositories: what two of them hold is kept once.
pub(crate) struct Blobs {
    blobs: PathBuf,
    uploads: PathBuf,
    open: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Upload>>>>,
}

struct Upload {
    path: PathBuf,
    file: tokio::fs::File,
    hash: Sha256,
    size: u64,
}

impl Blobs {
    /// Opens the store; what an earlier engine had half received is dropped.
    pub(crate) fn open(dir: &Path) -> std::io::Result<Self> {
        let (blobs, uploads) = (dir.join("blobs").join("sha256"), dir.join("uploads"));
        if uploads.exists() {
            std::fs::remove_dir_all(&uploads)?;
        }
        std::fs::create_dir_all(&blobs)?;
        std::fs::create_dir_all(&uploads)?;
        Ok(Self { blobs, uploads, open: Mutex::default() })
    }

    /// Where the blob is or would be.
    pub(crate) fn path(&self, digest: &Digest) -> PathBuf {
        self.blobs.join(digest.hex())
    }

    /// The blob's size, if it is there.
    pub(crate) fn size(&self, digest: &Digest) -> Option<u64> {
        std::fs::metadata(self.path(digest)).ok().map(|about| about.len())
    }

    /// Takes in a small blob at once.
    pub(crate) fn put(&self, bytes: &[u8]) -> std::io::Result<Digest> {
        let digest = Digest::of(bytes);
        let new = self.uploads.join(random::uuid());
        std::fs::write(&new, bytes)?;
        std::fs::rename(&new, self.path(&digest))?;
        Ok(digest)
    }

    /// Begins an upload and returns its name.
    pub(crate) async fn begin(&self) -> Result<String, UploadError> {
        let name = random::uuid();
        let path = self.uploads.join(&name);
        let file = tokio::fs::File::create(&path).await?;
        let upload = Upload { path, file, hash: Sha256::new(), size: 0 };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MAX_UPLOADS {
            return Err(UploadError::TooMany);
        }
        open.insert(name.clone(), Arc::new(tokio::sync::Mutex::new(upload)));
        Ok(name)
    }

    /// Adds `content` to the upload; returns its size.
    pub(crate) async fn append<S, E>(
        &self,
        name: &str,
        from: Option<u64>,
        content: S,
    ) -> Result<u64, UploadError>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: std::fmt::Display,
    {
        let upload = self.upload(name)?;
        let mut upload = upload.lock().await;
        if from.is_some_and(|from| from != upload.size) {
            return Err(UploadError::Range(upload.size));
        }
        let mut content = std::pin::pin!(content);
        while let Some(chunk) = content.next().await {
            let chunk = chunk.map_err(|error| UploadError::Body(error.to_string()))?;
            if upload.size + chunk.len() as u64 > MAX_BLOB {
                return Err(UploadError::TooLarge);
            }
            upload.file.write_all(&chunk).await?;
            upload.hash.update(&chunk);
            upload.size += chunk.len() as u64;
        }
        Ok(upload.size)
    }

    /// How many bytes of the upload are here.
    pub(crate) async fn received(&self, name: &str) -> Result<u64, UploadError> {
        Ok(self.upload(name)?.lock().await.size)
    }

    /// Turns the upload into a blob, if its content has the digest that was promised.
    pub(crate) async fn finish(&self, name: &str, wanted: &Digest) -> Result<(), UploadError> {
        let upload = self.upload(name)?;
        let mut upload = upload.lock().await;
        upload.file.flush().await?;
        let found = Digest::of_hash(&upload.hash.clone().finalize());
        if found != *wanted {
            self.drop_upload(name).await;
            return Err(UploadError::Digest { wanted: wanted.clone(), found });
        }
        tokio::fs::rename(&upload.path, self.path(wanted)).await?;
        self.forget(name);
        Ok(())
    }

    /// Gives an upload up.
    pub(crate) async fn drop_upload(&self, name: &str) {
        if self.forget(name) {
            // The file is of no use to anybody: the next start clears what stays.
            let _ = tokio::fs::remove_file(self.uploads.join(name)).await;
        }
    }

    fn upload(&self, name: &str) -> Result<Arc<tokio::sync::Mutex<Upload>>, UploadError> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(name).cloned().ok_or(UploadError::Unknown)
    }

    fn forget(&self, name: &str) -> bool {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(name).is_some()
    }
}
