//! How AWS is reached: region, endpoint, credentials and connections, straight from the variables.

use std::sync::Arc;

use anyhow::Context as _;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::credentials::JobCredentials;
use crate::environment::Environment;

/// What every client of AWS is made from.
pub(crate) struct Aws {
    /// The region of the buckets and of the registry.
    pub(crate) region: String,
    /// Another endpoint than AWS's own.
    pub(crate) endpoint: Option<String>,
    /// The job's credentials.
    pub(crate) credentials: Arc<JobCredentials>,
    /// The connections.
    pub(crate) http: SharedHttpClient,
}

impl Aws {
    /// The credentials as the SDK takes them.
    pub(crate) fn provider(&self) -> SharedCredentialsProvider {
        let credentials: Arc<dyn ProvideCredentials> = self.credentials.clone();
        credentials.into()
    }

    /// AWS as `environment` describes it.
    pub(crate) fn of(environment: &Environment) -> anyhow::Result<Self> {
        let region = environment
            .get("AWS_REGION")
            .or_else(|| environment.get("AWS_DEFAULT_REGION"))
            .context("AWS_REGION is not set; ECS sets it, elsewhere it has to be given")?;
        let endpoint = environment.get("AWS_ENDPOINT_URL").map(str::to_owned);
        let plain = endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://"));
        // Reading the trusted certificates takes longer than a small upload.
        let http = if plain {
            Builder::new().build_http()
        } else {
            Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
        };
        let credentials = Arc::new(JobCredentials::of(environment));
        Ok(Self { region: region.to_owned(), endpoint, credentials, http })
    }
}
