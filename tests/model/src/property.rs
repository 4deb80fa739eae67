//! What must hold in every state, and what has to be seen at least once.

use stateright::{Model, Property};

use crate::document::Surplus;
use crate::parameters::Protocol;
use crate::world::World;

/// What the properties are called.
pub mod names {
    /// I2, first half.
    pub const ONE_BELIEVED: &str = "at most one job is believed, and what is known stays known";
    /// I2, second half.
    pub const ONE_SUBMISSION: &str =
        "an attempt is submitted at most once, unless the outcome of a submission is unknowable";
    /// Surplus jobs.
    pub const SURPLUS_GOES: &str = "a surplus job is over, or its termination is pending";
    /// Cancel.
    pub const NOT_FOR_CANCELLED: &str = "nothing is submitted by who knows of the cancel";
    /// A settled run.
    pub const SETTLED_IS_SETTLED: &str = "no submission arrives in time for a settled run";
    /// I5.
    pub const NO_DEAD_END: &str = "where nothing more can happen the run is settled, no job runs";
    /// Bounded work.
    pub const FEW_WRITES: &str = "a run is written a bounded number of times";
}

/// More than any run here needs: the facts of one run, and a takeover for each thing that went wrong.
pub(crate) const WRITES: u8 = 30;

pub(crate) fn all() -> Vec<Property<Protocol>> {
    vec![
        Property::always(names::ONE_BELIEVED, |_, world: &World| !world.seen.moved_back),
        Property::always(names::ONE_SUBMISSION, |_, world: &World| {
            world.submitted() <= 1 || world.seen.unknowable
        }),
        Property::always(names::SURPLUS_GOES, |_, world| surplus_goes(world)),
        Property::always(names::NOT_FOR_CANCELLED, |_, world: &World| {
            !world.seen.submitted_for_cancelled
        }),
        Property::always(names::SETTLED_IS_SETTLED, |_, world: &World| {
            !world.seen.submitted_for_settled
        }),
        Property::always(names::NO_DEAD_END, no_dead_end),
        Property::always(names::FEW_WRITES, |_, world: &World| {
            world.run.is_none_or(|run| run.revision <= WRITES)
        }),
    ]
}

fn surplus_goes(world: &World) -> bool {
    world.run.is_none_or(|run| {
        let pending = |job: usize| run.terminate[job] != crate::document::Pending::No;
        run.surplus
            .iter()
            .enumerate()
            .all(|(job, surplus)| *surplus != Surplus::Alive || pending(job))
    })
}

fn no_dead_end(protocol: &Protocol, world: &World) -> bool {
    let at_rest = !world.somebody_works() && world.waiting.is_empty() && !world.a_job_runs();
    if at_rest && world.run.is_some_and(|run| run.is_settled()) {
        return true;
    }
    let mut actions = Vec::new();
    protocol.actions(world, &mut actions);
    !actions.is_empty()
}
