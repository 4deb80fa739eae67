//! A service that speaks JSON, without an SDK of it.
//!
//! A function's zip has to stay below 4 MB and is nearly that large, and an SDK costs more than the
//! few reads that are wanted are worth. Signing, retries, time limits and connections are those of
//! the other clients all the same: only the envelope is ours.

use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, SharedHttpClient,
    StalledStreamProtectionConfig,
};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{
    HttpStatusCodeClassifier, TransientErrorClassifier,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Trouble, timeouts, trouble};

/// A client of one service.
#[derive(Clone, Debug)]
pub struct JsonClient {
    operation: Operation<Call, Vec<u8>, ErrorMetadata>,
    protocol: Protocol,
}

/// How a service is told which operation is meant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Protocol {
    /// By the header `X-Amz-Target`, after this, such as `CodeCommit_20150413`.
    Json11(&'static str),
    /// By the path, in small letters after this.
    RestJson(&'static str),
}

/// Which service, and in whose name it is called.
pub(super) struct Service<'a> {
    pub(super) signing_name: &'static str,
    pub(super) protocol: Protocol,
    pub(super) endpoint: &'a str,
    pub(super) region: &'a str,
    pub(super) credentials: Credentials,
}

#[derive(Debug)]
struct Call {
    protocol: Protocol,
    operation: String,
    body: Vec<u8>,
}

/// An error on the wire.
#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "__type")]
    code: Option<String>,
    #[serde(alias = "Message")]
    message: Option<String>,
}

impl JsonClient {
    pub(super) fn new(service: Service<'_>, http: SharedHttpClient, retries: &RetryConfig) -> Self {
        let protocol = service.protocol;
        let operation = Operation::builder()
            .service_name(service.signing_name)
            .operation_name("call")
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .endpoint_url(service.endpoint)
            .sleep_impl(TokioSleep::new())
            .timeout_config(timeouts())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .standard_retry(retries)
            .retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
            .retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::new())
            .retry_classifier(HttpStatusCodeClassifier::default())
            .runtime_plugin(signed(service))
            .serializer(request)
            .deserializer(answer)
            .build();
        Self { operation, protocol }
    }

    /// Calls `operation`, a read, with `input`.
    ///
    /// # Errors
    /// When the service does not do it, or answers something else than `O`.
    pub async fn call<I: Serialize, O: DeserializeOwned>(
        &self,
        operation: &str,
        input: &I,
    ) -> Result<O, Trouble> {
        let body = serde_json::to_vec(input).map_err(|error| Trouble::Unsent(error.to_string()))?;
        let call = Call { protocol: self.protocol, operation: operation.to_owned(), body };
        let answer = self.operation.invoke(call).await.map_err(|error| trouble(&error))?;
        serde_json::from_slice(&answer).map_err(|error| Trouble::Unclear(error.to_string()))
    }
}

/// Signature version 4 with the account's own keys.
fn signed(service: Service<'_>) -> StaticRuntimePlugin {
    let mut config = Layer::new("signature");
    config.store_put(AuthSchemeOptionResolverParams::new(()));
    config.store_put(SigV4OperationSigningConfig {
        region: Some(Region::new(service.region.to_owned()).into()),
        name: Some(service.signing_name.into()),
        ..SigV4OperationSigningConfig::default()
    });
    let schemes = StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]);
    let keys = SharedCredentialsProvider::new(service.credentials);
    let components = RuntimeComponentsBuilder::new("signature")
        .with_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(schemes)))
        .with_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()))
        .with_identity_cache(Some(IdentityCache::no_cache()))
        .with_identity_resolver(SCHEME_ID, SharedIdentityResolver::new(keys));
    StaticRuntimePlugin::new().with_config(config.freeze()).with_runtime_components(components)
}

fn request(call: Call) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(call.body));
    request.set_method("POST")?;
    let media_type = match call.protocol {
        Protocol::Json11(prefix) => {
            request.headers_mut().insert("x-amz-target", format!("{prefix}.{}", call.operation));
            "application/x-amz-json-1.1"
        }
        Protocol::RestJson(prefix) => {
            request.set_uri(format!("{prefix}{}", call.operation.to_ascii_lowercase()))?;
            "application/json"
        }
    };
    request.headers_mut().insert("content-type", media_type);
    Ok(request)
}

fn answer(response: &HttpResponse) -> Result<Vec<u8>, OrchestratorError<ErrorMetadata>> {
    let body = response.body().bytes().unwrap_or_default();
    if response.status().is_success() {
        return Ok(body.to_vec());
    }
    let refusal = serde_json::from_slice(body).unwrap_or(Refusal { code: None, message: None });
    let code = response.headers().get("x-amzn-errortype").map(str::to_owned).or(refusal.code);
    let mut error = ErrorMetadata::builder();
    if let Some(code) = &code {
        error = error.code(bare(code));
    }
    if let Some(message) = refusal.message {
        error = error.message(message);
    }
    Err(OrchestratorError::operation(error.build()))
}

/// `namespace#Code:address` as `Code`.
fn bare(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code)
}
