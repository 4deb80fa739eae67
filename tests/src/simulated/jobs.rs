//! Jobs as functions: in a few lines what the runner does in a container.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use axum::body::Body;
use axum::http::{Method, Request, header};
use signalbox_local::batch::{Scripts, Task};
use signalbox_pipeline::digest::sha256;
use signalbox_pipeline::names::ImageDigest;
use signalbox_pipeline::order::{EXIT_RUNNER, Order, VARIABLE, Work, files};
use signalbox_pipeline::report::{Built, Failure, FailureClass, File, Report};

use super::connector::Wire;
use crate::image::{Image, MANIFEST};

/// What a job does with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conduct {
    /// How long it works.
    pub takes: Duration,
    /// What it exits with.
    pub exit_code: i32,
}

/// Works for two seconds, and is content.
pub const WELL: Conduct = Conduct { takes: Duration::from_secs(2), exit_code: 0 };

/// What jobs work with; there once the engine is, which has to know the jobs first.
#[derive(Default)]
pub struct Hands(OnceLock<Tools>);

struct Tools {
    wire: Weak<Wire>,
    s3: aws_sdk_s3::Client,
    /// By clone address.
    definitions: BTreeMap<String, String>,
}

impl Hands {
    /// Gives the jobs the network, a client of S3, and the definitions that a checkout finds, by
    /// clone address.
    pub fn give(
        &self,
        wire: &Arc<Wire>,
        s3: aws_sdk_s3::Client,
        definitions: BTreeMap<String, String>,
    ) {
        // Given once, when the world begins.
        let _ = self.0.set(Tools { wire: Arc::downgrade(wire), s3, definitions });
    }
}

/// Jobs that conduct themselves as `conduct` says of each task.
pub fn scripts(
    hands: Arc<Hands>,
    conduct: impl Fn(&Order) -> Conduct + Send + Sync + 'static,
) -> Arc<Scripts> {
    let conduct = Arc::new(conduct);
    Scripts::new(move |task: Task| {
        let (hands, conduct) = (Arc::clone(&hands), Arc::clone(&conduct));
        async move {
            let Ok(order) = order(&task) else { return EXIT_RUNNER };
            let conduct = conduct(&order);
            tokio::time::sleep(conduct.takes).await;
            match hands.0.get() {
                Some(tools) => tools.work(&task, &order, conduct).await.unwrap_or(EXIT_RUNNER),
                None => EXIT_RUNNER,
            }
        }
    })
}

fn order(task: &Task) -> anyhow::Result<Order> {
    let text = task.env.get(VARIABLE).and_then(|text| text.to_str()).context("no order")?;
    Ok(serde_json::from_str(text)?)
}

impl Tools {
    async fn work(&self, task: &Task, order: &Order, conduct: Conduct) -> anyhow::Result<i32> {
        let mut report = report(conduct);
        let prefix = format!("{}:{}/", order.incoming, task.id);
        match &order.work {
            Work::Checkout { commit, clone_url, .. } => {
                let definition = self.definitions.get(clone_url).context("no such repository")?;
                for (name, text) in
                    [(files::SOURCE, commit.as_str()), (files::DEFINITION, definition)]
                {
                    let key = format!("{prefix}{}{name}", files::DELIVERED);
                    self.put(&order.artifacts_bucket, &key, text.as_bytes().to_vec()).await?;
                    let (name, bytes) = (name.to_owned(), text.len() as u64);
                    report.files.push(File { name, bytes, sha256: sha256(text.as_bytes()) });
                }
            }
            Work::Build { repository, tag, .. } if conduct.exit_code == 0 => {
                let digest = self.push(repository.as_str(), tag.as_str()).await?;
                report.image = Some(Built { tag: tag.clone(), digest });
            }
            Work::Build { .. } | Work::Exec { .. } => {}
        }
        let key = format!("{prefix}{}", files::RESULT);
        self.put(&order.artifacts_bucket, &key, serde_json::to_vec(&report)?).await?;
        Ok(conduct.exit_code)
    }

    async fn put(&self, bucket: &str, key: &str, body: Vec<u8>) -> anyhow::Result<()> {
        self.s3.put_object().bucket(bucket).key(key).body(body.into()).send().await?;
        Ok(())
    }

    /// Pushes an image of one small file.
    async fn push(&self, repository: &str, tag: &str) -> anyhow::Result<ImageDigest> {
        let image = Image::pack("greeting", "hello\n")?;
        for blob in [&image.layer, &image.config] {
            let digest = sha256(blob);
            let path = format!("/v2/{repository}/blobs/uploads/?digest=sha256:{digest}");
            let kind = "application/octet-stream";
            self.registry(Method::POST, &path, kind, blob.clone()).await?;
        }
        let path = format!("/v2/{repository}/manifests/{tag}");
        self.registry(Method::PUT, &path, MANIFEST, image.manifest.clone()).await?;
        Ok(ImageDigest::parse(format!("sha256:{}", sha256(&image.manifest)))?)
    }

    async fn registry(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: bytes::Bytes,
    ) -> anyhow::Result<()> {
        let wire = self.wire.upgrade().context("the world is over")?;
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::CONTENT_TYPE, kind).body(Body::from(body))?;
        let status = wire.engine().call(request).await.status();
        ensure!(status.is_success(), "{path}: {status}");
        Ok(())
    }
}

fn report(conduct: Conduct) -> Report {
    let failure = (conduct.exit_code != 0).then(|| Failure {
        class: FailureClass::Exit,
        message: format!("the command exited with {}", conduct.exit_code),
    });
    Report {
        schema: 1,
        exit_code: conduct.exit_code,
        seconds: conduct.takes.as_secs_f64(),
        cpu_seconds: 0.0,
        max_rss_bytes: 0,
        tests: None,
        metrics: BTreeMap::new(),
        files: Vec::new(),
        image: None,
        failure,
        notes: Vec::new(),
    }
}
