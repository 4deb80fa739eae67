//! A pipeline of jobs that do nothing: what is left is what the machinery takes.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use signalbox_local::engine::Engine;
use signalbox_pipeline::settings::Settings;

use crate::laptop::{commit_all, push_unheard, register, settings};

/// The repository's name, and its pipeline's.
pub(super) const REPOSITORY: &str = "bench";
/// Where its build pushes images to.
pub(super) const IMAGES: &str = "bench-image";
/// Stages with a job that every run has: checkout, checks and build.
pub(super) const FIXED: usize = 3;

/// Registers the repository with a commit, and the settings of its environments; returns the
/// commit's id.
pub(super) async fn prepare(engine: &Engine, work: &Path, stages: usize) -> anyhow::Result<String> {
    let remote = register(engine, REPOSITORY, REPOSITORY, Vec::new()).await?;
    for number in FIXED..stages {
        settings(engine, &environment(number)?).await?;
    }
    std::fs::create_dir_all(work)?;
    std::fs::write(work.join("signalbox.yaml"), definition(stages))?;
    std::fs::write(work.join("Dockerfile"), "FROM scratch\nCOPY Dockerfile /\n")?;
    let commit = commit_all(work).await?;
    push_unheard(work, &remote).await?;
    Ok(commit)
}

fn definition(stages: usize) -> String {
    let mut text = format!(
        "version: 1\n\
         pipeline: {REPOSITORY}\n\
         checks: {{ nothing: {{ run: [\"true\"] }} }}\n\
         build: {{ dockerfile: Dockerfile, context: ., repository: {IMAGES} }}\n"
    );
    for number in FIXED..stages {
        if number == FIXED {
            text.push_str("deploy:\n");
        }
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  - {{ environment: e{number}, verify: {{ nothing: {{ run: [\"true\"] }} }} }}"
        );
    }
    text
}

fn environment(number: usize) -> anyhow::Result<Settings> {
    let text = format!("version: 1\nenvironment: e{number}\n");
    let settings = signalbox_pipeline::settings::parse(&text);
    settings.map_err(|faults| anyhow::anyhow!("{faults:?}")).context("settings of the bench")
}
