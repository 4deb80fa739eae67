//! What the demo came to, for scripts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;
use signalbox_local::engine::Engine;
use signalbox_local::sns::Published;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;

use crate::laptop::{product_requests, told};
use crate::output::Output;
use crate::view::job as view;

/// The object that `--json` prints.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    run: Option<String>,
    phase: Phase,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    stages: Vec<Stage>,
    image_digest: Option<String>,
    /// What the functions and the jobs asked of AWS.
    requests: BTreeMap<String, u64>,
    /// What people were told of its end.
    told: Option<String>,
    dir: PathBuf,
    endpoint: Option<String>,
}

#[derive(Debug, Serialize)]
struct Stage {
    name: String,
    phase: Phase,
    seconds: f64,
}

impl Outcome {
    /// What became of the run, or why there is none.
    pub(super) fn of(
        engine: &Engine,
        dir: &Path,
        followed: &anyhow::Result<(Run, Option<Published>)>,
    ) -> Self {
        let requests = product_requests(engine);
        let endpoint = Some(engine.endpoint().to_owned());
        match followed {
            Err(error) => Self { requests, endpoint, ..Self::without_engine(dir, error) },
            Ok((run, told)) => Self {
                run: Some(run.id.to_string()),
                phase: run.state.phase,
                reason: run.state.reason.clone(),
                stages: run.state.stages.iter().map(stage).collect(),
                image_digest: run.state.image.as_ref().map(|image| image.digest.to_string()),
                requests,
                told: told.as_ref().map(told::line),
                dir: dir.to_owned(),
                endpoint,
            },
        }
    }

    /// The machinery failed.
    pub(super) fn without_engine(dir: &Path, error: &anyhow::Error) -> Self {
        Self {
            run: None,
            phase: Phase::Errored,
            reason: Some(format!("{error:#}")),
            stages: Vec::new(),
            image_digest: None,
            requests: BTreeMap::new(),
            told: None,
            dir: dir.to_owned(),
            endpoint: None,
        }
    }

    /// Prints the object where it was asked for.
    pub(super) fn print(&self, output: &Output) {
        if output.json
            && let Err(error) = output.object(self)
        {
            output.error(&error);
        }
    }
}

fn stage(stage: &signalbox_pipeline::run::state::Stage) -> Stage {
    let ended = stage.ended_at.or(stage.started_at).unwrap_or(Timestamp::UNIX_EPOCH);
    Stage {
        name: stage.name.to_string(),
        phase: stage.phase,
        seconds: view::stage_seconds(stage, ended).unwrap_or_default(),
    }
}
