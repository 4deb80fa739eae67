//! What holds, whatever goes wrong.

use signalbox_model::{Bounds, Protocol, has_cycle};

use crate::{CALM, CANCELLED, ONE_LEASE, TWO_WRITERS, check};

/// What can go wrong, besides that somebody sleeps.
const TROUBLES: [fn(&mut Bounds) -> &mut u8; 8] = [
    |bounds| &mut bounds.crashes,
    |bounds| &mut bounds.duplicates,
    |bounds| &mut bounds.losses,
    |bounds| &mut bounds.conflicts,
    |bounds| &mut bounds.unclear,
    |bounds| &mut bounds.unsent,
    |bounds| &mut bounds.refusals,
    |bounds| &mut bounds.late,
];

/// `bounds`, and each pair of troubles on top of it.
fn pairs(bounds: Bounds) -> impl Iterator<Item = Bounds> {
    let pair = move |one: usize, other: usize| {
        let mut bounds = bounds;
        *TROUBLES[one](&mut bounds) += 1;
        *TROUBLES[other](&mut bounds) += 1;
        bounds
    };
    (0..TROUBLES.len())
        .flat_map(move |one| (one..TROUBLES.len()).map(move |other| pair(one, other)))
}

/// `bounds`, and each single trouble on top of it.
fn singles(bounds: Bounds) -> impl Iterator<Item = Bounds> {
    TROUBLES.iter().map(move |trouble| {
        let mut bounds = bounds;
        *trouble(&mut bounds) += 1;
        bounds
    })
}

fn all(protocols: impl Iterator<Item = Protocol>) -> usize {
    protocols.map(|protocol| check(&protocol).unwrap_or_else(|fault| panic!("{fault}"))).sum()
}

#[test]
fn any_two_troubles_and_a_lease_that_runs_out_lose_nothing_and_double_nothing() {
    let cancelled = pairs(ONE_LEASE).map(|bounds| Protocol::new(CANCELLED, bounds));
    let kept = |bounds| Protocol { kept: true, ..Protocol::new(TWO_WRITERS, bounds) };
    let two_writers = pairs(Bounds { delays: 1, ..CALM }).map(kept);
    let states = all(cancelled.chain(two_writers));
    println!("states: {states}");
}

/// Together with "no dead end": whatever the order of things, every run settles.
#[test]
fn every_path_comes_to_an_end() {
    for bounds in singles(ONE_LEASE) {
        let protocol = Protocol { kept: true, ..Protocol::new(CANCELLED, bounds) };
        assert!(!has_cycle(&protocol), "{protocol:?}");
    }
}

/// Without the look at what is left of the lease: Lambda ends whoever sleeps before that.
#[test]
fn a_lease_that_is_longer_than_the_functions_timeout_is_enough_by_itself() {
    for bounds in singles(Bounds { delays: 4, ..CALM }) {
        let new = Protocol::new(CANCELLED, bounds);
        let protocol = Protocol { check: signalbox_model::Check::Never, timeout: Some(2), ..new };
        check(&protocol).unwrap_or_else(|fault| panic!("{fault}"));
    }
}

#[test]
#[ignore = "takes minutes: `just long`"]
fn any_two_troubles_and_more_sleep_with_all_messages_lose_nothing_and_double_nothing() {
    let bounds = Bounds { delays: 4, ..CALM };
    let kept = |bounds| Protocol { kept: true, ..Protocol::new(CANCELLED, bounds) };
    let states = all(pairs(bounds).map(kept));
    for bounds in pairs(ONE_LEASE) {
        let protocol = Protocol::new(CANCELLED, bounds);
        assert!(!has_cycle(&protocol), "{protocol:?}");
    }
    println!("states: {states}");
}
