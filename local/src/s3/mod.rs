//! S3: buckets, objects and their versions, as plain files.
//!
//! A bucket is a folder. Below its `objects` every key has a folder (see `path`) that holds the bytes
//! of each version in a file, named by the version's number. What is known of the versions lies in the
//! bucket's journal: a version is there as soon as its record is, so a crash leaves the old object or
//! the new one. All records are in memory, read once when the store opens.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use s3s::{S3Result, s3_error};

use crate::clock::Clock;

mod api;
mod auth;
mod bodies;
mod bucket;
mod buckets;
mod condition;
mod delete;
mod disk;
mod list;
mod listing;
mod multipart;
mod path;
mod peek;
mod read;
mod staged;
mod stored;
#[cfg(test)]
mod tests;
mod upload;
mod version;
mod write;

pub(crate) use auth::{Called, service};
use bucket::Bucket;
use version::Versioning;

/// The object store.
#[derive(Debug)]
pub struct S3 {
    folder: PathBuf,
    clock: Clock,
    buckets: RwLock<BTreeMap<String, Arc<Bucket>>>,
}

impl S3 {
    /// Opens the store below `dir`.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn open(dir: &Path, clock: Clock) -> io::Result<Arc<Self>> {
        fs::create_dir_all(dir)?;
        let mut buckets = BTreeMap::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if let Some(bucket) = Bucket::open(&entry.path())? {
                buckets.insert(entry.file_name().to_string_lossy().into_owned(), Arc::new(bucket));
            }
        }
        Ok(Arc::new(Self { folder: dir.to_owned(), clock, buckets: RwLock::new(buckets) }))
    }

    /// Makes sure that the bucket exists. A `versioned` one keeps old versions from now on; one that
    /// keeps them already is left as it is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create_bucket(&self, name: &str, versioned: bool) -> io::Result<()> {
        let bucket = {
            let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
            match buckets.get(name) {
                Some(bucket) => Arc::clone(bucket),
                None => {
                    let made = Arc::new(Bucket::create(&self.folder.join(name), self.clock.now())?);
                    buckets.insert(name.to_owned(), Arc::clone(&made));
                    made
                }
            }
        };
        if versioned { bucket.set_versioning(Versioning::Enabled) } else { Ok(()) }
    }

    fn bucket(&self, name: &str) -> S3Result<Arc<Bucket>> {
        let buckets = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
        let missing = || s3_error!(NoSuchBucket, "The bucket {name} does not exist.");
        buckets.get(name).cloned().ok_or_else(missing)
    }
}
