//! Requests as they went out, and what they are answered.

use aws_smithy_runtime_api::client::http::HttpConnectorFuture;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;

/// One answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Status, headers, body.
    Http(u16, Vec<(&'static str, String)>, String),
    /// Nothing came in time.
    Timeout,
    /// The connection broke.
    Broken,
}

/// A request as it went out.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its method.
    pub method: String,
    /// Its URI, whole.
    pub uri: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
}

impl Seen {
    /// The header `name`, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl From<&HttpRequest> for Seen {
    fn from(request: &HttpRequest) -> Self {
        let headers = request.headers().iter().map(|(k, v)| (k.to_owned(), v.to_owned()));
        let body = request.body().bytes().unwrap_or_default();
        Self {
            method: request.method().to_owned(),
            uri: request.uri().to_owned(),
            headers: headers.collect(),
            body: String::from_utf8_lossy(body).into_owned(),
        }
    }
}

impl Answer {
    pub(crate) fn into_future(self) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(match self {
            Self::Http(status, headers, body) => response(status, headers, body),
            Self::Timeout => Err(ConnectorError::timeout("no answer in time".into())),
            Self::Broken => Err(ConnectorError::io("connection reset".into())),
        })
    }
}

fn response(
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
) -> Result<HttpResponse, ConnectorError> {
    let status = status.try_into().map_err(|_| ConnectorError::user("no such status".into()))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    for (name, value) in headers {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

/// A success with the body.
pub fn ok(body: impl Into<String>) -> Answer {
    let headers = vec![("etag", "\"e2\"".to_owned()), ("x-amz-version-id", "v2".to_owned())];
    Answer::Http(200, headers, body.into())
}

/// An error of S3.
#[must_use]
pub fn s3_error(status: u16, code: &str) -> Answer {
    let body =
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>m</Message></Error>");
    Answer::Http(status, vec![], body)
}

/// An error of a service that speaks JSON.
#[must_use]
pub fn json_error(status: u16, kind: &'static str, message: &str) -> Answer {
    let body = serde_json::json!({ "__type": kind, "message": message }).to_string();
    Answer::Http(status, vec![("x-amzn-errortype", kind.to_owned())], body)
}
