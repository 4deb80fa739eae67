//! The one layer of an image.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use flate2::{Compression, GzBuilder};

use crate::hashing::Hashing;
use crate::tree::{self, Tree};

/// A layer, packed: a tar archive in gzip, which every registry and every runtime reads.
#[derive(Debug)]
pub(super) struct Layer {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// Its size.
    pub(super) bytes: u64,
    /// The SHA-256 of its bytes, in hex.
    pub(super) sha256: String,
    /// The SHA-256 of the archive inside, in hex.
    pub(super) inside: String,
}

impl Layer {
    /// Packs `tree` to `path`. All times are the epoch's, so that only content decides about the bytes.
    pub(super) fn pack(tree: &Tree, path: PathBuf) -> anyhow::Result<Self> {
        let file = create(&path)?;
        let packed = GzBuilder::new().mtime(0).write(Hashing::of(file), Compression::default());
        let archive = tree::write_tar(tree, 0, Hashing::of(packed))?;
        let inside = archive.hex();
        let packed = archive.into_inner().finish().context("the layer cannot be written")?;
        Ok(Self { path, bytes: packed.bytes(), sha256: packed.hex(), inside })
    }
}

fn create(path: &Path) -> anyhow::Result<io::BufWriter<File>> {
    let file =
        File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(io::BufWriter::new(file))
}
