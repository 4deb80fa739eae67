//! Where the documents are read: the state bucket, or a copy of it in a folder.

use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use signalbox_cloud::store::Stored as _;
use signalbox_pipeline::run::Run;

use crate::connect::{Lister, Objects, Stack, Version};
use crate::exit::Exit;

/// No document is larger, in bytes; what is larger is not read to its end.
pub(super) const LARGEST: usize = Run::LARGEST;

/// Where the documents are read.
pub(super) enum Shelf {
    /// The state bucket.
    Bucket {
        /// Its objects.
        objects: Objects,
        /// Whether older versions are left out.
        newest: bool,
    },
    /// A copy of it.
    Folder(PathBuf),
}

/// What a read finds.
pub(super) enum Found {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// It is larger than any document.
    TooLarge,
    /// It was listed, and is gone.
    Gone,
}

impl Shelf {
    /// The state bucket.
    pub(super) fn bucket(objects: Objects, newest: bool) -> Self {
        Self::Bucket { objects, newest }
    }

    /// A copy of it in `dir`.
    pub(super) fn folder(dir: PathBuf) -> anyhow::Result<Self> {
        if dir.is_dir() {
            return Ok(Self::Folder(dir));
        }
        Err(Exit::NotFound.because(format!(
            "{} is not a folder; `aws s3 sync s3://BUCKET DIR` makes a copy of a bucket",
            dir.display()
        )))
    }

    /// What it is called.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Bucket { objects, .. } => objects.url(""),
            Self::Folder(dir) => dir.display().to_string(),
        }
    }

    /// Everything whose key begins with `prefix`.
    pub(super) fn stacks(&self, prefix: &str) -> BoxStream<'static, anyhow::Result<Stack>> {
        match self {
            Self::Bucket { objects, newest: true } => objects.newest(prefix).boxed(),
            Self::Bucket { objects, newest: false } => objects.stacks(prefix).boxed(),
            Self::Folder(dir) => stream::iter(Files::below(dir, prefix)).boxed(),
        }
    }

    /// The bytes of a version of a document.
    pub(super) async fn read(&self, key: &str, version: &Version) -> anyhow::Result<Found> {
        match self {
            Self::Bucket { objects, .. } => {
                match objects.read_version(key, version, LARGEST).await? {
                    None => Ok(Found::Gone),
                    Some(bytes) if bytes.len() > LARGEST => Ok(Found::TooLarge),
                    Some(bytes) => Ok(Found::Bytes(bytes)),
                }
            }
            Self::Folder(dir) => {
                let file = dir.join(key);
                tokio::task::spawn_blocking(move || read_file(&file)).await?
            }
        }
    }
}

impl Lister for Shelf {
    async fn folders(&self, prefix: &str) -> anyhow::Result<Vec<String>> {
        match self {
            Self::Bucket { objects, .. } => objects.folders(prefix).await,
            Self::Folder(dir) => {
                let entries = entries(&dir.join(prefix))?;
                let folders = entries.into_iter().filter(|entry| entry.is_dir());
                Ok(folders.filter_map(|entry| name(&entry)).collect())
            }
        }
    }

    async fn has(&self, key: &str) -> anyhow::Result<bool> {
        match self {
            Self::Bucket { objects, .. } => objects.has(key).await,
            Self::Folder(dir) => Ok(dir.join(key).is_file()),
        }
    }
}

fn read_file(path: &Path) -> anyhow::Result<Found> {
    let unread = || format!("{} cannot be read", path.display());
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Gone),
        Err(error) => return Err(error).with_context(unread),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST as u64 + 1).read_to_end(&mut bytes).with_context(unread)?;
    Ok(if bytes.len() > LARGEST { Found::TooLarge } else { Found::Bytes(bytes) })
}

/// What lies in the folder `path`, by name; nothing where there is none.
fn entries(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let unread = || format!("{} cannot be read", path.display());
    let listed = match std::fs::read_dir(path) {
        Ok(listed) => listed,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(unread),
    };
    let paths: Result<Vec<_>, _> = listed.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.with_context(unread)?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> Option<String> {
    path.file_name()?.to_str().map(str::to_owned)
}

/// The files below a folder, one folder in memory at a time.
struct Files {
    root: PathBuf,
    prefix: String,
    left: Vec<PathBuf>,
}

impl Files {
    fn below(root: &Path, prefix: &str) -> Self {
        // Up to its last slash the prefix names folders.
        let folder = prefix.rsplit_once('/').map_or_else(|| root.to_owned(), |(f, _)| root.join(f));
        Self { root: root.to_owned(), prefix: prefix.to_owned(), left: vec![folder] }
    }
}

impl Iterator for Files {
    type Item = anyhow::Result<Stack>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let path = self.left.pop()?;
            if path.is_dir() {
                match entries(&path) {
                    Ok(inside) => self.left.extend(inside.into_iter().rev()),
                    Err(error) => return Some(Err(error)),
                }
                continue;
            }
            let key = path.strip_prefix(&self.root).ok()?.to_string_lossy().into_owned();
            if key.starts_with(&self.prefix) && path.is_file() {
                return Some(Ok(Stack::newest(key)));
            }
        }
    }
}
