//! The push, over the OCI distribution protocol.

use std::path::Path;

use anyhow::{Context as _, bail};
use aws_sdk_ecr::config::{BehaviorVersion, Region};
use aws_sdk_ecr::error::DisplayErrorContext;
use bytes::Bytes;
use futures_util::{Stream, stream};
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference, RegistryOperation};
use signalbox_pipeline::names::{ImageRepository, ImageTag};
use tokio::io::AsyncReadExt as _;

use super::image::Image;
use crate::aws::Aws;
use crate::environment::Environment;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// How much of a layer is held in memory while it is sent.
const PIECE: usize = 1024 * 1024;

/// The account's own registry.
pub(super) struct Registry {
    /// Its host, with the port where it has one.
    pub(super) host: String,
    client: Client,
    auth: RegistryAuth,
}

impl Registry {
    /// Asks ECR where the registry is, and for the right to push.
    pub(super) async fn of(environment: &Environment) -> anyhow::Result<Self> {
        let aws = Aws::of(environment)?;
        let mut config = aws_sdk_ecr::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(aws.provider())
            .region(Region::new(aws.region))
            .http_client(aws.http);
        config.set_endpoint_url(aws.endpoint);
        let answer =
            aws_sdk_ecr::Client::from_conf(config.build()).get_authorization_token().send().await;
        let answer = answer.map_err(|error| {
            anyhow::anyhow!("ECR gives no token: {}", DisplayErrorContext(error))
        })?;
        let data = answer.authorization_data().first().context("ECR answered without a token")?;
        let endpoint =
            data.proxy_endpoint().context("ECR answered without the registry's address")?;
        let token = data.authorization_token().context("ECR answered without a token")?;
        Self::at(endpoint, token)
    }

    /// The registry at `endpoint`, with ECR's token, `user:password` in base64.
    fn at(endpoint: &str, token: &str) -> anyhow::Result<Self> {
        let token = String::from_utf8(aws_smithy_types::base64::decode(token)?)?;
        let (user, password) =
            token.split_once(':').context("ECR's token is not a user and a password")?;
        let (host, protocol) = match endpoint.split_once("://") {
            Some(("https", host)) => (host, ClientProtocol::Https),
            Some(("http", host)) if is_loopback(host) => (host, ClientProtocol::Http),
            _ => bail!("the registry's address is {endpoint}; a push goes over HTTPS"),
        };
        // Somebody else in the process may have chosen one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config =
            ClientConfig { protocol, use_monolithic_push: true, ..ClientConfig::default() };
        Ok(Self {
            host: host.trim_end_matches('/').to_owned(),
            client: Client::try_from(config).context("no connection can be made")?,
            auth: RegistryAuth::Basic(user.to_owned(), password.to_owned()),
        })
    }

    /// Pushes `image`, and asks what the registry now holds under the tag.
    pub(super) async fn push(
        &self,
        image: &Image,
        repository: &ImageRepository,
        tag: &ImageTag,
    ) -> anyhow::Result<()> {
        let to = Reference::with_tag(self.host.clone(), repository.to_string(), tag.to_string());
        let failed = || {
            format!(
                "the push to {to} failed; does the ECR repository {repository} exist, and may the job's role push?"
            )
        };
        self.client.auth(&to, &self.auth, RegistryOperation::Push).await.with_context(failed)?;
        let layer = format!("sha256:{}", image.layer.sha256);
        if !self.client.blob_exists(&to, &layer).await.with_context(failed)? {
            let content = pieces(&image.layer.path).await?;
            let pushed =
                self.client.push_blob_stream(&to, content, &layer, Some(image.layer.bytes));
            pushed.await.with_context(failed)?;
        }
        let config = format!("sha256:{}", signalbox_pipeline::digest::sha256(&image.config));
        self.client.push_blob(&to, image.config.clone(), &config).await.with_context(failed)?;
        let media_type = MANIFEST.parse().context("a media type")?;
        self.client
            .push_manifest_raw(&to, image.manifest.clone(), media_type)
            .await
            .with_context(failed)?;
        let held = self.client.fetch_manifest_digest(&to, &self.auth).await.with_context(failed)?;
        if held != image.digest.as_str() {
            bail!(
                "{to} is {held}, where {} was pushed; somebody else writes to this tag",
                image.digest
            );
        }
        Ok(())
    }
}

fn is_loopback(host: &str) -> bool {
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|loopback| {
        host.strip_prefix(loopback)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    })
}

/// The file at `path`, piece by piece.
async fn pieces(
    path: &Path,
) -> anyhow::Result<impl Stream<Item = Result<Bytes, OciDistributionError>> + Send + 'static> {
    let file = tokio::fs::File::open(path)
        .await
        .with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(stream::try_unfold(file, async |mut file| {
        let mut piece = Vec::with_capacity(PIECE);
        (&mut file).take(PIECE as u64).read_to_end(&mut piece).await?;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), file)))
    }))
}
