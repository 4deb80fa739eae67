//! Places on the network that are not AWS.

use aws_sdk_s3::config::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::retry::RetryConfig;

use super::Trouble;
use super::bare::{Bare, Call};

/// As much of a refusal as is repeated.
const REPEATED: usize = 200;

/// Posts to any address.
#[derive(Clone, Debug)]
pub struct WebClient {
    http: SharedHttpClient,
    retries: RetryConfig,
}

impl WebClient {
    pub(super) fn new(http: SharedHttpClient, retries: RetryConfig) -> Self {
        Self { http, retries }
    }

    /// Posts `body` with `headers` to `url`, which may receive it twice.
    ///
    /// # Errors
    /// When the answer is not one of success.
    pub async fn post(
        &self,
        url: &str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Result<(), Trouble> {
        let (origin, path) = split(url);
        let slash = if path.starts_with('/') { "" } else { "/" };
        let path = format!("{slash}{path}");
        let bare = Bare::new(origin, None, self.http.clone(), &self.retries, refusal);
        bare.call(Call { path, headers, body }).await.map(|_| ())
    }
}

/// `https://host:port` and the rest.
fn split(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find(['/', '?']).map_or(url.len(), |at| host + at);
    url.split_at(end)
}

/// The beginning of what was answered: whoever set the place up knows what it means.
fn refusal(response: &HttpResponse) -> (Option<String>, Option<String>) {
    let body = String::from_utf8_lossy(response.body().bytes().unwrap_or_default()).into_owned();
    let clean = body.chars().map(|c| if c.is_control() { ' ' } else { c });
    (None, Some(clean.take(REPEATED).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_its_origin_and_its_path() {
        for (url, parts) in [
            ("https://example.com/a/b?c=d", ("https://example.com", "/a/b?c=d")),
            ("http://127.0.0.1:8080", ("http://127.0.0.1:8080", "")),
            ("https://example.com?x", ("https://example.com", "?x")),
        ] {
            assert_eq!(split(url), parts);
        }
    }
}
