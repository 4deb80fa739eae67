//! Requests without an SDK: signing, retries, time limits and connections are those of the SDKs
//! all the same, only the envelope is ours.

use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, SharedHttpClient,
    StalledStreamProtectionConfig,
};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime::client::orchestrator::operation::{Operation, OperationBuilder};
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

use super::{Trouble, timeouts, trouble};

/// What a service's refusal says: its code and its words.
pub(super) type Refusal = fn(&HttpResponse) -> (Option<String>, Option<String>);

/// A service, or any other place on the network.
#[derive(Clone, Debug)]
pub(super) struct Bare(Operation<Call, Vec<u8>, ErrorMetadata>);

/// A request: a POST of a body.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// Below the endpoint.
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// In whose name a service of AWS is called.
pub(super) struct Signature<'a> {
    pub(super) service: &'static str,
    pub(super) region: &'a str,
    pub(super) credentials: Credentials,
}

impl Bare {
    /// What lies at `endpoint`, called as `signature` says; without one, unsigned.
    pub(super) fn new(
        endpoint: &str,
        signature: Option<Signature<'_>>,
        http: SharedHttpClient,
        retries: &RetryConfig,
        refusal: Refusal,
    ) -> Self {
        let name = signature.as_ref().map_or("web", |signature| signature.service);
        let operation: OperationBuilder = Operation::builder()
            .service_name(name)
            .operation_name("call")
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .endpoint_url(endpoint)
            .sleep_impl(TokioSleep::new())
            .timeout_config(timeouts())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .standard_retry(retries)
            .retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
            .retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::new())
            .retry_classifier(HttpStatusCodeClassifier::default());
        let operation = match signature {
            Some(signature) => operation.runtime_plugin(signed(signature)),
            None => operation.no_auth(),
        };
        let answer = move |response: &HttpResponse| answer(response, refusal);
        Self(operation.serializer(request).deserializer(answer).build())
    }

    /// The body of the answer.
    pub(super) async fn call(&self, call: Call) -> Result<Vec<u8>, Trouble> {
        self.0.invoke(call).await.map_err(|error| trouble(&error))
    }
}

/// Signature version 4 with the account's own keys.
fn signed(signature: Signature<'_>) -> StaticRuntimePlugin {
    let mut config = Layer::new("signature");
    config.store_put(AuthSchemeOptionResolverParams::new(()));
    config.store_put(SigV4OperationSigningConfig {
        region: Some(Region::new(signature.region.to_owned()).into()),
        name: Some(signature.service.into()),
        ..SigV4OperationSigningConfig::default()
    });
    let schemes = StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]);
    let keys = SharedCredentialsProvider::new(signature.credentials);
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
    request.set_uri(call.path)?;
    for (name, value) in call.headers {
        request.headers_mut().try_insert(name, value)?;
    }
    Ok(request)
}

fn answer(
    response: &HttpResponse,
    refusal: Refusal,
) -> Result<Vec<u8>, OrchestratorError<ErrorMetadata>> {
    if response.status().is_success() {
        return Ok(response.body().bytes().unwrap_or_default().to_vec());
    }
    let (code, message) = refusal(response);
    let mut error = ErrorMetadata::builder();
    if let Some(code) = code {
        error = error.code(code);
    }
    if let Some(message) = message {
        error = error.message(message);
    }
    Err(OrchestratorError::operation(error.build()))
}
