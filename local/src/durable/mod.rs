//! What the services need so that an answer or an event is never ahead of what the disk holds.

mod journal;
mod outbox;
mod tasks;

use std::io;
use std::path::Path;

use crate::random;

pub(crate) use journal::Journal;
pub(crate) use outbox::{Outbox, Pending};
pub(crate) use tasks::Tasks;

/// Writes `document` beside `file` and renames it into place: a reader sees the old or the new one.
pub(crate) fn write_json(file: &Path, document: &impl serde::Serialize) -> io::Result<()> {
    let new = file.with_extension(format!("{}.new", random::uuid()));
    let bytes = serde_json::to_vec(document)?;
    std::fs::write(&new, bytes).and_then(|()| std::fs::rename(&new, file)).inspect_err(|_| {
        // What is left of a failed write is of no use, and the first error is the one to tell.
        let _ = std::fs::remove_file(&new);
    })
}

/// Reads a document that [`write_json`] wrote.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(file: &Path) -> anyhow::Result<T> {
    use anyhow::Context;
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is not a document of this engine", file.display()))
}
