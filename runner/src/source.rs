//! The source of an order: fetched, compared with what was pinned, and unpacked safely.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use signalbox_pipeline::order::Source;
use tar::{Archive, EntryType};

use crate::attempt::Attempt;
use crate::fault::Fault;
use crate::finished::digest_of;
use crate::path::stays_inside;
use crate::shelf::Shelf;
use crate::tree::{MOST_BYTES, MOST_ENTRIES};

/// Brings `source` into a fresh folder, and returns that folder.
pub(crate) async fn bring(
    source: &Source,
    attempt: &Attempt,
    shelf: &impl Shelf,
) -> Result<PathBuf, Fault> {
    let folder = fresh_folder(attempt)?;
    let archive =
        tempfile::NamedTempFile::new_in(&folder).context("the source has no place here")?;
    shelf.get(&source.key, &source.version, archive.path()).await.map_err(|error| {
        Fault::source(format!(
            "the source {} (version {}) could not be fetched: {error:#}",
            source.key, source.version
        ))
    })?;
    let (bytes, sha256) = digest_of(archive.path())?;
    if sha256 != source.sha256 {
        return Err(Fault::source(format!(
            "the source {} is not the one that was checked out: its SHA-256 is {sha256}, and {} was pinned; \
             start a new run",
            source.key, source.sha256
        )));
    }
    let packed = archive.reopen().context("the source cannot be read")?;
    unpack(packed, &folder).map_err(|error| {
        Fault::source(format!("the source {} cannot be unpacked: {error:#}", source.key))
    })?;
    attempt.log.say(format_args!("source {} ({bytes} bytes) unpacked", &sha256.as_str()[..12]));
    Ok(folder)
}

/// `src` where it can be made, and otherwise a new folder of another name: an image may have a `src`
/// of its own, and its user may not be allowed to write where it starts.
fn fresh_folder(attempt: &Attempt) -> anyhow::Result<PathBuf> {
    let plain = attempt.place.join("src");
    match fs::create_dir(&plain) {
        Ok(()) => Ok(plain),
        Err(_) => attempt.scratch(),
    }
}

/// Unpacks a tar archive in zstd: files, folders, and links that stay inside.
fn unpack(packed: File, folder: &Path) -> anyhow::Result<()> {
    let mut archive = Archive::new(zstd::Decoder::new(packed)?);
    archive.set_preserve_permissions(true);
    let (mut bytes, mut entries) = (0_u64, 0);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        bytes = bytes.saturating_add(entry.size());
        entries += 1;
        if bytes > MOST_BYTES || entries > MOST_ENTRIES {
            bail!("it is larger than {MOST_BYTES} bytes or {MOST_ENTRIES} files");
        }
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Directory => (),
            EntryType::Symlink => {
                let target = entry.link_name()?.unwrap_or_default();
                if !stays_inside(&path, &target) {
                    bail!(
                        "{} links to {}, which is outside of it",
                        path.display(),
                        target.display()
                    );
                }
            }
            other => bail!("{} is a {other:?}, which a source does not hold", path.display()),
        }
        if !entry.unpack_in(folder)? {
            bail!("{} lies outside of it", path.display());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
