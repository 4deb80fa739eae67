//! Looking into buckets, and reading nothing that is in them.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

/// What a look came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    There,
    Absent,
    /// In the words of S3.
    Refused(String),
}

/// What can be looked into.
pub(super) trait Buckets {
    /// Whether there is this object.
    async fn object(&self, bucket: &str, key: &str) -> Looked;

    /// Whether something lies below `prefix`.
    async fn below(&self, bucket: &str, prefix: &str) -> Looked;
}

/// S3.
pub(super) struct Held(Client);

impl Held {
    pub(super) fn new(client: Client) -> Self {
        Self(client)
    }
}

impl Buckets for Held {
    async fn object(&self, bucket: &str, key: &str) -> Looked {
        match self.0.head_object().bucket(bucket).key(key).send().await {
            Ok(_) => Looked::There,
            Err(error) => refused(&error),
        }
    }

    async fn below(&self, bucket: &str, prefix: &str) -> Looked {
        let list = self.0.list_objects_v2().bucket(bucket).prefix(prefix).max_keys(1);
        match list.send().await {
            Ok(found) if found.contents().is_empty() => Looked::Absent,
            Ok(_) => Looked::There,
            Err(error) => refused(&error),
        }
    }
}

fn refused<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Looked {
    let status = error.raw_response().map(|response| response.status().as_u16());
    let code = error.code().unwrap_or_default();
    match (status, code) {
        (Some(404), "NoSuchBucket") => Looked::Refused("there is no such bucket".to_owned()),
        (Some(404), _) => Looked::Absent,
        (Some(301), _) => Looked::Refused("the bucket lies in another region".to_owned()),
        (Some(403), _) => Looked::Refused("403 AccessDenied".to_owned()),
        (Some(status), code) => Looked::Refused(format!("{status} {code}")),
        (None, _) => Looked::Refused("S3 does not answer".to_owned()),
    }
}
