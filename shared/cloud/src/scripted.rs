//! For tests: AWS that answers from a script, below the SDK, so that requests and answers are the
//! real ones on the wire.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;

use crate::chance::Chance;
use crate::clients::Clients;
use crate::config::Account;

/// One answer.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Status, headers, body.
    Http(u16, Vec<(&'static str, String)>, String),
    /// Nothing came in time.
    Timeout,
    /// The connection broke.
    Broken,
}

/// A request as it went out.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub method: String,
    pub uri: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The script, and what was asked so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Script {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = answers.into_iter().collect();
        Self { answers: Arc::new(Mutex::new(answers)), seen: Arc::default() }
    }

    pub(crate) fn clients(&self) -> Clients {
        clients(self.clone())
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Fails where the script was not played to its end.
    pub(crate) fn done(&self) -> Vec<Seen> {
        assert!(self.answers.lock().unwrap().is_empty(), "answers left over");
        self.seen()
    }
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.seen.lock().unwrap().push(Seen::from(&request));
        let answer = self.answers.lock().unwrap().pop_front().expect("more requests than answers");
        answer.into_future()
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
            Self::Http(status, headers, body) => {
                let status = status.try_into().unwrap();
                let mut response = HttpResponse::new(status, SdkBody::from(body));
                for (name, value) in headers {
                    response.headers_mut().insert(name, value);
                }
                Ok(response)
            }
            Self::Timeout => Err(ConnectorError::timeout("no answer in time".into())),
            Self::Broken => Err(ConnectorError::io("connection reset".into())),
        })
    }
}

/// Clients whose requests all go to `connector`, and which hardly wait before a retry.
pub(crate) fn clients(connector: impl HttpConnector + Clone + 'static) -> Clients {
    let account = Account {
        region: "eu-west-1".to_owned(),
        credentials: Credentials::new("AKIA1", "secret", None, None, "test"),
        endpoint: Some("http://127.0.0.1:1".to_owned()),
    };
    let http = http_client_fn(move |_, _| SharedHttpConnector::new(connector.clone()));
    Clients::over(account, http).with_backoff(Duration::from_millis(1))
}

/// A success with a JSON body.
pub(crate) fn ok(body: impl Into<String>) -> Answer {
    Answer::Http(
        200,
        vec![("etag", "\"e2\"".to_owned()), ("x-amz-version-id", "v2".to_owned())],
        body.into(),
    )
}

/// An error of S3.
pub(crate) fn s3_error(status: u16, code: &str) -> Answer {
    let body =
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>m</Message></Error>");
    Answer::Http(status, vec![], body)
}

/// An error of a service that speaks JSON.
pub(crate) fn json_error(status: u16, kind: &'static str, message: &str) -> Answer {
    let body = serde_json::json!({ "__type": kind, "message": message }).to_string();
    Answer::Http(status, vec![("x-amzn-errortype", kind.to_owned())], body)
}

/// Numbers that are always 0: no jitter, and one write id.
pub(crate) fn no_chance() -> Chance {
    Chance::new(|| 0)
}
