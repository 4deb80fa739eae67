//! For tests: AWS below the SDK, so that requests and answers are the real ones on the wire.
//!
//! A [`Script`] answers one request after the other as it was told; a [`Pretend`] is as much of S3
//! and Batch as a run needs, in memory, with a fault planted before or after any request.

mod answer;
mod function;
mod pretend;
mod script;

pub use answer::{Answer, Seen, json_error, ok, s3_error};
pub use function::{fixture, messages, variable};
pub use pretend::{Job, Planted, Pretend, World};
pub use script::Script;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, SharedHttpClient, SharedHttpConnector, http_client_fn,
};

/// The endpoint that clients have to be told: nothing listens there.
pub const ENDPOINT: &str = "http://127.0.0.1:1";

/// A client whose requests all go to `connector`.
pub fn http(connector: impl HttpConnector + Clone + 'static) -> SharedHttpClient {
    http_client_fn(move |_, _| SharedHttpConnector::new(connector.clone()))
}
