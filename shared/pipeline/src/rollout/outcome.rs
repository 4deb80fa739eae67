//! How a launch ended, as far as a rollout is concerned.
//!
//! All of it stands in the key of the object that says so: nothing has to be read but the listing.

use std::fmt;

use crate::names::{EnvironmentName, LaunchId, NameError, PipelineName, RunId};

/// The end of one launch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    /// The environment.
    pub environment: EnvironmentName,
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The launch, which ends once.
    pub launch: LaunchId,
    /// The run whose release it was made on.
    pub release: RunId,
    /// How it ended.
    pub ended: Ended,
}

/// How a launch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// Well.
    Succeeded,
    /// The user's work failed.
    Failed,
    /// The job ended well, and what it reported breaks a condition of `fallback.require`.
    Broke,
    /// The platform or a person ended it: it says nothing about the release.
    Errored,
}

/// A key that is not an outcome's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutcomeError {
    /// It has other parts.
    #[error("it is not outcomes/<environment>/<pipeline>/<launch>.<run>.<end>")]
    Parts,
    /// A part of it is not a name.
    #[error(transparent)]
    Name(#[from] NameError),
}

const ENDS: [(Ended, &str); 4] = [
    (Ended::Succeeded, "succeeded"),
    (Ended::Failed, "failed"),
    (Ended::Broke, "broke"),
    (Ended::Errored, "errored"),
];

impl Outcome {
    /// The key of the object that says so, without the prefix of all of them.
    #[must_use]
    pub fn key(&self) -> String {
        let Self { environment, pipeline, launch, release, ended } = self;
        format!("{environment}/{pipeline}/{launch}.{release}.{ended}")
    }

    /// Reads what [`Outcome::key`] writes.
    ///
    /// # Errors
    /// When it is another key.
    pub fn parse(key: &str) -> Result<Self, OutcomeError> {
        let mut parts = key.split('/');
        let (Some(environment), Some(pipeline), Some(file), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(OutcomeError::Parts);
        };
        let mut parts = file.split('.');
        let (Some(launch), Some(release), Some(ended), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(OutcomeError::Parts);
        };
        let ended = ENDS.iter().find(|(_, word)| *word == ended).ok_or(OutcomeError::Parts)?.0;
        Ok(Self {
            environment: environment.parse()?,
            pipeline: pipeline.parse()?,
            launch: launch.parse()?,
            release: release.parse()?,
            ended,
        })
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = ENDS.iter().find(|(ended, _)| ended == self).map_or("", |(_, word)| word);
        f.write_str(word)
    }
}
