//! What the demo came to, for scripts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;
use signalbox_local::engine::Engine;
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::keys;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Fact;

use super::ramp::Ramped;
use super::story::{Push, Story};
use crate::laptop::{document, example, product_requests};
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
    pushes: Vec<Pushed>,
    production: Production,
    /// What the functions and the jobs asked of AWS.
    requests: BTreeMap<String, u64>,
    /// What people were told.
    told: Vec<String>,
    dir: PathBuf,
    endpoint: Option<String>,
}

#[derive(Debug, Serialize)]
struct Stage {
    name: String,
    phase: Phase,
    seconds: f64,
}

/// One push, and what became of it.
#[derive(Debug, Serialize)]
struct Pushed {
    run: String,
    commit: String,
    title: &'static str,
    phase: Phase,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    approvals: Vec<Approval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rollout: Option<Ramped>,
}

#[derive(Debug, Serialize)]
struct Approval {
    environment: String,
    person: String,
    principal: String,
    reason: Option<String>,
}

/// What is released in production, by run.
#[derive(Debug, Default, Serialize)]
struct Production {
    live: Option<String>,
    previous: Option<String>,
    hold: Option<String>,
    changes: Vec<Changed>,
}

#[derive(Debug, Serialize)]
struct Changed {
    what: String,
    run: Option<String>,
    why: Option<String>,
}

impl Outcome {
    /// What became of the push that the story is about, and of the others.
    pub(super) fn of(story: &Story<'_>, told: &anyhow::Result<()>) -> Self {
        let nothing = match told {
            Ok(()) => anyhow::anyhow!("nothing was pushed"),
            Err(error) => anyhow::anyhow!("{error:#}"),
        };
        let all = Self {
            pushes: story.pushes.iter().map(pushed).collect(),
            production: Production::of(story.engine),
            requests: product_requests(story.engine),
            told: story.told.clone(),
            endpoint: Some(story.engine.endpoint().to_owned()),
            ..Self::without_engine(story.dir, &nothing)
        };
        let Some(push) = story.about().filter(|_| told.is_ok()) else { return all };
        let state = &push.run.state;
        Self {
            run: Some(push.run.id.to_string()),
            phase: state.phase,
            reason: state.reason.clone(),
            stages: state.stages.iter().map(stage).collect(),
            image_digest: state.image.as_ref().map(|image| image.digest.to_string()),
            ..all
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
            pushes: Vec::new(),
            production: Production::default(),
            requests: BTreeMap::new(),
            told: Vec::new(),
            dir: dir.to_owned(),
            endpoint: None,
        }
    }

    /// How the push that the story is about has ended.
    pub(super) fn phase(&self) -> Phase {
        self.phase
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

impl Production {
    fn of(engine: &Engine) -> Self {
        let Some(found) = production(engine) else { return Self::default() };
        let changes = found.changes.into_iter().map(|change| Changed {
            what: change.what.to_string(),
            run: change.run.map(|run| run.to_string()),
            why: change.why,
        });
        Self {
            changes: changes.collect(),
            live: found.current.map(|release| release.run.to_string()),
            previous: found.previous.map(|release| release.run.to_string()),
            hold: found.hold.map(|hold| hold.to_string()),
        }
    }
}

/// The document of production; nothing where no release has come so far.
pub(super) fn production(engine: &Engine) -> Option<Environment> {
    let (pipeline, environment) = (example::REPOSITORY.parse().ok()?, "production".parse().ok()?);
    document(engine, &keys::state::environment(&pipeline, &environment)).ok()?
}

fn pushed(push: &Push) -> Pushed {
    let entries = push.run.register.entries().iter();
    let approvals = entries.filter_map(|entry| match &entry.fact {
        Fact::Decided(decided) => Some(Approval {
            environment: decided.environment.to_string(),
            person: decided.person.to_string(),
            principal: decided.principal.to_string(),
            reason: decided.reason.clone(),
        }),
        _ => None,
    });
    Pushed {
        run: push.run.id.to_string(),
        commit: push.commit.clone(),
        title: push.title,
        phase: push.run.state.phase,
        reason: push.run.state.reason.clone(),
        approvals: approvals.collect(),
        rollout: push.ramped.clone(),
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
