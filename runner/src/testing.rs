//! What tests of several modules need: a shelf that is a folder, and an attempt without AWS.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use signalbox_pipeline::names::Sha256;
use signalbox_pipeline::order::Source;
use signalbox_pipeline::report::Report;
use tokio::sync::watch;

use crate::attempt::Attempt;
use crate::environment::Environment;
use crate::log::Log;
use crate::process::Limits;
use crate::shelf::{Body, Shelf};
use crate::stop::Stop;

/// A shelf in memory that remembers the order of puts, and fails where it is told to.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) sources: BTreeMap<String, Vec<u8>>,
    pub(crate) puts: RefCell<Vec<(String, Vec<u8>)>>,
    pub(crate) refuses: Option<&'static str>,
}

impl Memory {
    pub(crate) fn names(&self) -> Vec<String> {
        self.puts.borrow().iter().map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn object(&self, name: &str) -> Vec<u8> {
        let puts = self.puts.borrow();
        puts.iter()
            .find(|(put, _)| put == name)
            .map(|(_, bytes)| bytes.clone())
            .expect("it was put")
    }

    pub(crate) fn report(&self) -> Report {
        serde_json::from_slice(&self.object("result.json")).unwrap()
    }

    /// Holds `archive` as a source, and returns what an order says of it.
    pub(crate) fn hold(&mut self, archive: Vec<u8>) -> Source {
        let sha256: Sha256 = signalbox_pipeline::digest::sha256(&archive);
        self.sources.insert("pipelines/rain/source.tar.zst?v1".into(), archive);
        Source { key: "pipelines/rain/source.tar.zst".into(), version: "v1".into(), sha256 }
    }
}

impl Shelf for Memory {
    async fn get(&self, key: &str, version: &str, into: &Path) -> anyhow::Result<()> {
        let bytes = self.sources.get(&format!("{key}?{version}")).context("no such version")?;
        Ok(std::fs::write(into, bytes)?)
    }

    async fn put(&self, name: &str, body: Body<'_>) -> anyhow::Result<()> {
        if self.refuses == Some(name) {
            bail!("{name} could not be put: the store is closed");
        }
        let bytes = match body {
            Body::Bytes(bytes) => bytes.to_vec(),
            Body::File { path, .. } => std::fs::read(path)?,
        };
        self.puts.borrow_mut().push((name.to_owned(), bytes));
        Ok(())
    }

    async fn warm(&self) {}
}

/// An attempt in a folder of its own.
pub(crate) struct Bench {
    pub(crate) attempt: Attempt,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) stop: watch::Sender<bool>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (sender, stop) = Stop::new();
        let attempt = Attempt {
            log: Log::new(std::io::sink(), 1024 * 1024),
            environment: Environment::of_process(),
            limits: Limits {
                deadline: Instant::now() + Duration::from_secs(600),
                grace: Duration::from_secs(10),
            },
            place: folder.path().to_owned(),
            stop,
        };
        Self { attempt, folder, stop: sender }
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&self.attempt.log.text()).into_owned()
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        write(self.folder.path(), path, content)
    }
}

/// Writes a file below `root`, with the folders that it needs.
pub(crate) fn write(root: &Path, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    path
}

/// An archive as `checkout` makes it, of files with their content.
pub(crate) fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        archive.append_data(&mut header, path, content.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}
