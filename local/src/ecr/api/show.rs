//! Repositories and images as the API shows them, and how a request names them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Filter, ImageId, invalid};
use crate::ecr::aws_host;
use crate::ecr::digest::Digest;
use crate::ecr::reference::Version;
use crate::ecr::repository::Repository;
use crate::wire::{Answer, WireError};

/// A repository.
pub(super) fn about(repository: &Repository) -> Value {
    let name = &repository.name;
    json!({
        "repositoryArn": format!("arn:aws:ecr:{}:{}:repository/{name}", crate::REGION, crate::ACCOUNT),
        "registryId": crate::ACCOUNT,
        "repositoryName": name,
        "repositoryUri": format!("{}/{name}", aws_host()),
        "createdAt": seconds(repository.created_at),
        "imageTagMutability": if repository.immutable { "IMMUTABLE" } else { "MUTABLE" },
        "imageScanningConfiguration": { "scanOnPush": false },
        "encryptionConfiguration": { "encryptionType": "AES256" },
    })
}

pub(super) fn image_detail(repository: &Repository, digest: &Digest) -> Answer {
    let image = &repository.images[digest];
    let tags: Vec<&str> = repository.tags_of(digest).collect();
    let mut detail = json!({
        "registryId": crate::ACCOUNT,
        "repositoryName": repository.name,
        "imageDigest": digest,
        "imageSizeInBytes": image.size,
        "imagePushedAt": seconds(image.pushed_at),
        "imageManifestMediaType": image.media_type,
    });
    if !tags.is_empty() {
        detail["imageTags"] = json!(tags);
    }
    Ok(detail)
}

pub(super) fn version(id: &ImageId) -> Result<Version, WireError> {
    match (&id.image_digest, &id.image_tag) {
        (_, Some(tag)) => Ok(Version::Tag(tag.clone())),
        (Some(digest), None) => Digest::parse(digest)
            .map(Version::Digest)
            .ok_or_else(|| invalid(format!("'{digest}' is no sha256 digest"))),
        (None, None) => Err(invalid("an image id must have a digest or a tag".to_owned())),
    }
}

/// The image that `id` means: where it has both tag and digest, both must agree.
pub(super) fn find(repository: &Repository, id: &ImageId) -> Result<Digest, WireError> {
    let found = repository.find(&version(id)?);
    let agrees = |digest: &&Digest| {
        id.image_digest.as_deref().is_none_or(|wanted| wanted == digest.as_str())
    };
    found.filter(agrees).cloned().ok_or_else(|| {
        let tag = id.image_tag.as_deref().unwrap_or("null");
        let digest = id.image_digest.as_deref().unwrap_or("null");
        WireError::client(
            "ImageNotFoundException",
            format!(
                "The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within the repository with name '{}' in the registry with id '{}'",
                repository.name,
                crate::ACCOUNT
            ),
        )
    })
}

pub(super) fn failure(id: &ImageId) -> Value {
    let mut image_id = json!({});
    if let Some(digest) = &id.image_digest {
        image_id["imageDigest"] = json!(digest);
    }
    if let Some(tag) = &id.image_tag {
        image_id["imageTag"] = json!(tag);
    }
    json!({ "imageId": image_id, "failureCode": "ImageNotFound", "failureReason": "Requested image not found" })
}

pub(super) fn wanted(filter: Option<&Filter>, repository: &Repository, digest: &Digest) -> bool {
    let tagged = repository.tags_of(digest).next().is_some();
    match filter.and_then(|filter| filter.tag_status.as_deref()) {
        Some("TAGGED") => tagged,
        Some("UNTAGGED") => !tagged,
        _ => true,
    }
}

/// A time as AWS's JSON 1.1 writes it: seconds with a fraction.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of our age fit a double exactly")]
pub(super) fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}
