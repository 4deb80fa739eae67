//! What a key of the state bucket says of the document under it.

use crate::keys::state;
use crate::names::{EnvironmentName, EventId, PipelineName, RunId, Sha256};

/// What is kept under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A run.
    Run {
        /// Its pipeline.
        pipeline: PipelineName,
        /// Its id.
        run: RunId,
    },
    /// What is released in an environment.
    Environment {
        /// The pipeline.
        pipeline: PipelineName,
        /// The environment.
        environment: EnvironmentName,
    },
    /// Older changes of an environment.
    History {
        /// The pipeline.
        pipeline: PipelineName,
        /// The environment.
        environment: EnvironmentName,
    },
    /// A launch.
    Launch,
    /// The head of a branch.
    Head,
    /// A registered repository.
    Registration,
    /// Settings of an environment: those that hold, or one version of them.
    Settings {
        /// The environment.
        environment: EnvironmentName,
        /// The digest of the version.
        digest: Option<Sha256>,
    },
    /// Who may decide: as it holds, or one version of it.
    People {
        /// The digest of the version.
        digest: Option<Sha256>,
    },
    /// A trigger event as it was received.
    Event {
        /// Its id.
        event: EventId,
    },
    /// Something that this code knows nothing of.
    Unknown,
}

impl Kept {
    /// What is kept under `key`.
    #[must_use]
    pub fn at(key: &str) -> Self {
        let parts: Vec<&str> = key.split('/').collect();
        let known = match parts.as_slice() {
            ["pipelines", pipeline, "runs", .., run, "run.json"] => run_at(key, pipeline, run),
            ["pipelines", pipeline, "environments", name, "environment.json"] => {
                environment_at(pipeline, name)
            }
            ["pipelines", pipeline, "environments", name, "history", _] => {
                history_at(pipeline, name)
            }
            ["pipelines", _, "launches", _, .., last] if last.ends_with(".json") => {
                Some(Self::Launch)
            }
            ["heads", _, .., last] if last.ends_with(".json") => Some(Self::Head),
            ["repositories", _, .., last] if last.ends_with(".json") => Some(Self::Registration),
            ["environments", name, "settings.json"] => settings_at(name, None),
            ["environments", name, "settings", version] => {
                settings_at(name, version.strip_suffix(".json"))
            }
            [state::PEOPLE] => Some(Self::People { digest: None }),
            ["people", version] => people_at(version),
            ["events", _, _, _, event] => event_at(event),
            _ => None,
        };
        known.unwrap_or(Self::Unknown)
    }

    /// Whether what lies there is written once and never again.
    #[must_use]
    pub fn is_written_once(&self) -> bool {
        let version = |digest: &Option<Sha256>| digest.is_some();
        match self {
            Self::Event { .. } | Self::History { .. } => true,
            Self::Settings { digest, .. } | Self::People { digest } => version(digest),
            _ => false,
        }
    }
}

fn run_at(key: &str, pipeline: &str, run: &str) -> Option<Kept> {
    let (pipeline, run) = (PipelineName::parse(pipeline).ok()?, RunId::parse(run).ok()?);
    (state::run(&pipeline, &run) == key).then_some(Kept::Run { pipeline, run })
}

fn environment_at(pipeline: &str, environment: &str) -> Option<Kept> {
    let pipeline = PipelineName::parse(pipeline).ok()?;
    Some(Kept::Environment { pipeline, environment: EnvironmentName::parse(environment).ok()? })
}

fn history_at(pipeline: &str, environment: &str) -> Option<Kept> {
    let pipeline = PipelineName::parse(pipeline).ok()?;
    Some(Kept::History { pipeline, environment: EnvironmentName::parse(environment).ok()? })
}

fn settings_at(environment: &str, digest: Option<&str>) -> Option<Kept> {
    let environment = EnvironmentName::parse(environment).ok()?;
    let digest = digest.map(Sha256::parse).transpose().ok()?;
    Some(Kept::Settings { environment, digest })
}

fn people_at(version: &str) -> Option<Kept> {
    let digest = Sha256::parse(version.strip_suffix(".json")?).ok()?;
    Some(Kept::People { digest: Some(digest) })
}

fn event_at(name: &str) -> Option<Kept> {
    Some(Kept::Event { event: EventId::parse(name.strip_suffix(".json")?).ok()? })
}
