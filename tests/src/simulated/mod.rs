//! The whole product in one process, under virtual time: the real handlers over the local engine's
//! real services, without sockets, with chance that follows from a seed.
//!
//! A [`World`](world::World) is an installation. Its functions are instances of the real handlers,
//! whose SDK clients call the engine through a [`connector`]; every call passes there, is counted,
//! and may meet a [`Blow`](calls::Blow). [`lambda`] takes messages off the queues as Lambda does, and
//! [`jobs`] do in a few lines what the runner does in a container. [`invariants`] are looked at after
//! every write, [`end`] is what is compared, [`audit`] is what `signalbox verify` would say, and a
//! [`schedule`] is all that goes wrong, as data.

pub mod audit;
pub mod calls;
pub mod connector;
pub mod end;
pub mod functions;
pub mod invariants;
pub mod jobs;
pub mod lambda;
mod ops;
pub mod parallel;
pub mod people;
pub mod schedule;
pub mod world;
