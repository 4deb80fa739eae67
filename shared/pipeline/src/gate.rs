//! Gates: conditions over what a job reported.
//!
//! A condition is an expression in CEL. It reads `metrics` and `tests` of the job, `current.metrics`
//! and `current.tests` of the release that is live, and `image`. Every number is a double, literals
//! too. It must be decidable what a condition reads before it is evaluated, so names are fixed:
//! no macros but `has(…)`, no functions but `startsWith`, `endsWith` and `contains`. Some conditions
//! have names ([`READY`]), which stand for them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::names::ImageDigest;
use crate::report::{Metric, Tests};

mod check;
mod evaluate;
mod read;
mod ready;
mod syntax;

pub use ready::{READY, Ready};

/// The longest condition, in characters.
pub const LONGEST: usize = 512;

/// A condition, as it was written.
///
/// `parse` checks it. Deserialising does not: a condition was checked when its definition was
/// read, and a document stays readable when the checks become stricter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Condition(String);

/// What a condition can read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// What the job reported; nested names are joined with dots.
    pub metrics: BTreeMap<String, Metric>,
    /// What is behind a metric, by its name, in words; and why there is none, by the first part of it.
    pub evidence: BTreeMap<String, String>,
    /// The counted tests, if the job left any.
    pub tests: Option<Tests>,
    /// The release that is live in the environment, if there is one.
    pub current: Option<Current>,
    /// The image that the job ran in, if it is one of a release.
    pub image: Option<ImageFacts>,
}

/// What the live release reported when it was verified.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Current {
    /// Its metrics.
    pub metrics: BTreeMap<String, Metric>,
    /// Its counted tests.
    pub tests: Option<Tests>,
}

/// What is known of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFacts {
    /// Its digest.
    pub digest: ImageDigest,
    /// The size that its registry gives, if it gives one.
    pub bytes: Option<u64>,
}

/// What a condition says of a scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It holds.
    Passed {
        /// What the reader should know all the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// It does not hold, or cannot be said to.
    Failed {
        /// The condition and the values that it read.
        reason: String,
    },
}

/// Why a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConditionError {
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// At which character of the text, counted from 0, where that is known.
    pub offset: Option<u32>,
}

impl Condition {
    /// Checks that `text` is a condition, or the name of one.
    ///
    /// # Errors
    /// When it does not parse, reads what there is not, is always the same, or is neither true
    /// nor false; when it is a name, and no gate has it.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        let text = ready::named(text)?.map_or(text, |ready| ready.condition);
        check::check(&syntax::compile(text)?)?;
        Ok(Self(text.to_owned()))
    }

    /// The condition as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the condition holds in `scope`.
    ///
    /// It fails, whatever the rest of it says, where it reads a number that is not finite, or one
    /// that was not reported and that it does not ask for with `has(…)`. Where there is no
    /// current release, what reads `current` passes: the whole condition, or those parts of a
    /// chain of `&&`.
    #[must_use]
    pub fn evaluate(&self, scope: &Scope) -> Verdict {
        evaluate::evaluate(self, scope)
    }

    /// The condition in one line.
    fn line(&self) -> String {
        self.0.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl ConditionError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, offset: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

#[cfg(test)]
mod tests;
