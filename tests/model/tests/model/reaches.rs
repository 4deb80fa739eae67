//! What the properties are about does happen in the model.

use signalbox_model::{Bounds, Protocol, Run, Surplus, World};
use stateright::{Checker as _, Model as _, StateRecorder};

use crate::{CANCELLED, ONE_LEASE};

fn states(bounds: Bounds) -> Vec<World> {
    let (recorder, states) = StateRecorder::new_with_accessor();
    let protocol = Protocol::new(CANCELLED, bounds);
    protocol.checker().visitor(recorder).spawn_bfs().join();
    states()
}

#[test]
fn a_cancelled_run_has_its_job_ended_or_its_submission_withdrawn() {
    let states = states(Bounds { crashes: 1, ..ONE_LEASE });
    let settled = || states.iter().filter_map(|world| world.run.filter(Run::is_settled));
    assert!(settled().any(|run| run.cancelled && run.withdrawn));
    assert!(settled().any(|run| run.cancelled && run.placement.is_some() && run.ended));
    assert!(settled().any(|run| !run.cancelled && run.ended));
}

#[test]
fn a_submission_that_takes_too_long_makes_a_surplus_job_that_is_ended() {
    let states = states(Bounds { late: 1, ..ONE_LEASE });
    let runs = || states.iter().filter_map(|world| Some((world, world.run?)));
    assert!(runs().any(|(world, _)| world.submitted() == 2 && world.a_job_runs()));
    assert!(runs().any(|(_, run)| run.surplus.contains(&Surplus::Alive)));
    assert!(runs().any(|(world, run)| {
        run.is_settled() && run.surplus.contains(&Surplus::Over) && !world.a_job_runs()
    }));
}

#[test]
fn a_refused_submission_ends_the_run() {
    let states = states(Bounds { refusals: 1, ..ONE_LEASE });
    let refused = |world: &&World| world.run.is_some_and(|run| run.is_settled() && run.refused);
    assert!(states.iter().any(|world| refused(&world) && world.submitted() == 0));
}
