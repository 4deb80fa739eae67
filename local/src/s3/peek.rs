//! What the engine's own process sees of the store without asking over the wire.

use std::io;
use std::path::PathBuf;

use tokio::sync::watch;

use super::S3;

impl S3 {
    /// Changes whenever something in the bucket does; `None` where there is no such bucket.
    #[must_use]
    pub fn writes(&self, bucket: &str) -> Option<watch::Receiver<()>> {
        Some(self.bucket(bucket).ok()?.written.subscribe())
    }

    /// The bytes of an object's newest version; `None` where there is none.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn peek(&self, bucket: &str, key: &str) -> io::Result<Option<Vec<u8>>> {
        self.file(bucket, key).map(std::fs::read).transpose()
    }

    /// The file that holds the bytes of an object's newest version.
    #[must_use]
    pub fn file(&self, bucket: &str, key: &str) -> Option<PathBuf> {
        let bucket = self.bucket(bucket).ok()?;
        let (version, _) = bucket.describe(key, None).ok()?;
        Some(bucket.data_file(&version))
    }

    /// The keys of the objects below `prefix`, in order.
    #[must_use]
    pub fn keys(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let Ok(bucket) = self.bucket(bucket) else { return Vec::new() };
        let state = bucket.state();
        let below = state.index.range(prefix.to_owned()..);
        let below = below.map(|(key, _)| key).take_while(|key| key.starts_with(prefix));
        below.filter(|key| state.current(key).is_some()).cloned().collect()
    }
}
