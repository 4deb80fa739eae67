//! The registry's HTTP side: as much of the OCI distribution API as pushing and pulling needs.

mod answer;
mod blobs;
mod manifests;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use base64::Engine as _;
use serde::Deserialize;
use serde_json::json;

use super::Ecr;
use super::reference::is_repository_name;
use answer::RegistryError;

/// What the query of a request may say.
#[derive(Default, Deserialize)]
struct Query {
    digest: Option<String>,
    mount: Option<String>,
    n: Option<usize>,
    last: Option<String>,
}

/// The registry (`/v2/…`) of `ecr`, to be served on its own port.
pub fn registry(ecr: Ecr) -> Router {
    Router::new()
        .route("/v2/", any(handle))
        .route("/v2", any(handle))
        .route("/v2/{*rest}", any(handle))
        .with_state(ecr)
}

pub(super) async fn handle(State(ecr): State<Ecr>, request: Request) -> Response {
    let mut response = match route(&ecr, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    };
    let version = header::HeaderValue::from_static("registry/2.0");
    response.headers_mut().insert("docker-distribution-api-version", version);
    response
}

async fn route(ecr: &Ecr, request: Request) -> Result<Response, RegistryError> {
    authorize(ecr, request.headers())?;
    let (parts, body) = request.into_parts();
    let query = axum::extract::Query::<Query>::try_from_uri(&parts.uri)
        .map(|query| query.0)
        .unwrap_or_default();
    let path = parts.uri.path().trim_start_matches("/v2").trim_start_matches('/');
    if path.is_empty() {
        return Ok(axum::Json(json!({})).into_response());
    }
    let (name, target) = Target::parse(path).ok_or_else(|| RegistryError::not_found(path))?;
    if ecr.look(&name, |_| ()).is_none() {
        return Err(RegistryError::unknown_repository(&name));
    }
    let call = Call { ecr, name, headers: parts.headers, query };
    dispatch(&call, &parts.method, target, body).await
}

async fn dispatch(
    call: &Call<'_>,
    method: &Method,
    target: Target,
    body: Body,
) -> Result<Response, RegistryError> {
    match (method.as_str(), target) {
        ("GET", Target::Tags) => Ok(call.tags()),
        ("HEAD" | "GET", Target::Blob(digest)) => {
            call.get_blob(&digest, *method == Method::HEAD).await
        }
        ("POST", Target::Uploads) => call.begin_upload(body).await,
        ("GET", Target::Upload(upload)) => call.upload_status(&upload).await,
        ("PATCH", Target::Upload(upload)) => call.continue_upload(&upload, body).await,
        ("PUT", Target::Upload(upload)) => call.finish_upload(&upload, body).await,
        ("DELETE", Target::Upload(upload)) => {
            call.ecr.inner.blobs.drop_upload(&upload).await;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        ("HEAD" | "GET", Target::Manifest(version)) => {
            call.get_manifest(&version, *method == Method::HEAD)
        }
        ("PUT", Target::Manifest(version)) => call.put_manifest(&version, body).await,
        ("DELETE", Target::Manifest(version)) => call.delete_manifest(&version),
        (method, _) => Err(RegistryError::unsupported(method)),
    }
}

/// One request to one repository.
struct Call<'a> {
    ecr: &'a Ecr,
    name: String,
    headers: HeaderMap,
    query: Query,
}

/// What of a repository a path names.
enum Target {
    Tags,
    Uploads,
    Upload(String),
    Blob(String),
    Manifest(String),
}

impl Target {
    /// The repository's name may hold slashes, so a path is read from its end.
    fn parse(path: &str) -> Option<(String, Self)> {
        let (name, target) = if let Some(name) = path.strip_suffix("/tags/list") {
            (name, Self::Tags)
        } else if let Some(name) =
            path.strip_suffix("/blobs/uploads/").or_else(|| path.strip_suffix("/blobs/uploads"))
        {
            (name, Self::Uploads)
        } else {
            let (front, last) = path.rsplit_once('/')?;
            if let Some(name) = front.strip_suffix("/blobs/uploads") {
                (name, Self::Upload(last.to_owned()))
            } else if let Some(name) = front.strip_suffix("/blobs") {
                (name, Self::Blob(last.to_owned()))
            } else {
                (front.strip_suffix("/manifests")?, Self::Manifest(last.to_owned()))
            }
        };
        is_repository_name(name).then(|| (name.to_owned(), target))
    }
}

/// Anybody on this machine may push and pull; but whoever logs in must do it right.
fn authorize(ecr: &Ecr, headers: &HeaderMap) -> Result<(), RegistryError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(()) };
    let value = value.to_str().unwrap_or_default();
    let login = value
        .strip_prefix("Basic ")
        .and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
    if login.is_some_and(|login| login == format!("AWS:{}", ecr.inner.token).as_bytes()) {
        return Ok(());
    }
    Err(RegistryError::unauthorized())
}
