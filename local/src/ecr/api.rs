//! The API of ECR: the operations that clients of Signalbox call.

use base64::Engine as _;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::digest::Digest;
use super::reference::Version;
use super::repository::Repository;
use super::{Ecr, aws_host};
use crate::principals::Principal;
use crate::wire::{Answer, JsonService, WireError};

/// How long a login is said to be good for.
const LOGIN: SignedDuration = SignedDuration::from_hours(12);
const PAGE: usize = 100;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    repository_name: Option<String>,
    repository_names: Option<Vec<String>>,
    image_ids: Option<Vec<ImageId>>,
    image_tag_mutability: Option<String>,
    filter: Option<Filter>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ImageId {
    image_digest: Option<String>,
    image_tag: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Filter {
    tag_status: Option<String>,
}

impl JsonService for Ecr {
    fn call<'a>(
        &'a self,
        _: &'a Principal,
        operation: &'a str,
        body: Value,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let request: Request = serde_json::from_value(body)
                .map_err(|error| invalid(format!("the request cannot be read: {error}")))?;
            match operation {
                "CreateRepository" => self.create(&request),
                "DescribeRepositories" => self.describe_repositories(&request),
                "DescribeImages" => self.describe_images(&request),
                "ListImages" => self.list_images(&request),
                "BatchGetImage" => self.batch_get(&request),
                "BatchDeleteImage" => self.batch_delete(&request),
                "GetAuthorizationToken" => Ok(self.login()),
                other => Err(WireError::client(
                    "UnknownOperationException",
                    format!("the local engine has no operation `{other}` of ECR"),
                )),
            }
        })
    }
}

impl Ecr {
    fn create(&self, request: &Request) -> Answer {
        let name = repository_name(request)?;
        let immutable = request.image_tag_mutability.as_deref() == Some("IMMUTABLE");
        self.create_repository(name, immutable)?;
        self.with(name, |repository| json!({ "repository": about(repository) }))
    }

    fn describe_repositories(&self, request: &Request) -> Answer {
        if let Some(names) = &request.repository_names {
            let found: Result<Vec<Value>, _> =
                names.iter().map(|name| self.with(name, about)).collect();
            return Ok(json!({ "repositories": found? }));
        }
        let all: Vec<Value> = self.lock().values().map(about).collect();
        page(request, all, "repositories")
    }

    fn describe_images(&self, request: &Request) -> Answer {
        let name = repository_name(request)?;
        let details = self.with(name, |repository| match &request.image_ids {
            Some(ids) => {
                ids.iter().map(|id| image_detail(repository, &find(repository, id)?)).collect()
            }
            None => {
                let chosen =
                    repository.images.keys().filter(|digest| wanted(request, repository, digest));
                chosen.map(|digest| image_detail(repository, digest)).collect::<Result<Vec<_>, _>>()
            }
        })??;
        page(request, details, "imageDetails")
    }

    fn list_images(&self, request: &Request) -> Answer {
        let name = repository_name(request)?;
        let ids = self.with(name, |repository| {
            let mut ids = Vec::new();
            for digest in
                repository.images.keys().filter(|digest| wanted(request, repository, digest))
            {
                let before = ids.len();
                ids.extend(
                    repository
                        .tags_of(digest)
                        .map(|tag| json!({ "imageDigest": digest, "imageTag": tag })),
                );
                if ids.len() == before {
                    ids.push(json!({ "imageDigest": digest }));
                }
            }
            ids
        })?;
        page(request, ids, "imageIds")
    }

    fn batch_get(&self, request: &Request) -> Answer {
        let name = repository_name(request)?;
        let (mut images, mut failures) = (Vec::new(), Vec::new());
        for id in request.image_ids.iter().flatten() {
            let found = self.with(name, |repository| {
                find(repository, id)
                    .map(|digest| (repository.images[&digest].media_type.clone(), digest))
            })?;
            match found {
                Err(_) => failures.push(failure(id)),
                Ok((media_type, digest)) => {
                    let manifest = std::fs::read_to_string(self.inner.blobs.path(&digest))
                        .map_err(WireError::internal)?;
                    let mut image_id = json!({ "imageDigest": digest });
                    if let Some(tag) = &id.image_tag {
                        image_id["imageTag"] = json!(tag);
                    }
                    images.push(json!({
                        "registryId": crate::ACCOUNT,
                        "repositoryName": name,
                        "imageId": image_id,
                        "imageManifest": manifest,
                        "imageManifestMediaType": media_type,
                    }));
                }
            }
        }
        Ok(json!({ "images": images, "failures": failures }))
    }

    fn batch_delete(&self, request: &Request) -> Answer {
        let name = repository_name(request)?;
        let at = self.inner.clock.now();
        let (mut gone, mut failures) = (Vec::new(), Vec::new());
        let changed = self.change::<(), ()>(name, |repository| {
            for id in request.image_ids.iter().flatten() {
                let Ok(version) = find(repository, id).and_then(|_| version(id)) else {
                    failures.push(failure(id));
                    continue;
                };
                gone.extend(repository.delete(&version, at).into_iter().map(|(digest, tag)| {
                    match tag {
                        Some(tag) => json!({ "imageDigest": digest, "imageTag": tag }),
                        None => json!({ "imageDigest": digest }),
                    }
                }));
            }
            Ok(())
        });
        changed.map_err(WireError::internal)?.ok_or_else(|| unknown_repository(name))?.ok();
        Ok(json!({ "imageIds": gone, "failures": failures }))
    }

    fn login(&self) -> Value {
        let token =
            base64::engine::general_purpose::STANDARD.encode(format!("AWS:{}", self.inner.token));
        let expires = self.inner.clock.now() + LOGIN;
        json!({ "authorizationData": [{
            "authorizationToken": token,
            "expiresAt": seconds(expires),
            "proxyEndpoint": format!("http://{}", self.inner.host),
        }] })
    }

    fn with<T>(&self, name: &str, look: impl FnOnce(&Repository) -> T) -> Result<T, WireError> {
        self.look(name, look).ok_or_else(|| unknown_repository(name))
    }
}

fn about(repository: &Repository) -> Value {
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

fn image_detail(repository: &Repository, digest: &Digest) -> Answer {
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

fn version(id: &ImageId) -> Result<Version, WireError> {
    match (&id.image_digest, &id.image_tag) {
        (_, Some(tag)) => Ok(Version::Tag(tag.clone())),
        (Some(digest), None) => Digest::parse(digest)
            .map(Version::Digest)
            .ok_or_else(|| invalid(format!("'{digest}' is no sha256 digest"))),
        (None, None) => Err(invalid("an image id must have a digest or a tag".to_owned())),
    }
}

/// The image that `id` means: where it has both tag and digest, both must agree.
fn find(repository: &Repository, id: &ImageId) -> Result<Digest, WireError> {
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

fn failure(id: &ImageId) -> Value {
    let mut image_id = json!({});
    if let Some(digest) = &id.image_digest {
        image_id["imageDigest"] = json!(digest);
    }
    if let Some(tag) = &id.image_tag {
        image_id["imageTag"] = json!(tag);
    }
    json!({ "imageId": image_id, "failureCode": "ImageNotFound", "failureReason": "Requested image not found" })
}

fn wanted(request: &Request, repository: &Repository, digest: &Digest) -> bool {
    let tagged = repository.tags_of(digest).next().is_some();
    match request.filter.as_ref().and_then(|filter| filter.tag_status.as_deref()) {
        Some("TAGGED") => tagged,
        Some("UNTAGGED") => !tagged,
        _ => true,
    }
}

fn page(request: &Request, all: Vec<Value>, member: &str) -> Answer {
    let from: usize = match &request.next_token {
        Some(token) => token
            .parse()
            .map_err(|_| invalid("the nextToken is not one of this registry".to_owned()))?,
        None => 0,
    };
    let size = request.max_results.unwrap_or(PAGE).clamp(1, 1000);
    let more = all.len() > from.saturating_add(size);
    let mut answer = json!({ member: all.into_iter().skip(from).take(size).collect::<Vec<_>>() });
    if more {
        answer["nextToken"] = json!((from + size).to_string());
    }
    Ok(answer)
}

fn repository_name(request: &Request) -> Result<&str, WireError> {
    request
        .repository_name
        .as_deref()
        .ok_or_else(|| invalid("repositoryName is missing".to_owned()))
}

fn unknown_repository(name: &str) -> WireError {
    WireError::client(
        "RepositoryNotFoundException",
        format!(
            "The repository with name '{name}' does not exist in the registry with id '{}'",
            crate::ACCOUNT
        ),
    )
}

fn invalid(message: String) -> WireError {
    WireError::client("InvalidParameterException", message)
}

/// A time as AWS's JSON 1.1 writes it: seconds with a fraction.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of our age fit a double exactly")]
fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}
