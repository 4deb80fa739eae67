//! The engine's time: one seam, so that simulation can bring its own.

use std::time::Duration;

use jiff::Timestamp;

/// Where every service reads the time and waits for it.
#[derive(Clone, Debug, Default)]
pub struct Clock;

impl Clock {
    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Returns when `due` has come.
    pub async fn until(&self, due: Timestamp) {
        let wait = Duration::try_from(due.duration_since(self.now())).unwrap_or_default();
        tokio::time::sleep(wait).await;
    }
}
