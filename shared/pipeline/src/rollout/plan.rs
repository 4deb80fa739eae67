//! What `rollout` of an environment's settings says.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::gate::Condition;

/// How a release is carried to all launches, and what makes it fall back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// How it is carried there.
    pub strategy: Strategy,
    /// Its steps: at least one, their weights rise, the last one is 100.
    pub steps: Vec<Step>,
    /// What makes it fall back.
    pub fallback: Fallback,
}

/// How a release is carried to all launches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// In steps, each with a larger share of the launches.
    Canary,
    /// All at once, as soon as its verification has passed; the other colour stays ready.
    BlueGreen,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// How many of 100 launches the candidate gets.
    pub weight: u32,
    /// For how long at least, in seconds.
    pub bake_seconds: u64,
    /// How many of its launches have to end well before the step is passed.
    pub launches: u32,
}

/// What makes a candidate fall back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fallback {
    /// The largest share of its launches that may fail. None may, where nothing is said.
    pub failure_rate: Rate,
    /// What must hold of every launch of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<Condition>,
    /// What becomes of its launches that still run.
    #[serde(default)]
    pub in_flight: InFlight,
}

/// What becomes of launches that run on a release that has fallen back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InFlight {
    /// They run to their end.
    #[default]
    Leave,
    /// They are ended.
    Stop,
}

/// A share from 0 to 1, in ten-thousandths; exact, so that settings compare and hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Rate {
    parts: u32,
}

/// How many parts a whole has.
const WHOLE: u32 = 10_000;

/// A number that is no share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a share from 0 to 1, such as 0.2, with four digits after the point at most")]
pub struct RateError;

impl Rate {
    /// Whether `failed` of `all` is more than this share.
    #[must_use]
    pub fn is_exceeded(self, failed: u64, all: u64) -> bool {
        u128::from(failed) * u128::from(WHOLE) > u128::from(self.parts) * u128::from(all)
    }
}

impl TryFrom<f64> for Rate {
    type Error = RateError;

    fn try_from(share: f64) -> Result<Self, RateError> {
        let parts = share * f64::from(WHOLE);
        let whole = parts.round();
        // What is written with four digits is that many parts, but for the last bit of a double.
        if !(0.0..=f64::from(WHOLE)).contains(&parts) || (parts - whole).abs() > 1e-6 {
            return Err(RateError);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number within bounds, as just checked"
        )]
        let parts = whole as u32;
        Ok(Self { parts })
    }
}

impl From<Rate> for f64 {
    fn from(rate: Rate) -> Self {
        Self::from(rate.parts) / Self::from(WHOLE)
    }
}

/// As people say it: `20 %`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", f64::from(self.parts) / 100.0)
    }
}
