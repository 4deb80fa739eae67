//! What a verb hands back when it was carried out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use signalbox_pipeline::inspection::Finding;
use signalbox_pipeline::names::Sha256;
use signalbox_pipeline::report::{Built, Commit, Failure, File, Metric, Report, Tests};

use crate::hashing::Hashing;
use crate::process::Usage;

/// How an attempt went.
#[derive(Debug, Default)]
pub(crate) struct Finished {
    /// The code to exit with.
    pub(crate) exit_code: i32,
    /// What the command took.
    pub(crate) usage: Usage,
    /// What was found in `results/`, or is delivered otherwise.
    pub(crate) results: Results,
    /// The image that was pushed.
    pub(crate) image: Option<Built>,
    /// Who made the commit that was fetched.
    pub(crate) commit: Option<Commit>,
    /// What was tried, and what came of it.
    pub(crate) findings: Vec<Finding>,
    /// Why it did not end well.
    pub(crate) failure: Option<Failure>,
}

/// What an attempt delivers.
#[derive(Debug, Default)]
pub(crate) struct Results {
    /// Counted cases.
    pub(crate) tests: Option<Tests>,
    /// Numbers by name.
    pub(crate) metrics: BTreeMap<String, Metric>,
    /// What is behind a number, by its name; why there is none, by the first part of it.
    pub(crate) evidence: BTreeMap<String, String>,
    /// Files to put below `files/`.
    pub(crate) files: Vec<Delivery>,
    /// Files to put below `packages/`.
    pub(crate) packages: Vec<Delivery>,
    /// What was left out, and why.
    pub(crate) notes: Vec<String>,
}

/// A file to deliver.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// Where it lies here.
    pub(crate) path: PathBuf,
    /// What is reported of it.
    pub(crate) file: File,
}

impl Delivery {
    /// The file at `path`, to be delivered as `name`.
    pub(crate) fn of(name: impl Into<String>, path: &Path) -> anyhow::Result<Self> {
        let (bytes, sha256) = digest_of(path)?;
        Ok(Self { path: path.to_owned(), file: File { name: name.into(), bytes, sha256 } })
    }
}

/// The size and the SHA-256 of the file at `path`.
pub(crate) fn digest_of(path: &Path) -> anyhow::Result<(u64, Sha256)> {
    let mut hashing = Hashing::of(std::io::sink());
    let bytes = std::fs::File::open(path)
        .and_then(|mut file| std::io::copy(&mut file, &mut hashing))
        .with_context(|| format!("{} cannot be read", path.display()))?;
    Ok((bytes, Sha256::parse(hashing.hex())?))
}

impl Finished {
    /// The report of it.
    pub(crate) fn report(&self) -> Report {
        Report {
            schema: 1,
            exit_code: self.exit_code,
            seconds: self.usage.seconds,
            cpu_seconds: self.usage.cpu_seconds,
            max_rss_bytes: self.usage.max_rss_bytes,
            tests: self.results.tests,
            metrics: self.results.metrics.clone(),
            evidence: self.results.evidence.clone(),
            files: self.results.files.iter().map(|delivery| delivery.file.clone()).collect(),
            packages: self.results.packages.iter().map(|delivery| delivery.file.clone()).collect(),
            findings: self.findings.clone(),
            image: self.image.clone(),
            commit: self.commit.clone(),
            failure: self.failure.clone(),
            notes: self.results.notes.clone(),
        }
    }
}
