//! A model that cannot fail proves nothing: each mistake is found by the property that is meant for
//! it, in a world in which the protocol without the mistake holds.

use signalbox_model::{Bounds, Check, Fault, Protocol, names};
use stateright::{Checker as _, HasDiscoveries, Model as _};

use crate::{CALM, CANCELLED, ONE_LEASE, TWO_WRITERS, check};

/// Asserts that `protocol` breaks `property`.
fn breaks(protocol: &Protocol, property: &'static str) {
    let found = HasDiscoveries::AllOf([property].into());
    let checker = protocol.clone().checker().threads(2).finish_when(found).spawn_bfs().join();
    let path = checker.discovery(property);
    assert!(path.is_some(), "not noticed: {protocol:?}");
}

/// Asserts that `protocol` holds as it is, and breaks `property` with `fault` in it.
fn found(protocol: &Protocol, fault: Fault, property: &'static str) {
    check(protocol).unwrap_or_else(|fault| panic!("{fault}"));
    breaks(&protocol.clone().with(fault), property);
}

#[test]
fn submitting_before_the_put_is_found() {
    let bounds = Bounds { duplicates: 1, ..CALM };
    let protocol = Protocol::new(CANCELLED, bounds);
    found(&protocol, Fault::SubmitBeforePut, names::ONE_SUBMISSION);
}

#[test]
fn taking_a_stale_lease_over_without_a_look_up_is_found() {
    let protocol = Protocol::new(CANCELLED, Bounds { crashes: 1, ..ONE_LEASE });
    found(&protocol, Fault::NoLookUp, names::ONE_SUBMISSION);
}

#[test]
fn a_job_name_that_changes_with_the_delivery_is_found() {
    let protocol = Protocol::new(CANCELLED, Bounds { crashes: 1, ..ONE_LEASE });
    found(&protocol, Fault::NameChanges, names::ONE_SUBMISSION);
}

#[test]
fn a_lease_shorter_than_the_invocation_that_does_not_look_at_it_is_found() {
    let new = Protocol::new(CANCELLED, Bounds { delays: 4, ..CALM });
    let protocol = Protocol { check: Check::Never, timeout: Some(2), ..new };
    check(&protocol).unwrap_or_else(|fault| panic!("{fault}"));
    breaks(&Protocol { lease: 1, ..protocol }, names::ONE_SUBMISSION);
}

#[test]
fn a_lease_too_short_for_any_request_is_found() {
    let protocol = Protocol::new(CANCELLED, CALM);
    breaks(&Protocol { lease: 1, ..protocol }, names::FEW_WRITES);
}

#[test]
fn a_sleeper_that_does_not_look_at_its_lease_after_waking_is_found() {
    let protocol = Protocol::new(CANCELLED, Bounds { delays: 4, ..CALM });
    breaks(&Protocol { check: Check::Never, ..protocol }, names::ONE_SUBMISSION);
}

/// Between the look-up of a name and the submission time passes too.
#[test]
fn a_sleeper_that_looks_at_its_lease_only_once_is_found() {
    let bounds = Bounds { crashes: 1, delays: 4, ..CALM };
    let protocol = Protocol::new(CANCELLED, bounds);
    check(&protocol).unwrap_or_else(|fault| panic!("{fault}"));
    breaks(&Protocol { check: Check::Once, ..protocol }, names::ONE_SUBMISSION);
}

#[test]
fn acknowledging_before_the_put_is_found() {
    let protocol = Protocol::new(CANCELLED, Bounds { crashes: 1, ..CALM });
    found(&protocol, Fault::AcknowledgeBeforePut, names::NO_DEAD_END);
}

#[test]
fn treating_409_as_lost_is_found() {
    let protocol = Protocol::new(CANCELLED, Bounds { conflicts: 1, ..CALM });
    found(&protocol, Fault::ConflictIsLost, names::NO_DEAD_END);
}

/// A lost answer alone needs no `tick`: whose write it was is told by the lease, though somebody
/// else has written since.
#[test]
fn trusting_the_write_id_alone_after_a_lost_answer_is_found() {
    let new = Protocol::new(TWO_WRITERS, Bounds { unclear: 1, ..CALM });
    let protocol = Protocol { tick: false, ..new };
    found(&protocol, Fault::WriteIdAlone, names::NO_DEAD_END);
}

#[test]
fn a_takeover_that_submits_for_a_cancelled_run_is_found() {
    let protocol = Protocol::new(CANCELLED, Bounds { crashes: 1, ..ONE_LEASE });
    found(&protocol, Fault::SubmitForCancelled, names::NOT_FOR_CANCELLED);
}

#[test]
fn a_cancel_that_counts_as_done_while_a_submission_may_still_come_is_found() {
    let protocol = Protocol::new(CANCELLED, ONE_LEASE);
    found(&protocol, Fault::DoneTooEarly, names::SETTLED_IS_SETTLED);
}

#[test]
fn withdrawing_inside_of_the_submissions_own_lease_is_found() {
    let protocol = Protocol::new(CANCELLED, Bounds { unclear: 2, duplicates: 1, ..ONE_LEASE });
    found(&protocol, Fault::WithdrawInTheSameLease, names::SETTLED_IS_SETTLED);
}

#[test]
fn a_refusal_that_counts_after_a_takeover_is_found() {
    let protocol = Protocol::new(CANCELLED, Bounds { refusals: 1, unclear: 1, ..ONE_LEASE });
    found(&protocol, Fault::RefusalAfterTakeover, names::SETTLED_IS_SETTLED);
}

#[test]
fn taking_a_start_after_the_end_is_found() {
    let protocol = Protocol::new(CANCELLED, CALM);
    found(&protocol, Fault::StartAfterEnd, names::ONE_BELIEVED);
}
