//! Events as their services emit them, from `events/`.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use serde_json::Value;
use signalbox_pipeline::digest::sha256;

use crate::program::root;

/// The fixture of that name, with an id of its own and the time of now.
///
/// # Errors
/// When there is no such fixture.
pub fn fresh(name: &str) -> anyhow::Result<Value> {
    let path = root().join("events").join(format!("{name}.json"));
    let mut event: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    event["id"] = id().into();
    event["time"] = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into();
    Ok(event)
}

/// A push of `commit` to the branch `main` of `repository`.
///
/// # Errors
/// When the fixture is not there.
pub fn push(repository: &str, commit: &str) -> anyhow::Result<Value> {
    let mut event = fresh("codecommit-push")?;
    event["detail"]["repositoryName"] = repository.into();
    event["detail"]["commitId"] = commit.into();
    Ok(event)
}

/// A UUID that nobody else has.
#[must_use]
pub fn id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let (count, now) = (COUNT.fetch_add(1, Ordering::Relaxed), Timestamp::now().as_nanosecond());
    let hash = sha256(format!("{} {now} {count}", std::process::id()).as_bytes());
    let hex = hash.as_str();
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}
