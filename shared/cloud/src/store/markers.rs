//! The index bucket: empty objects whose keys say where `tick` has to look.

use jiff::Timestamp;

use super::{StoreError, list};
use crate::clients::{Client, trouble};

/// A marker that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Its key, which is all that it says.
    pub key: String,
    /// When it was put, or put again, by the clock of S3; absent where S3 does not say so.
    pub marked_at: Option<Timestamp>,
}

/// The index bucket. A marker may be put or removed any number of times.
#[derive(Clone, Debug)]
pub struct Markers {
    s3: Client<aws_sdk_s3::Client>,
    bucket: String,
}

impl Markers {
    /// The markers of `bucket`.
    #[must_use]
    pub fn new(s3: Client<aws_sdk_s3::Client>, bucket: &str) -> Self {
        Self { s3, bucket: bucket.to_owned() }
    }

    /// Puts the marker `key`, before the document that needs it.
    ///
    /// # Errors
    /// When S3 does not take it.
    pub async fn mark(&self, key: &str) -> Result<(), StoreError> {
        let sent = self.s3.patient.put_object().bucket(&self.bucket).key(key).send().await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => Err(StoreError::storage("marking", &self.bucket, key, trouble(&error))),
        }
    }

    /// Removes the marker `key`, after the put that ends the need for it.
    ///
    /// # Errors
    /// When S3 does not remove it.
    pub async fn unmark(&self, key: &str) -> Result<(), StoreError> {
        let sent = self.s3.patient.delete_object().bucket(&self.bucket).key(key).send().await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => Err(StoreError::storage("unmarking", &self.bucket, key, trouble(&error))),
        }
    }

    /// The first `limit` markers below `prefix`, in order, that follow `after`.
    ///
    /// # Errors
    /// When S3 does not list them.
    pub async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Vec<Marker>, StoreError> {
        let found = list(&self.s3, &self.bucket, prefix, after, limit).await?;
        let markers = found.into_iter().filter_map(|object| {
            let marked_at = object.last_modified.map(|at| Timestamp::from_second(at.secs()));
            let marked_at = marked_at.and_then(Result::ok);
            object.key.map(|key| Marker { key, marked_at })
        });
        Ok(markers.collect())
    }
}
