//! ECR Image Action: an image was pushed.

use jiff::Timestamp;
use serde::Deserialize;
use signalbox_pipeline::names::{EventId, ImageDigest, ImageRepository, ImageTag};

use super::envelope::shown;
use super::{Envelope, Read, absent, name};
use crate::fault::Malformed;

const SOURCE: &str = "aws.ecr";
const DETAIL_TYPE: &str = "ECR Image Action";

/// An image was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImagePush {
    /// The event that says so.
    pub event: EventId,
    /// When it was pushed.
    pub at: Timestamp,
    /// Where it was pushed.
    pub repository: ImageRepository,
    /// Its digest.
    pub digest: ImageDigest,
    /// The tag; absent for a push by digest.
    pub tag: Option<ImageTag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Detail {
    action_type: String,
    result: Option<String>,
    repository_name: Option<String>,
    image_digest: Option<String>,
    image_tag: Option<String>,
}

/// Reads the push of an image out of `envelope`.
///
/// # Errors
/// When it is a push whose repository, digest or tag are not such.
pub fn read(envelope: &Envelope<'_>) -> Result<Read<ImagePush>, Malformed> {
    if !envelope.is(SOURCE, DETAIL_TYPE) {
        return Ok(Read::Ignored(envelope.other_kind(DETAIL_TYPE)));
    }
    let detail: Detail = envelope.detail()?;
    if detail.action_type != "PUSH" {
        let action = shown(&detail.action_type);
        return Ok(Read::Ignored(format!("ECR's {action:?} brings no new image")));
    }
    if detail.result.as_deref() != Some("SUCCESS") {
        return Ok(Read::Ignored("the push did not succeed".to_owned()));
    }
    let repository = detail.repository_name.ok_or_else(|| absent("detail.repository-name"))?;
    let digest = detail.image_digest.ok_or_else(|| absent("detail.image-digest"))?;
    // An event of an untagged push has no tag or an empty one.
    let tag = detail.image_tag.filter(|tag| !tag.is_empty());
    Ok(Read::Event(ImagePush {
        event: envelope.id.clone(),
        at: envelope.at,
        repository: name(&repository, "detail.repository-name")?,
        digest: name(&digest, "detail.image-digest")?,
        tag: tag.map(|tag| name(&tag, "detail.image-tag")).transpose()?,
    }))
}

#[cfg(test)]
mod tests;
