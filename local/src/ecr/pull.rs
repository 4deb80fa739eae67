//! What a container is started from: the image that a reference names, for this machine.

use std::path::{Path, PathBuf};

use super::Ecr;
use super::digest::Digest;
use super::manifest::{Descriptor, ImageConfig, Manifest, Process};
use super::reference::{Reference, Version};
use super::unpack;

/// An image of the registry, ready to be unpacked.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// The manifest's digest: that of the platform's image, where an index was named.
    pub digest: Digest,
    /// What its containers start with.
    pub process: Process,
    layers: Vec<PathBuf>,
}

/// Why an image cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// The registry has no such image.
    #[error("{0}: not found")]
    NotFound(String),
    /// It has, but it cannot be used here.
    #[error("{image}: {reason}")]
    Unusable {
        /// The image as it was named.
        image: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Ecr {
    /// Finds the image that `reference` names.
    ///
    /// # Errors
    /// When it is not there, has no image for this machine, or is not whole.
    pub fn pull(&self, reference: &Reference) -> Result<Pulled, PullError> {
        let image = describe(reference);
        let digest = self
            .look(&reference.repository, |repository| repository.find(&reference.version).cloned())
            .flatten()
            .ok_or_else(|| PullError::NotFound(image.clone()))?;
        let unusable = |reason: String| PullError::Unusable { image: image.clone(), reason };
        let (digest, config, layers) = match self.manifest(&digest).map_err(unusable)? {
            Manifest::Image { config, layers } => (digest, config, layers),
            Manifest::Index(entries) => self.of_platform(&entries).map_err(unusable)?,
        };
        let bytes = std::fs::read(self.inner.blobs.path(&config.digest))
            .map_err(|error| unusable(format!("its config cannot be read: {error}")))?;
        let config: ImageConfig = serde_json::from_slice(&bytes)
            .map_err(|error| unusable(format!("its config cannot be read: {error}")))?;
        let layers = layers.iter().map(|layer| self.inner.blobs.path(&layer.digest)).collect();
        Ok(Pulled { digest, process: config.config.unwrap_or_default(), layers })
    }

    fn manifest(&self, digest: &Digest) -> Result<Manifest, String> {
        let bytes = std::fs::read(self.inner.blobs.path(digest))
            .map_err(|error| format!("its manifest cannot be read: {error}"))?;
        Manifest::parse(&bytes, None).map(|(manifest, _)| manifest)
    }

    fn of_platform(
        &self,
        entries: &[Descriptor],
    ) -> Result<(Digest, Descriptor, Vec<Descriptor>), String> {
        let here = |entry: &&Descriptor| {
            entry
                .platform
                .as_ref()
                .is_some_and(|one| one.os == "linux" && one.architecture == architecture())
        };
        let entry = entries
            .iter()
            .find(here)
            .ok_or_else(|| format!("the index has no image for linux/{}", architecture()))?;
        match self.manifest(&entry.digest)? {
            Manifest::Image { config, layers } => Ok((entry.digest.clone(), config, layers)),
            Manifest::Index(_) => Err("an index within an index is not supported".to_owned()),
        }
    }
}

impl Pulled {
    /// Unpacks the image's layers, lowest first, into the empty folder `root`.
    ///
    /// # Errors
    /// When a layer is broken, tries to leave `root`, or is larger than this engine allows.
    pub fn unpack(&self, root: &Path) -> anyhow::Result<()> {
        unpack::layers(&self.layers, root)
    }
}

fn describe(reference: &Reference) -> String {
    match &reference.version {
        Version::Digest(digest) => format!("{}@{digest}", reference.repository),
        Version::Tag(tag) => format!("{}:{tag}", reference.repository),
    }
}

/// This machine, in the words of images.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
