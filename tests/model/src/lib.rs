//! The protocol by which a run is advanced, as a model that Stateright checks over its full bounded
//! state space.
//!
//! The model has one run document in S3, one attempt of one job, several invocations that read and
//! write it, `tick`, Batch, and messages that come twice, late or not at all. Its steps bear the
//! names of the functions that they stand for; `docs/semantics.md` maps them. What is bounded is how
//! often something goes wrong ([`Bounds`]); in which order, never.
//!
//! A model that cannot fail proves nothing: [`Fault`] plants one mistake at a time into the
//! protocol, and the checker has to find each.

mod actions;
mod cycle;
mod document;
mod message;
mod parameters;
mod property;
mod telling;
mod world;

pub use actions::{Action, Answer};
pub use cycle::has_cycle;
pub use document::{Effect, Lease, Owner, Run, Surplus};
pub use message::{Fact, Message, Set};
pub use parameters::{Bounds, Check, Fault, Protocol};
pub use property::names;
pub use world::{Job, World};
