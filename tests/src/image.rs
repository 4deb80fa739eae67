//! Images that no build of ours made.

use anyhow::Context as _;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference, RegistryOperation};
use serde_json::json;
use signalbox_pipeline::digest::sha256;

use crate::installation::Installation;

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

impl Installation {
    /// Pushes an image with one file in its folder `/app`, as anybody with access to the registry
    /// may; returns its digest.
    ///
    /// # Errors
    /// When the registry does not take it.
    pub async fn push_image(
        &self,
        repository: &str,
        tag: &str,
        file: &str,
        text: &str,
    ) -> anyhow::Result<String> {
        let answer = self.ecr().get_authorization_token().send().await?;
        let data = answer.authorization_data().first().context("ECR gave no token")?;
        let token = login(data.authorization_token().context("ECR gave no token")?)?;
        // Another test of the same process may have chosen it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ClientConfig {
            protocol: ClientProtocol::Http,
            use_monolithic_push: true,
            ..ClientConfig::default()
        };
        let client = Client::try_from(config)?;
        let host = self.facts.registry.trim_start_matches("http://").to_owned();
        let to = Reference::with_tag(host, repository.to_owned(), tag.to_owned());
        client.auth(&to, &token, RegistryOperation::Push).await?;
        let image = Image::pack(file, text)?;
        for blob in [&image.layer, &image.config] {
            client.push_blob(&to, blob.clone(), &digest(blob)).await?;
        }
        let manifest_type = MANIFEST.parse()?;
        client.push_manifest_raw(&to, image.manifest.clone(), manifest_type).await?;
        Ok(digest(&image.manifest))
    }
}

/// An image of one layer with one file.
pub(crate) struct Image {
    pub(crate) layer: Bytes,
    pub(crate) config: Bytes,
    pub(crate) manifest: Bytes,
}

impl Image {
    /// An image whose folder `/app` holds `file`.
    pub(crate) fn pack(file: &str, text: &str) -> anyhow::Result<Self> {
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("app/{file}"), text.as_bytes())?;
        let unpacked = archive.into_inner()?;
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        std::io::Write::write_all(&mut packer, &unpacked)?;
        let layer = packer.finish()?;
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "config": { "WorkingDir": "/app", "Cmd": ["cat", file] },
            "rootfs": { "type": "layers", "diff_ids": [digest(&unpacked)] },
        });
        let config = serde_json::to_vec(&config)?;
        let described = |media_type: &str, bytes: &[u8]| {
            json!({
                "mediaType": media_type, "digest": digest(bytes), "size": bytes.len(),
            })
        };
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described(CONFIG, &config),
            "layers": [described(LAYER, &layer)],
        });
        let manifest = serde_json::to_vec(&manifest)?.into();
        Ok(Self { layer: layer.into(), config: config.into(), manifest })
    }
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256(bytes))
}

/// ECR's token is `user:password` in base64.
fn login(token: &str) -> anyhow::Result<RegistryAuth> {
    let text = String::from_utf8(aws_smithy_types::base64::decode(token)?)?;
    let (user, password) = text.split_once(':').context("ECR's token is no user and password")?;
    Ok(RegistryAuth::Basic(user.to_owned(), password.to_owned()))
}
