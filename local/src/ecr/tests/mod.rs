//! Pushing, pulling, and what is told about it.

mod registry;
mod unpacking;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Request, Response};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Digest, Ecr};
use crate::clock::Clock;
use crate::events::EventSink;
use crate::principals::{Kind, Principal};
use crate::wire::{Answer, JsonService};

/// A bus that hands its events to the test.
pub(crate) struct Bus(mpsc::UnboundedSender<Value>);

impl Bus {
    pub(crate) fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<Value>) {
        let (sender, events) = mpsc::unbounded_channel();
        (Arc::new(Self(sender)), events)
    }
}

impl EventSink for Bus {
    fn put(&self, event: Value) -> BoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async move { Ok(self.0.send(event)?) })
    }
}

/// A bus that takes nothing.
pub(crate) struct Deaf;

impl EventSink for Deaf {
    fn put(&self, _: Value) -> BoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async { anyhow::bail!("nobody listens") })
    }
}

pub(crate) fn somebody() -> Principal {
    Principal {
        kind: Kind::User,
        name: "operator".to_owned(),
        user_id: "AIDAEXAMPLE".to_owned(),
        access_key_id: "AKIAEXAMPLE".to_owned(),
        secret_access_key: "secret".to_owned(),
    }
}

/// Packs `files` into a layer; a name with a trailing `/` is a folder, a content of `-> x` a link.
pub(crate) fn layer(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o755);
        // Written by hand: the builder would refuse the names that an attacker would use.
        let bytes = name.trim_end_matches('/').as_bytes();
        header.as_old_mut().name[..bytes.len()].copy_from_slice(bytes);
        let link = content.strip_prefix("-> ");
        let data = if link.is_some() || name.ends_with('/') { "" } else { content };
        header.set_size(data.len() as u64);
        if let Some(link) = link {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_link_name_literal(link).unwrap();
        } else if name.ends_with('/') {
            header.set_entry_type(tar::EntryType::Directory);
        }
        header.set_cksum();
        archive.append(&header, data.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap()
}

/// One request to the registry.
pub(crate) async fn ask(
    ecr: &Ecr,
    method: &str,
    path: &str,
    body: impl Into<Body>,
) -> Response<Body> {
    let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
    super::registry::handle(State(ecr.clone()), request).await
}

pub(crate) async fn text(response: Response<Body>) -> String {
    String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
}

pub(crate) async fn push_blob(ecr: &Ecr, repository: &str, content: &[u8]) -> Value {
    let digest = Digest::of(content);
    let path = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
    let answer = ask(ecr, "POST", &path, content.to_vec()).await;
    assert_eq!(answer.status(), 201);
    json!({ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": content.len() })
}

/// Pushes an image, and returns its digest.
pub(crate) async fn push_image(
    ecr: &Ecr,
    repository: &str,
    tag: &str,
    config: &Value,
    layers: &[Vec<u8>],
) -> Result<String, String> {
    let mut config = push_blob(ecr, repository, config.to_string().as_bytes()).await;
    config["mediaType"] = json!("application/vnd.oci.image.config.v1+json");
    let mut pushed = Vec::new();
    for layer in layers {
        pushed.push(push_blob(ecr, repository, layer).await);
    }
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config,
        "layers": pushed,
    });
    let answer =
        ask(ecr, "PUT", &format!("/v2/{repository}/manifests/{tag}"), manifest.to_string()).await;
    match answer.status().as_u16() {
        201 => Ok(answer.headers()["docker-content-digest"].to_str().unwrap().to_owned()),
        _ => Err(text(answer).await),
    }
}

async fn call(ecr: &Ecr, operation: &str, body: Value) -> Answer {
    ecr.call(&somebody(), operation, body).await
}
