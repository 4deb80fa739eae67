//! What the services need so that an answer or an event is never ahead of what the disk holds.

mod outbox;
mod tasks;

use std::io;
use std::path::Path;

use crate::random;

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

/// Writes the revision `revision` of the document `stem` in `dir`, and drops the one before it.
///
/// Each revision has a name of its own: a file that is renamed over another one is pushed out to
/// the disk by ext4 at once, which takes milliseconds where this takes microseconds.
pub(crate) fn write_revision(
    dir: &Path,
    stem: &str,
    revision: u64,
    document: &impl serde::Serialize,
) -> io::Result<()> {
    write_json(&dir.join(format!("{stem}.{revision}.json")), document)?;
    if let Some(before) = revision.checked_sub(1) {
        // There may be none, and one that stays is passed over by the reader.
        let _ = std::fs::remove_file(dir.join(format!("{stem}.{before}.json")));
    }
    Ok(())
}

/// Reads the last revision of the document `stem` in `dir`, if there is any.
pub(crate) fn read_last<T: serde::de::DeserializeOwned>(
    dir: &Path,
    stem: &str,
) -> anyhow::Result<Option<T>> {
    let mut last = None;
    for entry in std::fs::read_dir(dir)? {
        let name = entry?.file_name();
        let revision = name.to_str().and_then(|name| {
            name.strip_prefix(stem)?.strip_prefix('.')?.strip_suffix(".json")?.parse::<u64>().ok()
        });
        last = last.max(revision);
    }
    last.map(|revision| read_json(&dir.join(format!("{stem}.{revision}.json")))).transpose()
}

/// Reads a document that [`write_json`] wrote.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(file: &Path) -> anyhow::Result<T> {
    use anyhow::Context;
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is not a document of this engine", file.display()))
}
