//! Waiting with a bound.

use std::time::{Duration, Instant};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(60);

/// Looks until there is something.
///
/// # Errors
/// With the last look's own, or when there was nothing within `longest`.
pub async fn until<T, F>(what: &str, longest: Duration, mut look: F) -> anyhow::Result<T>
where
    F: AsyncFnMut() -> anyhow::Result<Option<T>>,
{
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        anyhow::ensure!(begun.elapsed() < longest, "{what} did not come within {longest:?}");
        tokio::time::sleep(PAUSE).await;
    }
}
