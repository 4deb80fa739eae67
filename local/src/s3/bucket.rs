//! A bucket: its files, and what is in memory of them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use s3s::{S3Error, S3Result, s3_error};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::condition::WriteCondition;
use super::path;
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
        let state = State { versioning: settings.versioning, index: Index::new(), last: 0 };
        let written = watch::Sender::new(());
        Ok(Self { folder: folder.to_owned(), created, state: Mutex::new(state), written })
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
        let mut index = Index::new();
        scan(&folder.join("objects"), &mut index)?;
        for versions in index.values_mut() {
            versions.sort_by_key(|version| version.number);
            keep_one_null_version(&folder.join("objects"), versions)?;
        }
        let last = index.values().flatten().map(|one| one.number).max().unwrap_or_default();
        let state = State { versioning: settings.versioning, index, last };
        let (folder, created) = (folder.to_owned(), settings.created);
        let written = watch::Sender::new(());
        Ok(Some(Self { folder, created, state: Mutex::new(state), written }))
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
    ) -> S3Result<(Version, File, Versioning)> {
        let state = self.state();
        let version = state.find(key, version_id)?.clone();
        // Opened under the lock: a write that replaces it cannot pull the file away in between.
        let data = self.objects().join(path::folder(key)).join(version.data_file());
        let file = File::open(data).map_err(S3Error::internal_error)?;
        Ok((version, file, state.versioning))
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

    /// Puts `version` on top of its key when `condition` holds; `staged` is the file with its bytes
    /// (none for a delete marker). The version's id and number are set here.
    pub(super) fn commit(
        &self,
        mut version: Version,
        staged: Option<&Path>,
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
        self.place(&version, staged).map_err(S3Error::internal_error)?;
        let versions = state.index.entry(version.key.clone()).or_default();
        versions.push(version.clone());
        keep_one_null_version(&self.objects(), versions).map_err(S3Error::internal_error)?;
        self.written.send_replace(());
        Ok((version, state.versioning))
    }

    /// The bytes come first: a version is there as soon as its record is.
    fn place(&self, version: &Version, staged: Option<&Path>) -> io::Result<()> {
        let folder = self.objects().join(path::folder(&version.key));
        fs::create_dir_all(&folder)?;
        if let Some(staged) = staged {
            fs::rename(staged, folder.join(version.data_file()))?;
        }
        write_json(&folder.join(version.record_file()), version)
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
        let objects = self.objects();
        let Some(versions) = state.index.get_mut(key) else { return Ok(None) };
        let removed =
            drop_versions(&objects, versions, version_id).map_err(S3Error::internal_error)?;
        if versions.is_empty() {
            state.index.remove(key);
            remove_empty_folders(&objects, &path::folder(key));
        }
        self.written.send_replace(());
        Ok(removed)
    }

    fn objects(&self) -> PathBuf {
        self.folder.join("objects")
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

/// Reads every record below `folder`, and removes what has none: a crash left it.
fn scan(folder: &Path, index: &mut Index) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if entry.file_type()?.is_dir() {
            scan(&path, index)?;
        } else if name.ends_with(".json") {
            let version: Version = serde_json::from_slice(&fs::read(&path)?)
                .map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?;
            index.entry(version.key.clone()).or_default().push(version);
        } else if name.ends_with(".new") || !path.with_extension("json").exists() {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// A new version `null` replaces the one before.
fn keep_one_null_version(objects: &Path, versions: &mut Vec<Version>) -> io::Result<()> {
    let nulls = versions.iter().filter(|version| version.version_id == NULL_VERSION);
    let Some(newest) = nulls.map(|version| version.number).max() else { return Ok(()) };
    for old in versions
        .extract_if(.., |version| version.version_id == NULL_VERSION && version.number < newest)
    {
        remove_files(objects, &old)?;
    }
    Ok(())
}

fn drop_versions(
    objects: &Path,
    versions: &mut Vec<Version>,
    version_id: &str,
) -> io::Result<Option<Version>> {
    let Some(at) = versions.iter().position(|version| version.version_id == version_id) else {
        return Ok(None);
    };
    remove_files(objects, &versions[at])?;
    Ok(Some(versions.remove(at)))
}

/// The record goes first: without it the version is gone, whatever happens next.
fn remove_files(objects: &Path, version: &Version) -> io::Result<()> {
    let folder = objects.join(path::folder(&version.key));
    fs::remove_file(folder.join(version.record_file()))?;
    if version.delete_marker {
        return Ok(());
    }
    fs::remove_file(folder.join(version.data_file()))
}

/// Tidies up after the last version; a folder that still holds something stays.
fn remove_empty_folders(objects: &Path, folder: &Path) {
    let parts = folder.ancestors().filter(|part| !part.as_os_str().is_empty());
    for part in parts {
        if fs::remove_dir(objects.join(part)).is_err() {
            return;
        }
    }
}
