//! Manifests and tags over HTTP.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Call;
use super::answer::RegistryError;
use crate::ecr::digest::Digest;
use crate::ecr::manifest::Manifest;
use crate::ecr::reference::{Version, is_tag};
use crate::ecr::repository::Image;

/// The largest manifest, as in ECR.
const MAX_MANIFEST: usize = 4 << 20;

impl Call<'_> {
    pub(super) fn get_manifest(
        &self,
        version: &str,
        only_head: bool,
    ) -> Result<Response, RegistryError> {
        let unknown = || {
            RegistryError::new(
                StatusCode::NOT_FOUND,
                "MANIFEST_UNKNOWN",
                format!("there is no image `{version}`"),
            )
        };
        let wanted = parse(version)?;
        let found = self.ecr.look(&self.name, |repository| {
            let digest = repository.find(&wanted)?.clone();
            Some((repository.images.get(&digest)?.media_type.clone(), digest))
        });
        let (media_type, digest) = found.flatten().ok_or_else(unknown)?;
        let bytes = std::fs::read(self.ecr.inner.blobs.path(&digest))
            .map_err(|error| RegistryError::disk(&error))?;
        let headers = [
            (header::CONTENT_TYPE.as_str(), media_type),
            (header::CONTENT_LENGTH.as_str(), bytes.len().to_string()),
            ("docker-content-digest", digest.to_string()),
        ];
        Ok(if only_head {
            (headers, Body::empty()).into_response()
        } else {
            (headers, bytes).into_response()
        })
    }

    pub(super) async fn put_manifest(
        &self,
        version: &str,
        body: Body,
    ) -> Result<Response, RegistryError> {
        let version = parse(version)?;
        let bytes = to_bytes(body, MAX_MANIFEST).await.map_err(|error| {
            RegistryError::new(StatusCode::PAYLOAD_TOO_LARGE, "MANIFEST_INVALID", error.to_string())
        })?;
        let (manifest, media_type) =
            Manifest::parse(&bytes, self.header("content-type")).map_err(|reason| {
                RegistryError::new(StatusCode::BAD_REQUEST, "MANIFEST_INVALID", reason)
            })?;
        self.check_whole(&manifest)?;
        let digest = Digest::of(&bytes);
        let tag = match &version {
            Version::Tag(tag) => Some(tag.as_str()),
            Version::Digest(wanted) if *wanted == digest => None,
            Version::Digest(_) => {
                return Err(RegistryError::invalid_digest(&format!("{version:?}")));
            }
        };
        self.ecr.inner.blobs.put(&bytes).map_err(|error| RegistryError::disk(&error))?;
        let image =
            Image { media_type, size: manifest.size(), pushed_at: self.ecr.inner.clock.now() };
        let pushed = self.ecr.change(&self.name, |repository| repository.push(&digest, image, tag));
        match pushed.map_err(|error| RegistryError::disk(&error))? {
            None => return Err(RegistryError::unknown_repository(&self.name)),
            Some(Err(taken)) => return Err(tag_taken(&taken.tag, &self.name)),
            Some(Ok(())) => {}
        }
        let headers = [
            ("location", format!("/v2/{}/manifests/{digest}", self.name)),
            ("docker-content-digest", digest.to_string()),
        ];
        Ok((StatusCode::CREATED, headers).into_response())
    }

    /// Everything that a manifest names must be here before it is.
    fn check_whole(&self, manifest: &Manifest) -> Result<(), RegistryError> {
        let (missing, code) = match manifest {
            Manifest::Image { config, layers } => {
                let mut all = std::iter::once(config).chain(layers);
                (
                    all.find(|one| self.ecr.inner.blobs.size(&one.digest) != Some(one.size)),
                    "MANIFEST_BLOB_UNKNOWN",
                )
            }
            Manifest::Index(entries) => {
                let known = |digest: &Digest| {
                    self.ecr
                        .look(&self.name, |repository| repository.images.contains_key(digest))
                        .unwrap_or(false)
                };
                (entries.iter().find(|one| !known(&one.digest)), "MANIFEST_UNKNOWN")
            }
        };
        match missing {
            None => Ok(()),
            Some(one) => {
                let message = format!(
                    "{} ({} bytes) must be pushed before the manifest",
                    one.digest, one.size
                );
                Err(RegistryError::new(StatusCode::BAD_REQUEST, code, message))
            }
        }
    }

    pub(super) fn delete_manifest(&self, version: &str) -> Result<Response, RegistryError> {
        let wanted = parse(version)?;
        let at = self.ecr.inner.clock.now();
        let gone =
            self.ecr.change::<_, ()>(&self.name, |repository| Ok(repository.delete(&wanted, at)));
        match gone.map_err(|error| RegistryError::disk(&error))? {
            Some(Ok(gone)) if !gone.is_empty() => Ok(StatusCode::ACCEPTED.into_response()),
            _ => Err(RegistryError::new(
                StatusCode::NOT_FOUND,
                "MANIFEST_UNKNOWN",
                format!("there is no image `{version}`"),
            )),
        }
    }

    pub(super) fn tags(&self) -> Response {
        let after = self.query.last.clone().unwrap_or_default();
        let limit = self.query.n.unwrap_or(1000);
        let tags: Vec<String> = self
            .ecr
            .look(&self.name, |repository| {
                repository.tags.keys().filter(|tag| **tag > after).take(limit).cloned().collect()
            })
            .unwrap_or_default();
        Json(json!({ "name": self.name, "tags": tags })).into_response()
    }
}

fn parse(version: &str) -> Result<Version, RegistryError> {
    if let Some(digest) = Digest::parse(version) {
        return Ok(Version::Digest(digest));
    }
    if is_tag(version) {
        return Ok(Version::Tag(version.to_owned()));
    }
    Err(RegistryError::new(
        StatusCode::BAD_REQUEST,
        "TAG_INVALID",
        format!("`{version}` is neither a tag nor a sha256 digest"),
    ))
}

fn tag_taken(tag: &str, name: &str) -> RegistryError {
    let message = format!(
        "The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the repository is immutable."
    );
    RegistryError::new(StatusCode::BAD_REQUEST, "TAG_INVALID", message)
}
