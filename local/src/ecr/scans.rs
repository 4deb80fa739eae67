//! Scans of images: nothing is looked into, people say what a scan is to find.
//!
//! `scans.json` in the registry's folder is an object: an image's digest, or the name of its
//! repository, and what its scan comes to, such as `{ "status": "COMPLETE", "counts": { "HIGH": 2 } }`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::durable;
use crate::wire::WireError;

/// The file, in the registry's folder.
const FILE: &str = "scans.json";

/// What is said of a scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scan {
    pub(crate) status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// How many findings there are of each severity.
    #[serde(default)]
    pub(crate) counts: BTreeMap<String, u64>,
}

impl Scan {
    /// One that has found nothing.
    fn clean() -> Self {
        let status = "COMPLETE".to_owned();
        Self { status, description: None, counts: BTreeMap::new() }
    }

    /// Whether there is a list of findings.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "COMPLETE" | "ACTIVE")
    }
}

/// All scans.
pub(crate) struct Scans {
    file: PathBuf,
    /// One writer at a time.
    writing: Mutex<()>,
}

impl Scans {
    pub(crate) fn open(dir: &Path) -> Self {
        Self { file: dir.join(FILE), writing: Mutex::default() }
    }

    /// The scan of an image: what is said of itself, or of all in its repository.
    pub(crate) fn of(&self, repository: &str, digest: &str) -> Result<Option<Scan>, WireError> {
        let mut all = self.read()?;
        Ok(all.remove(digest).or_else(|| all.remove(repository)))
    }

    /// Scans an image at once.
    pub(crate) fn start(&self, repository: &str, digest: &str) -> Result<Scan, WireError> {
        let _only = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.read()?;
        let known = all.get(digest).or_else(|| all.get(repository)).cloned();
        let scan = known.unwrap_or_else(Scan::clean);
        all.insert(digest.to_owned(), scan.clone());
        durable::write_json(&self.file, &all).map_err(WireError::internal)?;
        Ok(scan)
    }

    /// As the file is now: whoever changes it is heard at once.
    fn read(&self) -> Result<BTreeMap<String, Scan>, WireError> {
        let bytes = match std::fs::read(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            read => read.map_err(WireError::internal)?,
        };
        serde_json::from_slice(&bytes).map_err(|error| {
            WireError::internal(format!("{} holds no scans: {error}", self.file.display()))
        })
    }
}
