//! Small bodies, side by side in a few files.
//!
//! Most objects are a few kilobytes of JSON, written anew several times a second. A file for each
//! write costs an inode and its folder, a hundred times what the bytes cost.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// A file of this size gets no more bodies.
const FULL: u64 = 8 * 1024 * 1024;

/// Where a small body lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The number of the file.
    file: u64,
    pub(super) offset: u64,
}

/// The files, by their numbers. Bodies are added to the last, until it is full. Any other goes with
/// the last of the bodies that it holds.
#[derive(Debug)]
pub(super) struct Bodies {
    folder: PathBuf,
    files: BTreeMap<u64, Shared>,
}

/// A file that many bodies share.
#[derive(Debug)]
struct Shared {
    file: Arc<File>,
    /// Where the next body begins.
    end: u64,
    /// How many of its bodies are still wanted.
    living: usize,
}

impl Bodies {
    /// Opens the files in `folder`; `living` are the bodies that are wanted, with their sizes.
    /// A file that does not hold all of its own is an error.
    pub(super) fn open(
        folder: &Path,
        living: impl Iterator<Item = (Place, u64)>,
    ) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut bodies = Self { folder: folder.to_owned(), files: BTreeMap::new() };
        for (place, size) in living {
            let path = bodies.path(place.file);
            let shared = bodies.shared(place.file, false).map_err(|error| lost(&path, error))?;
            // What a crash left behind the last body that counts is written over.
            shared.end = shared.end.max(place.offset + size);
            shared.living += 1;
        }
        for (number, Shared { file, end, .. }) in &bodies.files {
            let size = file.metadata()?.len();
            if size < *end {
                let short = format!("{size} of {end} bytes are left");
                return Err(lost(&bodies.path(*number), short));
            }
        }
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let number = entry.file_name().to_str().and_then(|name| name.parse().ok());
            if number.is_some_and(|number: u64| !bodies.files.contains_key(&number)) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(bodies)
    }

    /// Adds a body.
    pub(super) fn add(&mut self, bytes: &[u8]) -> io::Result<Place> {
        let last = self
            .files
            .last_key_value()
            .map_or(0, |(number, last)| if last.end < FULL { *number } else { number + 1 });
        let shared = self.shared(last, true)?;
        let place = Place { file: last, offset: shared.end };
        shared.file.write_all_at(bytes, place.offset)?;
        shared.end += bytes.len() as u64;
        shared.living += 1;
        Ok(place)
    }

    /// The file that holds the body in `place`.
    pub(super) fn file(&self, place: Place) -> io::Result<Arc<File>> {
        let shared = self.files.get(&place.file);
        let gone = || lost(&self.path(place.file), "it is gone");
        shared.map(|shared| Arc::clone(&shared.file)).ok_or_else(gone)
    }

    /// Lets go of the body in `place`, and of its file when that holds no other and gets none.
    pub(super) fn release(&mut self, place: Place) -> io::Result<()> {
        let last = self.files.keys().next_back() == Some(&place.file);
        let Some(shared) = self.files.get_mut(&place.file) else { return Ok(()) };
        shared.living = shared.living.saturating_sub(1);
        let grows = last && shared.end < FULL;
        if shared.living == 0 && !grows {
            self.files.remove(&place.file);
            fs::remove_file(self.path(place.file))?;
        }
        Ok(())
    }

    /// The file of this number; `new` where it may have to be made.
    fn shared(&mut self, number: u64, new: bool) -> io::Result<&mut Shared> {
        let path = self.path(number);
        Ok(match self.files.entry(number) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let mut options = OpenOptions::new();
                options.read(true).write(true).create(new).truncate(false);
                let file = options.open(path)?;
                entry.insert(Shared { file: Arc::new(file), end: 0, living: 0 })
            }
        })
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(number.to_string())
    }
}

fn lost(file: &Path, how: impl Display) -> io::Error {
    let file = file.display();
    io::Error::other(format!(
        "{file} does not hold the objects that it should ({how}): put it back as it was, or begin \
         anew in another folder"
    ))
}
