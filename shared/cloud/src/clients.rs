//! Clients of AWS, built straight from what Lambda gives, without the default chain.
//!
//! All of them share one connector, so that a connection opened for one serves the others. Reads
//! are retried by the SDK; what must not be carried out twice unnoticed (a conditional put, a
//! submission) goes through a `once` client that tries a single time.

use std::time::Duration;

use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, IdentityCache, Region, RequestChecksumCalculation,
    ResponseChecksumValidation, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use signalbox_pipeline::names::Host;

use crate::config::Account;

mod bare;
mod form;
mod json;
mod trouble;
mod web;

use bare::{Bare, Refusal, Signature};
pub use form::FormClient;
pub use json::JsonClient;
use json::Protocol;
pub use trouble::{Trouble, trouble};
pub use web::WebClient;

/// A connection that does not come about within this is given up.
const CONNECT: Duration = Duration::from_secs(1);
/// One try of one request.
const ATTEMPT: Duration = Duration::from_secs(5);
/// A request with all of its tries: well below a function's timeout of 30 s.
const OPERATION: Duration = Duration::from_secs(12);
const TRIES: u32 = 3;
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);

/// Makes clients for one account that share one connector.
#[derive(Clone, Debug)]
pub struct Clients {
    account: Account,
    http: SharedHttpClient,
    first_backoff: Duration,
}

/// One service's client in two tempers.
#[derive(Clone, Debug)]
pub struct Client<C> {
    /// Retries what may be retried: for reads, and for writes that may happen twice.
    pub patient: C,
    /// Tries once: for what is ours to judge when the answer is lost.
    pub once: C,
}

macro_rules! client {
    ($(#[$doc:meta])* $name:ident, $sdk:ident $(, $more:expr)?) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(&self) -> Client<$sdk::Client> {
            self.client(|retries| {
                let mut config = $sdk::config::Builder::new();
                config.set_endpoint_url(self.account.endpoint.clone());
                let config = config
                    .behavior_version(BehaviorVersion::latest())
                    .region(Region::new(self.account.region.clone()))
                    .credentials_provider(self.credentials())
                    .identity_cache(IdentityCache::no_cache())
                    .http_client(self.http.clone())
                    .sleep_impl(TokioSleep::new())
                    .timeout_config(timeouts())
                    .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
                    .retry_config(retries);
                $(let config = $more(&self.account, config);)?
                $sdk::Client::from_conf(config.build())
            })
        }
    };
}

impl Clients {
    /// Clients over the network.
    #[must_use]
    pub fn new(account: Account) -> Self {
        // A plain endpoint needs no TLS set up, which is most of what a cold start costs.
        let plain = account.endpoint.as_deref().is_some_and(|url| url.starts_with("http://"));
        if plain {
            Self::over(account, Builder::new().build_http())
        } else {
            Self::reaching(account)
        }
    }

    /// The same, whose [`Self::web`] reaches places with TLS wherever AWS is.
    #[must_use]
    pub fn reaching(account: Account) -> Self {
        let ring = tls::rustls_provider::CryptoMode::Ring;
        let http = Builder::new().tls_provider(tls::Provider::Rustls(ring)).build_https();
        Self::over(account, http)
    }

    /// Clients that send their requests through `http`: the seam for simulation.
    #[must_use]
    pub fn over(account: Account, http: SharedHttpClient) -> Self {
        Self { account, http, first_backoff: FIRST_BACKOFF }
    }

    /// The same, but waiting `first` at most before a first retry, and then twice as long each time.
    #[must_use]
    pub fn with_backoff(self, first: Duration) -> Self {
        Self { first_backoff: first, ..self }
    }

    /// The account that the clients call.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    client! {
        /// S3.
        s3, aws_sdk_s3, of_s3
    }

    client! {
        /// SQS.
        sqs, aws_sdk_sqs
    }

    client! {
        /// Batch.
        batch, aws_sdk_batch
    }

    client! {
        /// ECR.
        ecr, aws_sdk_ecr
    }

    /// Batch, for its reads: their answers have the shape of its events, and are read as such.
    #[must_use]
    pub fn batch_json(&self) -> JsonClient {
        self.json("batch", Protocol::RestJson("/v1/"), &self.host("batch"))
    }

    /// ECR, for what few runs ask of it.
    #[must_use]
    pub fn ecr_json(&self) -> JsonClient {
        let protocol = Protocol::Json11("AmazonEC2ContainerRegistry_V20150921");
        self.json("ecr", protocol, &format!("api.{}", self.host("ecr")))
    }

    /// CodeCommit at `host`, such as `codecommit.eu-west-1.amazonaws.com`.
    #[must_use]
    pub fn codecommit(&self, host: &Host) -> JsonClient {
        self.json("codecommit", Protocol::Json11("CodeCommit_20150413"), host.as_str())
    }

    /// Secrets Manager, for its reads.
    #[must_use]
    pub fn secrets(&self) -> JsonClient {
        let name = "secretsmanager";
        self.json(name, Protocol::Json11(name), &self.host(name))
    }

    /// SNS in `region`: a topic takes messages only where it lies.
    #[must_use]
    pub fn sns(&self, region: &str) -> FormClient {
        let host = self.host_in("sns", region);
        FormClient::new("2010-03-31", self.bare("sns", region, &host, form::refusal))
    }

    /// Any other place on the network.
    #[must_use]
    pub fn web(&self) -> WebClient {
        WebClient::new(self.http.clone(), self.patience())
    }

    fn host(&self, service: &str) -> String {
        self.host_in(service, &self.account.region)
    }

    fn host_in(&self, service: &str, region: &str) -> String {
        let country = if region.starts_with("cn-") { ".cn" } else { "" };
        format!("{service}.{region}.amazonaws.com{country}")
    }

    fn json(&self, service: &'static str, protocol: Protocol, host: &str) -> JsonClient {
        let bare = self.bare(service, &self.account.region, host, json::refusal);
        JsonClient::new(protocol, bare)
    }

    fn bare(&self, service: &'static str, region: &str, host: &str, refusal: Refusal) -> Bare {
        let own = || format!("https://{host}");
        let endpoint = self.account.endpoint.clone().unwrap_or_else(own);
        let signature = Signature { service, region, credentials: self.credentials() };
        Bare::new(&endpoint, Some(signature), self.http.clone(), &self.patience(), refusal)
    }

    fn client<C>(&self, build: impl Fn(RetryConfig) -> C) -> Client<C> {
        Client { patient: build(self.patience()), once: build(RetryConfig::disabled()) }
    }

    fn patience(&self) -> RetryConfig {
        RetryConfig::standard()
            .with_max_attempts(TRIES)
            .with_initial_backoff(self.first_backoff)
            .with_max_backoff(LONGEST_BACKOFF)
    }

    fn credentials(&self) -> Credentials {
        self.account.credentials.clone()
    }
}

/// What S3 needs besides.
fn of_s3(account: &Account, config: aws_sdk_s3::config::Builder) -> aws_sdk_s3::config::Builder {
    config
        // Buckets in the host's name need a name server that knows them.
        .force_path_style(account.endpoint.is_some())
        // The signature covers the body's SHA-256 already.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

#[cfg(test)]
mod tests;
