//! Jobs as functions: in a few lines what the runner does in a container.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use axum::body::Body;
use axum::http::{Method, Request, header};
use serde::{Deserialize, Serialize};
use signalbox_local::batch::{Scripts, Task};
use signalbox_pipeline::digest::sha256;
use signalbox_pipeline::launch::Launch;
use signalbox_pipeline::names::{ImageDigest, RunId};
use signalbox_pipeline::order::{EXIT_RUNNER, Order, VARIABLE, Work, files};
use signalbox_pipeline::report::{
    Built, Commit, Failure, FailureClass, File, Metric, Report, Signature,
};

use super::connector::Wire;
use super::people::PEOPLE;
use crate::image::{Image, MANIFEST};

/// What a job does with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conduct {
    /// How many seconds it works.
    pub seconds: u64,
    /// What it exits with.
    pub exit_code: i32,
    /// Whether it leaves a result.
    pub reports: bool,
    /// Whether Batch forgets it when it has worked, as if it had never been.
    pub vanishes: bool,
    /// Whether its machine is taken away when it has worked, before it can say anything.
    #[serde(default)]
    pub is_reclaimed: bool,
}

/// Works for two seconds, and is content.
pub const WELL: Conduct =
    Conduct { seconds: 2, exit_code: 0, reports: true, vanishes: false, is_reclaimed: false };

impl Conduct {
    /// Whether its run succeeds all the same.
    #[must_use]
    pub fn is_made_good(&self) -> bool {
        *self == Self { is_reclaimed: true, ..WELL }
    }
}

/// How a launch of some release conducts itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Training {
    /// What it does with its time.
    pub conduct: Conduct,
    /// What it measures.
    pub auc: f64,
}

/// What jobs work with; there once the engine is, which has to know the jobs first.
#[derive(Default)]
pub struct Hands {
    tools: OnceLock<Tools>,
    /// How launches conduct themselves, by the run whose release they are of.
    trainings: Mutex<BTreeMap<RunId, Training>>,
}

struct Tools {
    wire: Weak<Wire>,
    s3: aws_sdk_s3::Client,
    /// The state bucket.
    state: String,
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
        state: &str,
        definitions: BTreeMap<String, String>,
    ) {
        // Given once, when the world begins.
        let _ = self.tools.set(Tools {
            wire: Arc::downgrade(wire),
            s3,
            state: state.to_owned(),
            definitions,
        });
    }

    /// Has launches of the release of `run` conduct themselves so from now on.
    pub fn train(&self, run: &RunId, training: Training) {
        let mut trainings = self.trainings.lock().unwrap_or_else(PoisonError::into_inner);
        trainings.insert(run.clone(), training);
    }

    /// How the launch that `task` is the job of conducts itself, where it is one.
    fn training(&self, task: &Task) -> Option<Training> {
        let tools = self.tools.get()?;
        let launch = tools.launch(task)?;
        let trainings = self.trainings.lock().unwrap_or_else(PoisonError::into_inner);
        let known = trainings.get(&launch.picked.release.run).copied();
        Some(known.unwrap_or(Training { conduct: WELL, auc: 0.9 }))
    }
}

/// Jobs of which those that `conducts` names, by the order in which they start (the first has the
/// number 1), conduct themselves as it says; the others do well.
pub fn scripts(hands: Arc<Hands>, conducts: BTreeMap<u64, Conduct>) -> Arc<Scripts> {
    let started = AtomicU64::new(0);
    Scripts::new(move |task: Task| {
        let number = started.fetch_add(1, Ordering::Relaxed) + 1;
        let training = hands.training(&task);
        let usual = training.map_or(WELL, |training| training.conduct);
        let conduct = conducts.get(&number).copied().unwrap_or(usual);
        let auc = training.map(|training| training.auc);
        let hands = Arc::clone(&hands);
        async move {
            tokio::time::sleep(Duration::from_secs(conduct.seconds)).await;
            match hands.tools.get() {
                Some(tools) => tools.work(&task, conduct, auc).await.unwrap_or(EXIT_RUNNER),
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
    /// The launch that `task` is the job of.
    fn launch(&self, task: &Task) -> Option<Launch> {
        let wire = self.wire.upgrade()?;
        let id = task.env.get("AWS_BATCH_JOB_ID")?.to_str()?;
        let job = wire.engine().batch().jobs().into_iter().find(|job| job.id == id)?;
        let (s3, bucket) = (wire.engine().s3(), &self.state);
        let keys =
            s3.keys(bucket, "pipelines/").into_iter().filter(|key| key.contains("/launches/"));
        keys.filter_map(|key| {
            let launch: Launch = serde_json::from_slice(&s3.peek(bucket, &key).ok()??).ok()?;
            job.name.contains(launch.id.as_str()).then_some(launch)
        })
        .next()
    }

    async fn work(&self, task: &Task, conduct: Conduct, auc: Option<f64>) -> anyhow::Result<i32> {
        if conduct.vanishes || conduct.is_reclaimed {
            let wire = self.wire.upgrade().context("the world is over")?;
            let id = task.env.get("AWS_BATCH_JOB_ID").and_then(|id| id.to_str());
            let (batch, id) = (wire.engine().batch(), id.context("a job without an id")?);
            if conduct.vanishes {
                batch.forget(id);
            } else {
                batch.reclaim(id).map_err(|refused| anyhow!("{refused:?}"))?;
                return std::future::pending().await;
            }
        }
        if !conduct.reports {
            return Ok(conduct.exit_code);
        }
        let order = order(task)?;
        let mut report = report(conduct);
        // A verification measures the same as the best of launches.
        report.metrics.insert("auc".to_owned(), Metric::of(auc.unwrap_or(0.9)));
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
                let author = signature(PEOPLE[0]);
                report.commit = Some(Commit { committer: author.clone(), author });
            }
            Work::Build { repository, tag, .. } if conduct.exit_code == 0 => {
                let digest = self.push(repository.as_str(), tag.as_str()).await?;
                report.image = Some(Built { tag: tag.clone(), digest });
            }
            Work::Build { .. } | Work::Exec { .. } | Work::Preflight { .. } => {}
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

fn signature(name: &str) -> Signature {
    Signature { name: name.to_owned(), email: format!("{name}@example.org") }
}

fn report(conduct: Conduct) -> Report {
    let failure = (conduct.exit_code != 0).then(|| Failure {
        class: FailureClass::Exit,
        message: format!("the command exited with {}", conduct.exit_code),
    });
    Report {
        schema: 1,
        exit_code: conduct.exit_code,
        seconds: 0.0,
        cpu_seconds: 0.0,
        max_rss_bytes: 0,
        tests: None,
        metrics: BTreeMap::new(),
        evidence: [].into(),
        packages: Vec::new(),
        files: Vec::new(),
        image: None,
        commit: None,
        failure,
        findings: Vec::new(),
        notes: Vec::new(),
    }
}
