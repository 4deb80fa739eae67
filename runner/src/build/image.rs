//! An image: its layer, its configuration and its manifest, as the OCI specification has them.

use std::collections::HashMap;
use std::path::Path;
use std::str::FromStr as _;

use anyhow::Context as _;
use oci_spec::image::{
    Arch, Config, ConfigBuilder, Descriptor, DescriptorBuilder, Digest, ImageConfigurationBuilder,
    ImageManifestBuilder, MediaType, Os, RootFsBuilder,
};
use serde::Serialize;
use signalbox_pipeline::digest::sha256;
use signalbox_pipeline::names::ImageDigest;

use super::layer::Layer;
use super::recipe::Recipe;

/// Where the image that a Dockerfile starts from is named.
const BASE_NAME: &str = "org.opencontainers.image.base.name";

/// An image that is ready to be pushed.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) layer: Layer,
    /// The configuration, byte for byte.
    pub(super) config: Vec<u8>,
    /// The manifest, byte for byte.
    pub(super) manifest: Vec<u8>,
    /// The digest of the manifest.
    pub(super) digest: ImageDigest,
}

impl Image {
    /// Packs `recipe`; the layer goes into `scratch`.
    pub(super) fn pack(recipe: Recipe, scratch: &Path) -> anyhow::Result<Self> {
        let layer = Layer::pack(&recipe.tree, scratch.join("layer.tar.gz"))?;
        let base = recipe.base.clone();
        let root = RootFsBuilder::default()
            .typ("layers")
            .diff_ids([format!("sha256:{}", layer.inside)])
            .build()?;
        let config = ImageConfigurationBuilder::default()
            .architecture(Arch::default())
            .os(Os::Linux)
            .config(config_of(recipe)?)
            .rootfs(root)
            .build()?;
        let config = sorted(&config)?;
        let manifest = ImageManifestBuilder::default()
            .schema_version(2_u32)
            .media_type(MediaType::ImageManifest)
            .config(descriptor(
                MediaType::ImageConfig,
                config.len() as u64,
                sha256(&config).as_str(),
            )?)
            .layers([descriptor(MediaType::ImageLayerGzip, layer.bytes, &layer.sha256)?])
            .annotations(HashMap::from([(BASE_NAME.to_owned(), base)]))
            .build()?;
        let manifest = sorted(&manifest)?;
        let digest = ImageDigest::parse(format!("sha256:{}", sha256(&manifest)))?;
        Ok(Self { layer, config, manifest, digest })
    }
}

fn config_of(recipe: Recipe) -> anyhow::Result<Config> {
    let environment = recipe.environment.into_iter().map(|(name, value)| format!("{name}={value}"));
    let mut config = ConfigBuilder::default()
        .env(environment.collect::<Vec<_>>())
        .working_dir(format!("/{}", recipe.folder.display()))
        .exposed_ports(recipe.exposed)
        .volumes(recipe.volumes)
        .labels(recipe.labels.into_iter().collect::<HashMap<_, _>>());
    if !recipe.command.is_empty() {
        config = config.cmd(recipe.command);
    }
    if let Some(user) = recipe.user {
        config = config.user(user);
    }
    if let Some(signal) = recipe.stop_signal {
        config = config.stop_signal(signal);
    }
    config.build().context("the image's configuration")
}

fn descriptor(media_type: MediaType, bytes: u64, sha256: &str) -> anyhow::Result<Descriptor> {
    let digest = Digest::from_str(&format!("sha256:{sha256}"))?;
    Ok(DescriptorBuilder::default().media_type(media_type).size(bytes).digest(digest).build()?)
}

/// JSON with the members of every object in order: a hash map has another order every time.
fn sorted(document: &impl Serialize) -> anyhow::Result<Vec<u8>> {
    let mut value = serde_json::to_value(document)?;
    value.sort_all_objects();
    Ok(serde_json::to_vec(&value)?)
}
