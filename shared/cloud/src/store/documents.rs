//! The state bucket: JSON documents, changed by conditional writes only.

use std::fmt;

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::put_object::{PutObjectError, PutObjectOutput};
use aws_sdk_s3::primitives::ByteStream;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{StoreError, bounded, list};
use crate::chance::Chance;
use crate::clients::{Client, Trouble, trouble};

/// What is kept under one key of the state bucket.
pub trait Stored: Serialize + DeserializeOwned + Send + Sync {
    /// The newest schema that this version writes and reads; older ones are read for ever.
    const SCHEMA: u32;
    /// The largest document of this kind that is read, in bytes.
    const LARGEST: usize = 8 * 1024 * 1024;
}

/// What is changed by conditional writes.
pub trait Document: Stored {
    /// The schema that it is written in: the first that can hold it.
    fn schema(&self) -> u32;
    /// The token that was drawn for the write that made it what it is.
    fn write_id(&self) -> &str;
}

/// S3's tag of one version of an object: the condition of the next write.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ETag(String);

impl fmt::Debug for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A document and the tag of the version that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<D> {
    /// The document.
    pub document: D,
    /// The tag.
    pub etag: ETag,
}

/// What came of a conditional write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is written; the tag of the new version.
    Committed(ETag),
    /// This try wrote nothing: the condition did not hold, or another write was under way. An
    /// earlier try whose answer was lost may still have landed: a fresh read tells.
    Conflict,
    /// There is no such document any more.
    Gone,
    /// It may be written or not: a fresh read tells, by the `write_id` or by what it wrote.
    Indeterminate(String),
}

/// The state bucket.
#[derive(Clone, Debug)]
pub struct Documents {
    pub(super) s3: Client<aws_sdk_s3::Client>,
    pub(super) bucket: String,
    pub(super) chance: Chance,
    newest: u32,
}

enum Condition<'a> {
    Absent,
    Unchanged(&'a ETag),
}

#[derive(Deserialize)]
struct Header {
    schema: u64,
}

impl Documents {
    /// The documents of `bucket`.
    #[must_use]
    pub fn new(s3: Client<aws_sdk_s3::Client>, bucket: &str, chance: Chance) -> Self {
        Self { s3, bucket: bucket.to_owned(), chance, newest: u32::MAX }
    }

    /// The same documents in the hands of a version of Signalbox that knows no schema after
    /// `newest`: it neither reads nor writes what is newer.
    #[must_use]
    pub fn knowing(self, newest: u32) -> Self {
        Self { newest, ..self }
    }

    /// Where write ids come from.
    #[must_use]
    pub fn chance(&self) -> &Chance {
        &self.chance
    }

    /// Opens a connection to the bucket; what is answered does not matter.
    pub async fn warm(&self) {
        let head = self.s3.once.head_object().bucket(&self.bucket).key("warm");
        let _answer = head.send().await;
    }

    /// The document under `key`, if there is one.
    ///
    /// # Errors
    /// When it is damaged, too large or of a newer schema, or S3 does not give it.
    pub async fn load<D: Stored>(&self, key: &str) -> Result<Option<Versioned<D>>, StoreError> {
        let Some((bytes, etag)) = self.fetch(key, D::LARGEST).await? else { return Ok(None) };
        Ok(Some(Versioned { document: parse_known(key, &bytes, self.known::<D>())?, etag }))
    }

    fn known<D: Stored>(&self) -> u32 {
        D::SCHEMA.min(self.newest)
    }

    /// The text under `key`, if there is something; at most `most` bytes.
    ///
    /// # Errors
    /// When it is larger or is no text, or S3 does not give it.
    pub async fn text(&self, key: &str, most: usize) -> Result<Option<String>, StoreError> {
        let Some((bytes, _)) = self.fetch(key, most).await? else { return Ok(None) };
        String::from_utf8(bytes).map(Some).map_err(|error| damaged(key, &error.to_string()))
    }

    // What talks to S3 does not depend on the kind of document, so that it is compiled once.
    async fn fetch(&self, key: &str, most: usize) -> Result<Option<(Vec<u8>, ETag)>, StoreError> {
        let sent = self.s3.patient.get_object().bucket(&self.bucket).key(key).send().await;
        let object = match sent.map_err(|error| trouble(&error)) {
            Ok(object) => object,
            Err(trouble) if trouble.code() == Some("NoSuchKey") => return Ok(None),
            Err(trouble) => {
                return Err(StoreError::storage("reading", &self.bucket, key, trouble));
            }
        };
        let etag = etag(object.e_tag)
            .ok_or_else(|| damaged(key, "S3 gave no ETag for it, so it can never be changed"))?;
        let bytes = bounded(object.body, most).await;
        Ok(Some((bytes.map_err(|unread| StoreError::unread(key, most, unread))?, etag)))
    }

    /// Whether there is a document under `key`, without reading it.
    ///
    /// # Errors
    /// When S3 does not say.
    pub async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        let sent = self.s3.patient.head_object().bucket(&self.bucket).key(key).send().await;
        match sent.map_err(|error| trouble(&error)) {
            Ok(_) => Ok(true),
            Err(trouble) if trouble.status() == Some(404) => Ok(false),
            Err(trouble) => Err(StoreError::storage("looking at", &self.bucket, key, trouble)),
        }
    }

    /// The first `limit` keys below `prefix`, in order, that follow `after`.
    ///
    /// # Errors
    /// When S3 does not list them.
    pub async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Vec<String>, StoreError> {
        let found = list(&self.s3, &self.bucket, prefix, after, limit).await?;
        Ok(found.into_iter().filter_map(|object| object.key).collect())
    }

    /// The names of the first `limit` folders right below `prefix`, in order.
    ///
    /// # Errors
    /// When S3 does not list them.
    pub async fn folders(&self, prefix: &str, limit: u16) -> Result<Vec<String>, StoreError> {
        let list = self.s3.patient.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let sent = list.delimiter("/").max_keys(i32::from(limit)).send().await;
        let page = sent.map_err(|error| {
            StoreError::storage("listing", &self.bucket, prefix, trouble(&error))
        })?;
        let folders = page.common_prefixes.unwrap_or_default().into_iter();
        let name = |folder: &str| folder.strip_prefix(prefix)?.strip_suffix('/').map(str::to_owned);
        Ok(folders.filter_map(|folder| name(folder.prefix.as_deref()?)).collect())
    }

    /// Writes the first version of a document.
    ///
    /// # Errors
    /// When it cannot be written at all, not when somebody else was faster.
    pub async fn create<D: Document>(&self, key: &str, document: &D) -> Result<Put, StoreError> {
        self.put(key, written(key, document, self.known::<D>())?, Condition::Absent).await
    }

    /// Writes `body` under `key` unless there is something already, which is then left as it is.
    ///
    /// # Errors
    /// When S3 does not take it.
    pub async fn keep(&self, key: &str, body: Vec<u8>) -> Result<(), StoreError> {
        let put = self.s3.patient.put_object().bucket(&self.bucket).key(key);
        let put = put.content_type("application/json").body(ByteStream::from(body));
        match put.if_none_match("*").send().await.map_err(|error| trouble(&error)) {
            // What is there may be of an earlier try of this very put: either way it is kept.
            Ok(_) | Err(Trouble::Refused { status: 412, .. }) => Ok(()),
            // Somebody else was about to write it, and may yet fail.
            Err(Trouble::Refused { status: 409, message, .. }) => {
                let unclear = Trouble::Unclear(message);
                Err(StoreError::storage("writing", &self.bucket, key, unclear))
            }
            Err(trouble) => Err(StoreError::storage("writing", &self.bucket, key, trouble)),
        }
    }

    /// Writes the version that follows the one tagged `etag`.
    ///
    /// # Errors
    /// When it cannot be written at all, not when somebody else was faster.
    pub async fn replace<D: Document>(
        &self,
        key: &str,
        document: &D,
        etag: &ETag,
    ) -> Result<Put, StoreError> {
        self.put(key, written(key, document, self.known::<D>())?, Condition::Unchanged(etag)).await
    }

    async fn put(
        &self,
        key: &str,
        body: Vec<u8>,
        condition: Condition<'_>,
    ) -> Result<Put, StoreError> {
        let put = self.s3.once.put_object().bucket(&self.bucket).key(key);
        let put = put.content_type("application/json").body(ByteStream::from(body));
        let put = match &condition {
            Condition::Absent => put.if_none_match("*"),
            Condition::Unchanged(etag) => put.if_match(&etag.0),
        };
        judge(put.send().await, &condition)
            .map_err(|trouble| StoreError::storage("writing", &self.bucket, key, trouble))
    }
}

/// The whole space of outcomes of a conditional put.
fn judge(
    sent: Result<PutObjectOutput, SdkError<PutObjectError>>,
    condition: &Condition<'_>,
) -> Result<Put, Trouble> {
    let trouble = match sent {
        Ok(output) => {
            return Ok(etag(output.e_tag).map_or_else(
                || Put::Indeterminate("S3 gave no ETag for what it wrote".to_owned()),
                Put::Committed,
            ));
        }
        Err(error) => trouble(&error),
    };
    match trouble {
        // 409: another conditional write of the key was under way; this one wrote nothing.
        Trouble::Refused { status: 409 | 412, .. } => Ok(Put::Conflict),
        Trouble::Refused { status: 404, ref code, .. } if code != "NoSuchBucket" => match condition
        {
            Condition::Unchanged(_) => Ok(Put::Gone),
            Condition::Absent => Err(trouble),
        },
        Trouble::Throttled(why) | Trouble::Unclear(why) => Ok(Put::Indeterminate(why)),
        refused => Err(refused),
    }
}

/// What nobody who knows as much as we do could read again is not written.
fn written<D: Document>(key: &str, document: &D, known: u32) -> Result<Vec<u8>, StoreError> {
    check(key, u64::from(document.schema()), known)?;
    let body = serde_json::to_vec(document)
        .map_err(|error| damaged(key, &format!("it cannot be written as JSON: {error}")))?;
    if body.len() > D::LARGEST {
        return Err(StoreError::TooLarge { key: key.to_owned(), most: D::LARGEST });
    }
    Ok(body)
}

/// The document that `bytes`, kept under `key`, hold.
///
/// # Errors
/// When they are damaged, or of a newer schema.
pub fn parse<D: Stored>(key: &str, bytes: &[u8]) -> Result<D, StoreError> {
    parse_known(key, bytes, D::SCHEMA)
}

fn parse_known<D: Stored>(key: &str, bytes: &[u8], known: u32) -> Result<D, StoreError> {
    let header: Header = serde_json::from_slice(bytes)
        .map_err(|error| damaged(key, &format!("it is not one of our documents: {error}")))?;
    check(key, header.schema, known)?;
    serde_json::from_slice(bytes).map_err(|error| damaged(key, &error.to_string()))
}

fn check(key: &str, found: u64, known: u32) -> Result<(), StoreError> {
    if found > u64::from(known) {
        return Err(StoreError::Newer { key: key.to_owned(), found, known });
    }
    Ok(())
}

fn damaged(key: &str, problem: &str) -> StoreError {
    StoreError::Damaged { key: key.to_owned(), problem: problem.to_owned() }
}

fn etag(text: Option<String>) -> Option<ETag> {
    text.filter(|text| !text.is_empty()).map(ETag)
}
