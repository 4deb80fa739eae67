//! What is known of one version of an object, and how it is written down.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bodies::Place;

/// The version id of objects in a bucket without versions, as AWS calls it.
pub(super) const NULL_VERSION: &str = "null";

/// Whether a bucket keeps old versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Versioning {
    /// Never has.
    Off,
    /// Every write is a new version.
    Enabled,
    /// Keeps those it has; new writes replace the version `null`.
    Suspended,
}

/// What the writer says about an object beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Headers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_control: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) metadata: BTreeMap<String, String>,
}

/// Checksums of the whole object, in base64.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Checksums {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crc32: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crc32c: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crc64nvme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
}

/// One version of an object, or a delete marker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) key: String,
    pub(super) version_id: String,
    /// Counts the writes of the bucket: the larger is the newer, and names the file with the bytes.
    pub(super) number: u64,
    /// Where the bytes lie when there are too few of them for a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<Place>,
    pub(super) modified: Timestamp,
    pub(super) delete_marker: bool,
    pub(super) size: u64,
    /// Without its quotes; empty for a delete marker.
    pub(super) etag: String,
    #[serde(default)]
    pub(super) headers: Headers,
    #[serde(default)]
    pub(super) checksums: Checksums,
}

impl Version {
    /// The version's id as answers carry it: none where the bucket never had versions.
    pub(super) fn shown_id(&self, versioning: Versioning) -> Option<String> {
        (versioning != Versioning::Off).then(|| self.version_id.clone())
    }

    /// What its record is found by; in the order of the numbers.
    pub(super) fn record_key(&self) -> String {
        format!("{:020}", self.number)
    }
}
