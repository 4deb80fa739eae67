//! What the engine's own process sees of the store without asking over the wire.

use std::io::{self, Read};

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
        let Ok(bucket) = self.bucket(bucket) else { return Ok(None) };
        let found = {
            let state = bucket.state();
            state.current(key).map(|version| state.disk.read(version)).transpose()?
        };
        let Some(mut stored) = found else { return Ok(None) };
        let mut bytes = Vec::new();
        stored.read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Whether there is such an object.
    #[must_use]
    pub fn has(&self, bucket: &str, key: &str) -> bool {
        self.bucket(bucket).is_ok_and(|bucket| bucket.state().current(key).is_some())
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
