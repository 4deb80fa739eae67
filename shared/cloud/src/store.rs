//! Documents, markers and artifacts in S3.
//!
//! Nothing is written but through a condition on what was read ([`Documents`]), so that two
//! invocations that meet on a document never undo each other's work.

mod artifacts;
mod documents;
mod error;
mod markers;
mod transact;

pub use artifacts::{Artifacts, Content, Fetched};
pub use documents::{Document, Documents, ETag, Put, Stored, Versioned, parse};
pub use error::StoreError;
pub use markers::{Marker, Markers};
pub use transact::Step;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::Object;

use crate::clients::{Client, trouble};

/// The first `limit` objects of `bucket` below `prefix`, in order, that follow `after`.
async fn list(
    s3: &Client<aws_sdk_s3::Client>,
    bucket: &str,
    prefix: &str,
    after: Option<&str>,
    limit: u16,
) -> Result<Vec<Object>, StoreError> {
    let list = s3.patient.list_objects_v2().bucket(bucket).prefix(prefix);
    let list = list.set_start_after(after.map(str::to_owned)).max_keys(i32::from(limit));
    match list.send().await {
        Ok(page) => Ok(page.contents.unwrap_or_default()),
        Err(error) => Err(StoreError::storage("listing", bucket, prefix, trouble(&error))),
    }
}

/// The bytes of `body`, given up once they are more than `most`.
async fn bounded(mut body: ByteStream, most: usize) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| Unread::Broken(error.to_string()))?;
        if bytes.len() + chunk.len() > most {
            return Err(Unread::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Why a body was not read to its end.
enum Unread {
    TooLarge,
    Broken(String),
}

#[cfg(test)]
mod tests;
