//! Processors, in quarters.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A number of processors in steps of 0.25, as Fargate counts them; exact, so that documents with
/// it compare and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Vcpus {
    quarters: u32,
}

/// A number of processors that no machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number of processors from 0.25 to 512, in steps of 0.25")]
pub struct VcpusError;

const MOST_QUARTERS: f64 = 512.0 * 4.0;

impl TryFrom<f64> for Vcpus {
    type Error = VcpusError;

    fn try_from(vcpus: f64) -> Result<Self, VcpusError> {
        let quarters = vcpus * 4.0;
        if !(1.0..=MOST_QUARTERS).contains(&quarters) || quarters.fract() != 0.0 {
            return Err(VcpusError);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number within bounds, as just checked"
        )]
        let quarters = quarters as u32;
        Ok(Self { quarters })
    }
}

impl From<Vcpus> for f64 {
    fn from(vcpus: Vcpus) -> Self {
        Self::from(vcpus.quarters) / 4.0
    }
}

/// As AWS Batch wants it: `4` or `0.25`.
impl fmt::Display for Vcpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f64::from(*self).fmt(f)
    }
}
