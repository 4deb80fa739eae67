//! A GET from the endpoints that the container agent serves on the container's own network.

use std::time::Duration;

use anyhow::{Context as _, bail};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

/// How often an endpoint is asked. The agent throttles under load.
const ATTEMPTS: u32 = 4;

/// Gets `url`, with an `Authorization` header where one is given.
pub(crate) async fn get(url: &str, authorization: Option<&str>) -> anyhow::Result<Vec<u8>> {
    let timeout = Duration::from_secs(5);
    let settings =
        HttpConnectorSettings::builder().connect_timeout(timeout).read_timeout(timeout).build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .sleep_impl(TokioSleep::new())
        .build_http();
    let mut pause = Duration::from_millis(50);
    for _ in 1..ATTEMPTS {
        if let Ok(body) = once(&connector, url, authorization).await {
            return Ok(body);
        }
        tokio::time::sleep(pause).await;
        pause *= 4;
    }
    once(&connector, url, authorization).await.with_context(|| format!("GET {url} failed"))
}

async fn once(
    connector: &Connector,
    url: &str,
    authorization: Option<&str>,
) -> anyhow::Result<Vec<u8>> {
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_uri(url)?;
    if let Some(authorization) = authorization {
        request.headers_mut().try_insert("authorization", authorization.to_owned())?;
    }
    let response = connector.call(request).await.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let status = response.status();
    let body = ByteStream::new(response.into_body()).collect().await?.to_vec();
    if !status.is_success() {
        bail!("the answer was {}", status.as_u16());
    }
    Ok(body)
}
