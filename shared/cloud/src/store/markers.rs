//! The index bucket: empty objects whose keys say where `tick` has to look.

use super::{StoreError, list};
use crate::clients::{Client, trouble};

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
    ) -> Result<Vec<String>, StoreError> {
        list(&self.s3, &self.bucket, prefix, after, limit).await
    }
}
