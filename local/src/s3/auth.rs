//! Who calls S3, held against the signature, and which operation it is.

use std::sync::{Arc, Mutex, PoisonError};

use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::path::S3Path;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3Result, s3_error};

use super::S3;
use super::api::Api;
use crate::principals::Principals;

/// Which operation a request turned out to be; a request carries one along as an extension.
#[derive(Clone, Debug, Default)]
pub(crate) struct Called(Arc<Mutex<Option<(String, String)>>>);

impl Called {
    /// The operation and the bucket and key that it is about, once that is known.
    pub(crate) fn take(&self) -> Option<(String, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// S3 as a service for HTTP requests.
pub(crate) fn service(s3: Arc<S3>, principals: Arc<Principals>) -> S3Service {
    let mut builder = S3ServiceBuilder::new(Api(s3));
    builder.set_auth(Keys(principals));
    builder.set_access(Note);
    builder.build()
}

struct Keys(Arc<Principals>);

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        let known = self.0.by_access_key(access_key);
        let unknown = || {
            s3_error!(
                InvalidAccessKeyId,
                "The access key {access_key} is not one of this engine: take the keys that it prints or hands to its jobs and functions."
            )
        };
        Ok(SecretKey::from(known.ok_or_else(unknown)?.secret_access_key))
    }
}

struct Note;

#[async_trait::async_trait]
impl S3Access for Note {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        if cx.credentials().is_none() {
            return Err(s3_error!(AccessDenied, "The request is not signed."));
        }
        let detail = match cx.s3_path() {
            S3Path::Root => String::new(),
            S3Path::Bucket { bucket } => bucket.to_string(),
            S3Path::Object { bucket, key } => format!("{bucket}/{key}"),
        };
        let operation = cx.s3_op().name().to_owned();
        if let Some(called) = cx.extensions_mut().get::<Called>() {
            *called.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((operation, detail));
        }
        Ok(())
    }
}
