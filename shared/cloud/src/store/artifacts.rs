//! The artifacts bucket: what jobs are given and what they deliver.

use std::time::Duration;

use aws_sdk_s3::types::ChecksumMode;
use aws_smithy_types::timeout::TimeoutConfig;
use signalbox_pipeline::digest::sha256;
use signalbox_pipeline::names::Sha256;

use super::{StoreError, bounded};
use crate::clients::{Client, Trouble, trouble};

/// S3 answers when a copy is done, and a tree may be large: as long as a function's 30 s allow.
const LONGEST_COPY: Duration = Duration::from_secs(20);

/// The artifacts bucket.
#[derive(Clone, Debug)]
pub struct Artifacts {
    s3: Client<aws_sdk_s3::Client>,
    bucket: String,
}

/// An object, pinned by version and content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The version that was read.
    pub version: String,
    /// The SHA-256 of its bytes.
    pub sha256: Sha256,
}

/// What an object holds, as S3 itself says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its newest version.
    pub version: String,
    /// The SHA-256 of all of its bytes; absent where it was put without one.
    pub sha256: Option<Sha256>,
    /// How many bytes it has.
    pub bytes: Option<u64>,
}

impl Artifacts {
    /// The artifacts of `bucket`.
    #[must_use]
    pub fn new(s3: Client<aws_sdk_s3::Client>, bucket: &str) -> Self {
        Self { s3, bucket: bucket.to_owned() }
    }

    /// The bucket's name.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Opens a connection to the bucket; what is answered does not matter.
    pub async fn warm(&self) {
        let head = self.s3.once.head_object().bucket(&self.bucket).key("warm");
        let _answer = head.send().await;
    }

    /// The newest version of `key`, or the named one; at most `most` bytes.
    ///
    /// # Errors
    /// When it is larger, or S3 does not give it; not when there is none.
    pub async fn read(
        &self,
        key: &str,
        version: Option<&str>,
        most: usize,
    ) -> Result<Option<Fetched>, StoreError> {
        let get = self.s3.patient.get_object().bucket(&self.bucket).key(key);
        let sent = get.set_version_id(version.map(str::to_owned)).send().await;
        let object = match sent.map_err(|error| trouble(&error)) {
            Ok(object) => object,
            Err(trouble) if matches!(trouble.code(), Some("NoSuchKey" | "NoSuchVersion")) => {
                return Ok(None);
            }
            Err(trouble) => {
                return Err(StoreError::storage("reading", &self.bucket, key, trouble));
            }
        };
        let version = object.version_id.unwrap_or_default();
        let bytes = bounded(object.body, most).await;
        let bytes = bytes.map_err(|unread| StoreError::unread(key, most, unread))?;
        let sha256 = sha256(&bytes);
        Ok(Some(Fetched { bytes, version, sha256 }))
    }

    /// The version that `key` has now, without reading it; `None` where there is no such object.
    ///
    /// # Errors
    /// When S3 does not say.
    pub async fn version(&self, key: &str) -> Result<Option<String>, StoreError> {
        let sent = self.s3.patient.head_object().bucket(&self.bucket).key(key).send().await;
        match sent.map_err(|error| trouble(&error)) {
            Ok(head) => Ok(Some(head.version_id.unwrap_or_default())),
            Err(trouble) if trouble.status() == Some(404) => Ok(None),
            Err(trouble) => Err(StoreError::storage("looking at", &self.bucket, key, trouble)),
        }
    }

    /// The newest version of `key` and the SHA-256 that S3 keeps of its bytes, without reading it;
    /// `None` where there is no such object.
    ///
    /// # Errors
    /// When S3 does not say.
    pub async fn content(&self, key: &str) -> Result<Option<Content>, StoreError> {
        let head = self.s3.patient.head_object().bucket(&self.bucket).key(key);
        let sent = head.checksum_mode(ChecksumMode::Enabled).send().await;
        match sent.map_err(|error| trouble(&error)) {
            Ok(head) => Ok(Some(Content {
                version: head.version_id.unwrap_or_default(),
                sha256: head.checksum_sha256.as_deref().and_then(of_base64),
                bytes: head.content_length.and_then(|length| u64::try_from(length).ok()),
            })),
            Err(trouble) if trouble.status() == Some(404) => Ok(None),
            Err(trouble) => Err(StoreError::storage("looking at", &self.bucket, key, trouble)),
        }
    }

    /// Copies `from` to `to`, inside S3, and answers the version of the copy; `None` where there
    /// is no such object.
    ///
    /// # Errors
    /// When S3 does not copy it.
    pub async fn copy(&self, from: &str, to: &str) -> Result<Option<String>, StoreError> {
        self.copied(from, quoted(from), to).await
    }

    /// The same of one version of `from`.
    ///
    /// # Errors
    /// When S3 does not copy it.
    pub async fn copy_version(
        &self,
        from: &str,
        version: &str,
        to: &str,
    ) -> Result<Option<String>, StoreError> {
        self.copied(from, format!("{}?versionId={}", quoted(from), quoted(version)), to).await
    }

    async fn copied(
        &self,
        from: &str,
        source: String,
        to: &str,
    ) -> Result<Option<String>, StoreError> {
        let source = format!("{}/{source}", self.bucket);
        let copy = self.s3.patient.copy_object().bucket(&self.bucket).key(to).copy_source(source);
        let patience = TimeoutConfig::builder()
            .operation_attempt_timeout(LONGEST_COPY)
            .operation_timeout(LONGEST_COPY)
            .build();
        let patience = aws_sdk_s3::config::Builder::new().timeout_config(patience);
        let copy = copy.customize().config_override(patience);
        match copy.send().await.map_err(|error| trouble(&error)) {
            Ok(copied) => Ok(Some(copied.version_id.unwrap_or_default())),
            Err(Trouble::Refused { status: 404, code, .. }) if code != "NoSuchBucket" => Ok(None),
            Err(trouble) => Err(StoreError::storage("copying", &self.bucket, from, trouble)),
        }
    }
}

/// A checksum as S3 gives it. One of an object that was put in parts is none of all of its bytes, and
/// does not look like one.
fn of_base64(text: &str) -> Option<Sha256> {
    let bytes = aws_smithy_types::base64::decode(text).ok()?;
    Sha256::parse(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()).ok()
}

/// A key as the copy source's header wants it: percent-encoded but for `/`.
fn quoted(key: &str) -> String {
    let mut quoted = String::with_capacity(key.len());
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            quoted.push(char::from(byte));
        } else {
            quoted.push_str(&format!("%{byte:02X}"));
        }
    }
    quoted
}
