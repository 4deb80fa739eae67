//! The engine's time: one seam, so that simulation can bring its own.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// Where every service reads the time and waits for it.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Where tokio's time began; `None` follows the machine's clock.
    origin: Option<(Timestamp, Instant)>,
}

impl Clock {
    /// A clock that starts at `start` and follows tokio's time, which tests can pause and advance.
    #[must_use]
    pub fn on_tokio(start: Timestamp) -> Self {
        Self { origin: Some((start, Instant::now())) }
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self.origin {
            None => Timestamp::now(),
            Some((start, since)) => start.saturating_add(since.elapsed()).unwrap_or(Timestamp::MAX),
        }
    }

    /// Returns when `due` has come.
    pub async fn until(&self, due: Timestamp) {
        let wait = Duration::try_from(due.duration_since(self.now())).unwrap_or_default();
        tokio::time::sleep(wait).await;
    }
}
