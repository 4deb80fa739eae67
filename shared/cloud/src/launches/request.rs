//! A request for a launch: the messages of the queue `launches`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EnvironmentName, EventId, PipelineName};

use super::LaunchKey;
use crate::fault::Malformed;
use crate::ingest::LARGEST;

/// The version that this code reads and writes.
const SCHEMA: u32 = 1;
/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;
/// A request that is older makes no launch: the launch that it has made may be forgotten by then.
const OLDEST: SignedDuration = SignedDuration::from_hours(14 * 24);
/// By so much the clock of whoever asks may be ahead.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// How to mend a request.
const MEND: &str = "ask with `signalbox train`, or as events/README.md shows";

/// A request for a launch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    schema: u32,
    /// Its id: the same request makes one launch, however often it comes.
    pub id: EventId,
    /// When it was made.
    pub at: Timestamp,
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The environment.
    pub environment: EnvironmentName,
    /// Why, in the words of whoever asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Request {
    /// A request that is made now.
    #[must_use]
    pub fn new(
        id: EventId,
        at: Timestamp,
        pipeline: PipelineName,
        environment: EnvironmentName,
        reason: Option<String>,
    ) -> Self {
        Self { schema: SCHEMA, id, at, pipeline, environment, reason }
    }

    /// Reads a message, strictly.
    ///
    /// # Errors
    /// When it is not a request.
    pub fn parse(body: &str) -> Result<Self, Malformed> {
        if body.len() > LARGEST {
            let what = format!("the message has {} bytes, {LARGEST} at most are read", body.len());
            return Err(Malformed::new(what, "body", MEND));
        }
        let request: Self = serde_json::from_str(body).map_err(|error| {
            Malformed::new(format!("not a request for a launch: {error}"), "body", MEND)
        })?;
        if request.schema != SCHEMA {
            let what = format!("a request of schema {}, and {SCHEMA} is known", request.schema);
            return Err(Malformed::new(what, "schema", MEND));
        }
        if request.reason.as_ref().is_some_and(|it| it.chars().count() > LONGEST_REASON) {
            let what = format!("a reason of more than {LONGEST_REASON} characters");
            return Err(Malformed::new(what, "reason", "say it in fewer words"));
        }
        Ok(request)
    }

    /// Whether it makes a launch `now`.
    ///
    /// # Errors
    /// When it is too old, or comes from the future.
    pub fn holds(&self, now: Timestamp) -> Result<(), Malformed> {
        let age = now.duration_since(self.at);
        if age > OLDEST || -age > SKEW {
            let what = format!("the request {} says that it was made at {}", self.id, self.at);
            return Err(Malformed::new(what, "at", "ask again, with a clock that is right"));
        }
        Ok(())
    }

    /// The launch that it makes.
    #[must_use]
    pub fn key(&self) -> LaunchKey {
        LaunchKey {
            pipeline: self.pipeline.clone(),
            environment: self.environment.clone(),
            launch: keys::launch_id(self.at, &self.id),
        }
    }
}
