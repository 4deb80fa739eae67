//! The API of ECR: the operations that clients of Signalbox call.

mod scan;
mod show;

use base64::Engine as _;
use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Ecr;
use super::repository::Repository;
use crate::principals::Principal;
use crate::wire::{Answer, JsonService, WireError};
use show::{about, failure, find, image_detail, seconds, version, wanted};

/// How long a login is said to be good for.
const LOGIN: SignedDuration = SignedDuration::from_hours(12);
const PAGE: usize = 100;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    repository_name: Option<String>,
    repository_names: Option<Vec<String>>,
    image_ids: Option<Vec<ImageId>>,
    image_id: Option<ImageId>,
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
                "StartImageScan" => self.start_scan(&request),
                "DescribeImageScanFindings" => self.describe_scan(&request),
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
        let all: Vec<Value> = self.inner.lock().all.values().map(about).collect();
        page(request, all, "repositories")
    }

    fn describe_images(&self, request: &Request) -> Answer {
        let name = repository_name(request)?;
        let details = self.with(name, |repository| match &request.image_ids {
            Some(ids) => {
                ids.iter().map(|id| image_detail(repository, &find(repository, id)?)).collect()
            }
            None => {
                let chosen = repository
                    .images
                    .keys()
                    .filter(|digest| wanted(request.filter.as_ref(), repository, digest));
                chosen.map(|digest| image_detail(repository, digest)).collect::<Result<Vec<_>, _>>()
            }
        })??;
        page(request, details, "imageDetails")
    }

    fn list_images(&self, request: &Request) -> Answer {
        let name = repository_name(request)?;
        let ids = self.with(name, |repository| {
            let mut ids = Vec::new();
            for digest in repository
                .images
                .keys()
                .filter(|digest| wanted(request.filter.as_ref(), repository, digest))
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
