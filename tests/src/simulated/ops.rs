//! What ops do before a world begins: who may start what, who people are, what environments ask.

use std::fmt::Write as _;

use anyhow::ensure;
use signalbox_cloud::chance::Chance;
use signalbox_cloud::store::{Documents, Put};
use signalbox_local::principals::user_arn;
use signalbox_pipeline::definition::BranchPattern;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{Host, PipelineName, RepositoryName};
use signalbox_pipeline::people;
use signalbox_pipeline::registration::{self, Registration};
use signalbox_pipeline::settings;

use super::people::PEOPLE;
use super::world::World;
use crate::installation::HOST;

/// The environments that every definition deploys to.
const ENVIRONMENTS: [&str; 2] = ["test", "staging"];
/// Where the images of all pipelines lie.
const IMAGES: &str = "trainer";

impl World {
    pub(super) async fn register(&self, pipelines: &[String]) -> anyhow::Result<()> {
        let s3 = self.operator().s3();
        let documents = Documents::new(s3.clone(), &self.buckets().state, Chance::new(|| 0));
        for name in pipelines {
            let (host, repository) = (Host::parse(HOST)?, RepositoryName::parse(name)?);
            let key = keys::state::repository(&host, &repository);
            let registration = Registration {
                schema: registration::SCHEMA,
                revision: 1,
                write_id: "ops".to_owned(),
                host,
                repository,
                pipeline: PipelineName::parse(name)?,
                clone_url: clone_url(name),
                branches: vec![BranchPattern::parse("**")?],
                checkout_image: None,
                notify: Vec::new(),
            };
            let put = documents.create(&key, &registration).await?;
            ensure!(matches!(put, Put::Committed(_)), "{key} was not written");
        }
        for environment in ENVIRONMENTS {
            self.apply(&format!("version: 1\nenvironment: {environment}\n")).await?;
        }
        self.introduce().await
    }

    /// Ops apply these settings.
    ///
    /// # Errors
    /// When they are faulty, or S3 does not take them.
    pub async fn apply(&self, text: &str) -> anyhow::Result<()> {
        let settings = settings::parse(text).map_err(|faults| anyhow::anyhow!("{faults}"))?;
        let environment = &settings.environment;
        let version = keys::state::settings_version(environment, &settings.digest());
        for key in [version, keys::state::settings(environment)] {
            self.keep(key, settings.to_json()).await?;
        }
        Ok(())
    }

    /// Says what the scans of images come to, as the local registry is told; see
    /// `local/src/ecr/scans.rs`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn scan(&self, status: &str) -> anyhow::Result<()> {
        let scans = serde_json::json!({ (IMAGES): { "status": status } });
        let file = self.folder().join("engine/ecr/scans.json");
        Ok(std::fs::write(file, scans.to_string())?)
    }

    /// Ops say who people are: everybody is a release manager.
    async fn introduce(&self) -> anyhow::Result<()> {
        let mut text = "version: 1\npeople:\n".to_owned();
        for user in self.wire().engine().users() {
            let name = &user.name;
            if PEOPLE.contains(&name.as_str()) {
                writeln!(text, "  {name}:\n    principals: [{}]", user.user_id)?;
                writeln!(text, "    git: [{name}@example.org]")?;
                writeln!(text, "    code_hosts: [\"{}\"]", user_arn(name))?;
                writeln!(text, "    groups: [release-managers]")?;
            }
        }
        let people = people::parse(&text).map_err(|faults| anyhow::anyhow!("{faults}"))?;
        self.keep(keys::state::PEOPLE.to_owned(), people.to_json()).await
    }

    async fn keep(&self, key: String, text: String) -> anyhow::Result<()> {
        let (s3, body) = (self.operator().s3().patient, text.into_bytes().into());
        s3.put_object().bucket(&self.buckets().state).key(key).body(body).send().await?;
        Ok(())
    }
}

pub(super) fn clone_url(pipeline: &str) -> String {
    format!("https://{HOST}/v1/repos/{pipeline}")
}

/// Every kind of stage, each with one job.
pub(super) fn definition(pipeline: &str) -> String {
    // Each way in which runs of a branch get along is some pipeline's.
    let concurrency = match pipeline {
        "snow" => "queue",
        "wind" => "supersede",
        _ => "parallel",
    };
    let mut text = format!(
        "version: 1\npipeline: {pipeline}\non: {{ push: {{ branches: [main] }} }}\n\
         concurrency: {concurrency}\n\
         checks: {{ unit: {{ run: \"true\" }} }}\n\
         build: {{ dockerfile: Dockerfile, context: ., repository: trainer }}\ndeploy:\n"
    );
    for environment in ENVIRONMENTS {
        text.push_str(&format!(
            "  - environment: {environment}\n    verify: {{ smoke: {{ run: cat greeting }} }}\n"
        ));
    }
    text.push_str("train: { run: cat greeting, require: [\"metrics.auc > 0.1\"] }\n");
    text
}
