//! What ends the wait before an environment, other than its place.

use serde::{Deserialize, Serialize};

use crate::names::{EnvironmentName, EventId, PersonName, Sha256};

/// A person's decision about one release, as the function `decision` has admitted it: the person
/// has a voice here, and did not make the commit where that is excluded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The id of the decision.
    pub decision: EventId,
    /// The environment that the release is for.
    pub environment: EnvironmentName,
    /// What the person decided.
    pub choice: Choice,
    /// The release that it is about: see [`crate::environment::release_digest`].
    pub release: Sha256,
    /// The person.
    pub person: PersonName,
    /// The principal that sent it, as the queue itself attests.
    pub principal: String,
    /// Why, in the person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether it passes by the number of people asked for; marked for ever.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub break_glass: bool,
}

/// A decision about a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// It may go on.
    Approve,
    /// It may not.
    Reject,
}

/// An environment was waited for too long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expired {
    /// The environment.
    pub environment: EnvironmentName,
    /// How long, in one sentence.
    pub reason: String,
}

/// The release of the run is being rolled out, or has come to its next step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollingOut {
    /// The environment.
    pub environment: EnvironmentName,
    /// How many of 100 launches it gets.
    pub weight: u32,
}

/// The run gave its place in an environment back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// The environment.
    pub environment: EnvironmentName,
}
