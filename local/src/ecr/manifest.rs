//! The parts of image manifests and configs that the engine reads, in OCI's and Docker's words alike.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::digest::Digest;

/// The media types of manifests for one image.
const IMAGES: [&str; 2] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];
/// The media types of lists of manifests.
const INDEXES: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// Something that a manifest refers to.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    pub(crate) platform: Option<Platform>,
}

/// What a listed manifest runs on.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Platform {
    pub(crate) architecture: String,
    pub(crate) os: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    media_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
}

/// A manifest, read.
#[derive(Clone, Debug)]
pub(crate) enum Manifest {
    /// One image.
    Image { config: Descriptor, layers: Vec<Descriptor> },
    /// The images of several platforms.
    Index(Vec<Descriptor>),
}

impl Manifest {
    /// Reads a manifest, and says what media type it is of.
    ///
    /// # Errors
    /// One sentence on what is wrong with it.
    pub(crate) fn parse(
        bytes: &[u8],
        content_type: Option<&str>,
    ) -> Result<(Self, String), String> {
        let document: Document = serde_json::from_slice(bytes)
            .map_err(|error| format!("the manifest cannot be read: {error}"))?;
        let media_type = document.media_type.as_deref().or(content_type).unwrap_or(IMAGES[0]);
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
        if IMAGES.contains(&media_type.as_str()) {
            let (Some(config), Some(layers)) = (document.config, document.layers) else {
                return Err("an image manifest must have `config` and `layers`".to_owned());
            };
            Ok((Self::Image { config, layers }, media_type))
        } else if INDEXES.contains(&media_type.as_str()) {
            let manifests = document.manifests.ok_or("an image index must have `manifests`")?;
            Ok((Self::Index(manifests), media_type))
        } else {
            Err(format!(
                "manifests of media type `{media_type}` are not supported; push OCI or Docker v2"
            ))
        }
    }

    /// How many bytes config and layers have.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Image { config, layers } => {
                config.size + layers.iter().map(|layer| layer.size).sum::<u64>()
            }
            Self::Index(_) => 0,
        }
    }
}

/// The config of an image, as far as a container is started from it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ImageConfig {
    /// What containers of the image start with.
    #[serde(default)]
    pub config: Option<Process>,
}

/// `config` of an image's config.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Process {
    /// `ENV`, each `NAME=VALUE`.
    pub env: Option<Vec<String>>,
    /// `ENTRYPOINT`.
    pub entrypoint: Option<Vec<String>>,
    /// `CMD`.
    pub cmd: Option<Vec<String>>,
    /// `WORKDIR`.
    pub working_dir: Option<String>,
}

impl Process {
    /// `ENV` by name; a later line wins.
    #[must_use]
    pub fn environment(&self) -> BTreeMap<String, String> {
        let lines = self.env.iter().flatten();
        lines
            .filter_map(|line| line.split_once('='))
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .collect()
    }
}
