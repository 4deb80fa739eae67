//! What a bucket has on disk: a record for each version, and the bytes.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bodies::Bodies;
use super::path;
use super::staged::Staged;
use super::stored::Stored;
use super::version::Version;
use crate::durable::Journal;

/// The versions on disk. A version is there as soon as its record is, and gone with it.
#[derive(Debug)]
pub(super) struct Disk {
    /// Where large bodies lie, each in a file of its own.
    objects: PathBuf,
    bodies: Bodies,
    /// The versions, by their numbers.
    journal: Journal,
}

impl Disk {
    /// Opens what lies in `folder`, and gives the versions in the order of their numbers.
    pub(super) fn open(folder: &Path) -> io::Result<(Self, Vec<Version>)> {
        let (journal, records) = Journal::open::<Version>(&folder.join("versions.jsonl"))?;
        let versions: Vec<Version> = records.into_values().collect();
        let places = versions.iter().filter_map(|version| Some((version.place?, version.size)));
        let bodies = Bodies::open(&folder.join("bodies"), places)?;
        Ok((Self { objects: folder.join("objects"), bodies, journal }, versions))
    }

    /// Writes a version down; `staged` are its bytes (none for a delete marker).
    pub(super) fn keep(
        &mut self,
        version: &mut Version,
        staged: Option<&Staged>,
    ) -> io::Result<()> {
        if let Some(staged) = staged {
            match staged.small() {
                Some(bytes) => version.place = Some(self.bodies.add(bytes)?),
                None => staged.place(&self.file(version))?,
            }
        }
        self.journal.put(&version.record_key(), version).inspect_err(|_| {
            if let Some(place) = version.place {
                // The first error is the one to tell.
                let _ = self.bodies.release(place);
            }
        })
    }

    /// The bytes of a version.
    pub(super) fn read(&self, version: &Version) -> io::Result<Stored> {
        let (file, start) = match version.place {
            Some(place) => (self.bodies.file(place)?, place.offset),
            None => (Arc::new(File::open(self.file(version))?), 0),
        };
        Ok(Stored::new(file, start, version.size))
    }

    /// Removes a version.
    pub(super) fn erase(&mut self, version: &Version) -> io::Result<()> {
        self.journal.remove(&version.record_key())?;
        if version.delete_marker {
            return Ok(());
        }
        if let Some(place) = version.place {
            return self.bodies.release(place);
        }
        match fs::remove_file(self.file(version)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Tidies up after the last version of `key`; a folder that still holds something stays.
    pub(super) fn tidy(&self, key: &str) {
        let folder = path::folder(key);
        let parts = folder.ancestors().filter(|part| !part.as_os_str().is_empty());
        for part in parts {
            match fs::remove_dir(self.objects.join(part)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return,
                _ => {}
            }
        }
    }

    fn file(&self, version: &Version) -> PathBuf {
        self.objects.join(path::folder(&version.key)).join(version.number.to_string())
    }
}
