//! A bucket: its files, and what is in memory of them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use s3s::{S3Error, S3Result, s3_error};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::condition::WriteCondition;
use super::disk::Disk;
use super::staged::Staged;
use super::stored::Stored;
use super::version::{NULL_VERSION, Version, Versioning};
use crate::durable::write_json;

/// Every key with its versions, the newest last.
pub(super) type Index = BTreeMap<String, Vec<Version>>;

/// What `bucket.json` holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Settings {
    created: Timestamp,
    versioning: Versioning,
}

/// What is in memory of a bucket.
#[derive(Debug)]
pub(super) struct State {
    pub(super) versioning: Versioning,
    pub(super) index: Index,
    pub(super) disk: Disk,
    /// The number of the newest write.
    last: u64,
}

/// One bucket. All that changes it happens under the lock of its state, conditions included.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) folder: PathBuf,
    pub(super) created: Timestamp,
    state: Mutex<State>,
    /// Told of every change, for those who wait for one.
    pub(super) written: watch::Sender<()>,
}

impl Bucket {
    /// Makes a bucket without versions.
    pub(super) fn create(folder: &Path, created: Timestamp) -> io::Result<Self> {
        for part in ["objects", "incoming", "uploads"] {
            fs::create_dir_all(folder.join(part))?;
        }
        let settings = Settings { created, versioning: Versioning::Off };
        write_json(&folder.join("bucket.json"), &settings)?;
        Self::with_versions(folder, &settings)
    }

    /// Opens the bucket in `folder`, or `None` when a crash left it half made.
    pub(super) fn open(folder: &Path) -> io::Result<Option<Self>> {
        let settings: Settings = match fs::read(folder.join("bucket.json")) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        // Nobody waits for what was under way when the engine died.
        fs::remove_dir_all(folder.join("incoming"))?;
        fs::create_dir_all(folder.join("incoming"))?;
        Self::with_versions(folder, &settings).map(Some)
    }

    fn with_versions(folder: &Path, settings: &Settings) -> io::Result<Self> {
        let (mut disk, all) = Disk::open(folder)?;
        let last = all.last().map(|version| version.number).unwrap_or_default();
        let mut index = Index::new();
        for version in all {
            index.entry(version.key.clone()).or_default().push(version);
        }
        for versions in index.values_mut() {
            keep_one_null_version(&mut disk, versions)?;
        }
        let state = State { versioning: settings.versioning, index, disk, last };
        let (folder, created) = (folder.to_owned(), settings.created);
        let written = watch::Sender::new(());
        Ok(Self { folder, created, state: Mutex::new(state), written })
    }

    /// The bucket's state, locked.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Turns the keeping of old versions on or off.
    pub(super) fn set_versioning(&self, versioning: Versioning) -> io::Result<()> {
        let mut state = self.state();
        let settings = Settings { created: self.created, versioning };
        write_json(&self.folder.join("bucket.json"), &settings)?;
        state.versioning = versioning;
        Ok(())
    }

    /// Finds a version (the newest when `version_id` is none) and opens its bytes.
    pub(super) fn read(
        &self,
        key: &str,
        version_id: Option<&str>,
    ) -> S3Result<(Version, Stored, Versioning)> {
        let state = self.state();
        let version = state.find(key, version_id)?.clone();
        // Opened under the lock: a write that replaces it cannot pull the file away in between.
        let stored = state.disk.read(&version).map_err(S3Error::internal_error)?;
        Ok((version, stored, state.versioning))
    }

    /// Finds a version (the newest when `version_id` is none).
    pub(super) fn describe(
        &self,
        key: &str,
        version_id: Option<&str>,
    ) -> S3Result<(Version, Versioning)> {
        let state = self.state();
        Ok((state.find(key, version_id)?.clone(), state.versioning))
    }

    /// Puts `version` on top of its key when `condition` holds; `staged` are its bytes (none for a
    /// delete marker). The version's id and number are set here.
    pub(super) fn commit(
        &self,
        mut version: Version,
        staged: Option<&Staged>,
        condition: &WriteCondition,
    ) -> S3Result<(Version, Versioning)> {
        let mut state = self.state();
        let current = state.current(&version.key);
        if version.delete_marker {
            condition.check_delete(current)?;
        } else {
            condition.check_write(current)?;
        }
        state.last += 1;
        version.number = state.last;
        version.version_id = match state.versioning {
            Versioning::Enabled => crate::random::token(),
            Versioning::Off | Versioning::Suspended => NULL_VERSION.to_owned(),
        };
        let State { index, disk, .. } = &mut *state;
        disk.keep(&mut version, staged).map_err(S3Error::internal_error)?;
        let versions = index.entry(version.key.clone()).or_default();
        versions.push(version.clone());
        keep_one_null_version(disk, versions).map_err(S3Error::internal_error)?;
        self.written.send_replace(());
        Ok((version, state.versioning))
    }

    /// Removes one version for good. What is not there is removed already.
    pub(super) fn remove(
        &self,
        key: &str,
        version_id: &str,
        condition: &WriteCondition,
    ) -> S3Result<Option<Version>> {
        let mut state = self.state();
        condition.check_delete(state.current(key))?;
        let State { index, disk, .. } = &mut *state;
        let Some(versions) = index.get_mut(key) else { return Ok(None) };
        let removed = drop_version(disk, versions, version_id).map_err(S3Error::internal_error)?;
        if versions.is_empty() {
            index.remove(key);
            disk.tidy(key);
        }
        self.written.send_replace(());
        Ok(removed)
    }

    /// Where bodies lie while they come in.
    pub(super) fn incoming(&self) -> PathBuf {
        self.folder.join("incoming")
    }
}

impl State {
    /// The object that a read without a version gets.
    pub(super) fn current(&self, key: &str) -> Option<&Version> {
        self.index.get(key)?.last().filter(|version| !version.delete_marker)
    }

    fn find(&self, key: &str, version_id: Option<&str>) -> S3Result<&Version> {
        let versions = self.index.get(key).map(Vec::as_slice).unwrap_or_default();
        let found = match version_id {
            None => versions.last().filter(|newest| !newest.delete_marker),
            Some(id) => versions.iter().find(|version| version.version_id == id),
        };
        match (found, version_id) {
            (Some(version), _) if version.delete_marker => Err(marked(s3_error!(
                MethodNotAllowed,
                "The specified version is a delete marker."
            ))),
            (Some(version), _) => Ok(version),
            (None, Some(_)) => {
                Err(s3_error!(NoSuchVersion, "The specified version does not exist."))
            }
            (None, None) => {
                let error = s3_error!(NoSuchKey, "The specified key does not exist.");
                Err(if versions.is_empty() { error } else { marked(error) })
            }
        }
    }
}

/// Tells the reader that a delete marker is in the way.
fn marked(mut error: S3Error) -> S3Error {
    let name = axum::http::HeaderName::from_static("x-amz-delete-marker");
    let value = axum::http::HeaderValue::from_static("true");
    error.set_headers([(name, value)].into_iter().collect());
    error
}

/// A new version `null` replaces the one before.
fn keep_one_null_version(disk: &mut Disk, versions: &mut Vec<Version>) -> io::Result<()> {
    let nulls = versions.iter().filter(|version| version.version_id == NULL_VERSION);
    let Some(newest) = nulls.map(|version| version.number).max() else { return Ok(()) };
    for old in versions
        .extract_if(.., |version| version.version_id == NULL_VERSION && version.number < newest)
    {
        disk.erase(&old)?;
    }
    Ok(())
}

fn drop_version(
    disk: &mut Disk,
    versions: &mut Vec<Version>,
    version_id: &str,
) -> io::Result<Option<Version>> {
    let Some(at) = versions.iter().position(|version| version.version_id == version_id) else {
        return Ok(None);
    };
    disk.erase(&versions[at])?;
    Ok(Some(versions.remove(at)))
}
