//! The shelf in S3.

use std::path::Path;

use anyhow::Context as _;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    BehaviorVersion, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::primitives::ByteStream;
use signalbox_pipeline::order::Order;
use tokio::sync::OnceCell;

use super::{Body, Shelf};
use crate::aws::Aws;
use crate::environment::Environment;
use crate::task;

/// The artifacts bucket.
pub(crate) struct S3 {
    bucket: String,
    incoming: String,
    environment: Environment,
    client: OnceCell<Client>,
    prefix: OnceCell<String>,
}

impl S3 {
    /// The bucket of `order`. Nothing is asked of AWS yet.
    pub(crate) fn of(order: &Order, environment: &Environment) -> Self {
        Self {
            bucket: order.artifacts_bucket.clone(),
            incoming: order.incoming.clone(),
            environment: environment.clone(),
            client: OnceCell::new(),
            prefix: OnceCell::new(),
        }
    }

    async fn client(&self) -> anyhow::Result<&Client> {
        self.client
            .get_or_try_init(async || {
                let aws = Aws::of(&self.environment)?;
                // The SDK would ask when the first request waits for it.
                aws.credentials.current().await?;
                Ok(client(aws))
            })
            .await
    }

    async fn prefix(&self) -> anyhow::Result<&str> {
        let prefix = self.prefix.get_or_try_init(async || {
            let task = task::id(&self.environment).await?;
            anyhow::Ok(format!("{}:{task}/", self.incoming))
        });
        Ok(prefix.await?.as_str())
    }
}

/// A client of S3, for whatever bucket.
pub(crate) fn client(aws: Aws) -> Client {
    let path_style = aws.endpoint.is_some();
    let mut config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(aws.provider())
        .region(Region::new(aws.region))
        .force_path_style(path_style)
        .http_client(aws.http)
        // Files carry a SHA-256 of their own, and sources are compared with the one that was pinned.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    config.set_endpoint_url(aws.endpoint);
    Client::from_conf(config.build())
}

impl Shelf for S3 {
    async fn get(&self, key: &str, version: &str, into: &Path) -> anyhow::Result<()> {
        let request =
            self.client().await?.get_object().bucket(&self.bucket).key(key).version_id(version);
        let answer = request
            .send()
            .await
            .map_err(|error| anyhow::anyhow!("{}", DisplayErrorContext(error)))?;
        let mut file = tokio::fs::File::create(into).await?;
        tokio::io::copy(&mut answer.body.into_async_read(), &mut file).await?;
        tokio::io::AsyncWriteExt::shutdown(&mut file).await?;
        Ok(())
    }

    async fn put(&self, name: &str, body: Body<'_>) -> anyhow::Result<()> {
        let (client, prefix) = tokio::try_join!(self.client(), self.prefix())?;
        let request = client.put_object().bucket(&self.bucket).key(format!("{prefix}{name}"));
        let request = match body {
            Body::Bytes(bytes) => request.body(ByteStream::from(bytes)),
            Body::File { path, sha256 } => request
                .checksum_sha256(aws_smithy_types::base64::encode(hex::decode(sha256)?))
                .body(
                    ByteStream::from_path(path)
                        .await
                        .with_context(|| format!("{} cannot be read", path.display()))?,
                ),
        };
        let answer = request.send().await;
        answer.map_err(|error| {
            anyhow::anyhow!("{name} could not be put: {}", DisplayErrorContext(error))
        })?;
        Ok(())
    }

    async fn warm(&self) {
        // What fails here is asked again, and reported, when it is needed.
        let _ = tokio::join!(self.client(), self.prefix());
    }
}
