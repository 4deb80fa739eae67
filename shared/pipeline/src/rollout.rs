//! Rollouts: how a verified release takes the place of the live one, over real launches.
//!
//! A [`Plan`] is what the environment's settings say. A [`Ramp`] is a plan that is being carried out:
//! it picks a side for each launch, counts how launches end, and says what follows. It is decided
//! from the ramp and the time alone, so it can be decided again by anybody, at any time.

mod outcome;
mod pick;
mod plan;
mod ramp;
mod read;

pub use outcome::{Ended, Outcome, OutcomeError};
pub use pick::Side;
pub use plan::{Fallback, InFlight, Plan, Rate, RateError, Step, Strategy};
pub use ramp::{Advance, Evidence, Ramp, Tally, Wait};
pub(crate) use read::plan;

#[cfg(test)]
mod tests;
