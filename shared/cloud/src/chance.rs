//! Randomness, handed in: write ids and jitter.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Where random numbers come from.
#[derive(Clone)]
pub struct Chance(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Chance {
    /// A generator seeded by the operating system.
    #[must_use]
    pub fn system() -> Self {
        Self::new(|| fastrand::u64(..))
    }

    /// Numbers from `next`.
    pub fn new(next: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(next))
    }

    /// A token that nobody else has drawn: 32 hex digits.
    #[must_use]
    pub fn token(&self) -> String {
        format!("{:016x}{:016x}", (self.0)(), (self.0)())
    }

    /// A duration between nothing and `most`.
    #[must_use]
    pub fn up_to(&self, most: Duration) -> Duration {
        let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros((self.0)() % micros.saturating_add(1))
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chance")
    }
}
