//! Records that are on disk before anybody hears of them: one file, and a line for each change.
//!
//! A file that is kept open and appended to costs microseconds, where a file for each record costs
//! an inode for each change of it. The last line of a key counts, and one without a record says
//! that there is none any more. A line is there once its end is: what a crash cut off never was.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// A file up to this size is left as it is, however little of it counts.
const SMALL: u64 = 4 * 1024 * 1024;

/// The file, ready for the next line. The records themselves are with whoever opened it.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    size: u64,
    /// The size at which the file is written anew, without the lines that do not count any more.
    most: u64,
    /// Whether the file may end in half a line: a write failed.
    torn: bool,
}

#[derive(Serialize)]
struct Line<'a, R> {
    key: &'a str,
    record: Option<&'a R>,
}

/// A line of which only the key is looked at.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    record: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Body<R> {
    record: R,
}

impl Journal {
    /// Opens the journal in `path`, and gives its records by their keys.
    pub(crate) fn open<R: DeserializeOwned>(
        path: &Path,
    ) -> io::Result<(Self, BTreeMap<String, R>)> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = whole(&bytes);
        file.set_len(whole.len() as u64)?;
        let lines = living(whole).map_err(|error| foreign(path, &error))?;
        let records = records(&lines).map_err(|error| foreign(path, &error))?;
        let size = whole.len() as u64;
        let most = most(lines.values().map(|line| line.len() as u64).sum());
        let mut journal = Self { path: path.to_owned(), file, size, most, torn: false };
        journal.tidy();
        Ok((journal, records))
    }

    /// The records of the journal in `path`, which somebody else may be writing.
    pub(crate) fn read<R: DeserializeOwned>(path: &Path) -> io::Result<BTreeMap<String, R>> {
        let bytes = fs::read(path)?;
        living(whole(&bytes))
            .and_then(|lines| records(&lines))
            .map_err(|error| foreign(path, &error))
    }

    /// Makes `record` what `key` stands for.
    pub(crate) fn put(&mut self, key: &str, record: &impl Serialize) -> io::Result<()> {
        self.append(&Line { key, record: Some(record) })
    }

    /// Makes `key` stand for nothing.
    pub(crate) fn remove(&mut self, key: &str) -> io::Result<()> {
        self.append(&Line { key, record: None::<&()> })
    }

    fn append(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        if self.torn {
            self.file.set_len(self.size)?;
        }
        self.torn = true;
        self.file.write_all(&bytes)?;
        self.torn = false;
        self.size += bytes.len() as u64;
        self.tidy();
        Ok(())
    }

    /// Writes the file anew when most of it does not count any more.
    fn tidy(&mut self) {
        if self.size > self.most {
            if let Err(error) = self.compact() {
                let path = self.path.display();
                tracing::warn!(%path, %error, "a journal could not be written anew and grows on");
            }
            // After a failure too: the next try comes when the file has doubled.
            self.most = most(self.size);
        }
    }

    fn compact(&mut self) -> io::Result<()> {
        let bytes = fs::read(&self.path)?;
        let lines = living(&bytes).map_err(|error| foreign(&self.path, &error))?;
        let kept: Vec<u8> = lines.into_values().flatten().copied().collect();
        let new = self.path.with_extension("new");
        fs::write(&new, &kept)?;
        let file = OpenOptions::new().append(true).open(&new)?;
        fs::rename(&new, &self.path)?;
        self.file = file;
        self.size = kept.len() as u64;
        Ok(())
    }
}

/// How large a file may get in which `living` bytes count: so that writing it anew halves it.
fn most(living: u64) -> u64 {
    living.saturating_mul(2).max(SMALL)
}

/// The lines that have their ends.
fn whole(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    &bytes[..end]
}

fn records<R: DeserializeOwned>(
    lines: &BTreeMap<Cow<'_, str>, &[u8]>,
) -> serde_json::Result<BTreeMap<String, R>> {
    let record = |(key, line): (&Cow<'_, str>, &&[u8])| {
        let body: Body<R> = serde_json::from_slice(line)?;
        Ok((key.clone().into_owned(), body.record))
    };
    lines.iter().map(record).collect()
}

/// The line that counts for each key that stands for something.
fn living(bytes: &[u8]) -> serde_json::Result<BTreeMap<Cow<'_, str>, &[u8]>> {
    let mut lines = BTreeMap::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let head: Head<'_> = serde_json::from_slice(line)?;
        match head.record {
            Some(_) => lines.insert(head.key, line),
            None => lines.remove(&head.key),
        };
    }
    Ok(lines)
}

fn foreign(path: &Path, error: &serde_json::Error) -> io::Error {
    let path = path.display();
    io::Error::other(format!("{path} holds a line that this engine did not write: {error}"))
}
