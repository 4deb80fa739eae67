use signalbox_testkit::fixture;

use super::*;
use crate::ingest::{Envelope, Read, codecommit};

fn push() -> Push {
    let (text, host) = (fixture("codecommit-push.json"), "codecommit.eu-west-1.amazonaws.com");
    let envelope = Envelope::parse(&text).unwrap();
    match codecommit::read(&envelope, &host.parse().unwrap()).unwrap() {
        Read::Event(push) => push,
        Read::Ignored(reason) => panic!("{reason}"),
    }
}

fn replay() -> Arrival {
    let at = "2026-11-21T00:00:00Z".parse().unwrap();
    Arrival::replayed(push(), EventId::parse("replay-1").unwrap(), at, "ada".to_owned())
}

/// The branch at a commit that was found a minute after the push.
fn found() -> Head {
    let seen = push().at + jiff::SignedDuration::from_mins(1);
    let found = Arrival::found(Push { at: seen, ..push() });
    found.claim(None, &found.run(), "w").and_then(|claim| claim.head).unwrap()
}

#[test]
fn a_replay_leaves_a_found_commit_to_its_late_event() {
    let (head, replay) = (found(), replay());
    let own = replay.run();
    let claim = replay.claim(Some(&head), &own, "w").unwrap();
    assert_eq!(claim, Claim::held(&own));
    let late = Arrival::pushed(push(), String::new());
    let claim = late.claim(Some(&head), &late.run(), "w").unwrap();
    assert_eq!(claim.run, head.run, "its event takes the run that was found");
}

#[test]
fn a_replay_leaves_a_found_commit_to_its_late_event_also_when_the_branch_has_moved_on() {
    let (before, replay) = (found(), replay());
    let next = before.commit.as_str().replace('9', "8").parse().unwrap();
    let at = before.pushed_at + jiff::SignedDuration::from_mins(1);
    let later = Arrival::pushed(Push { commit: next, at, ..push() }, String::new());
    let head = later.claim(Some(&before), &later.run(), "w").and_then(|claim| claim.head).unwrap();
    let own = replay.run();
    assert_eq!(replay.claim(Some(&head), &own, "w"), Some(Claim::held(&own)));
}

#[test]
fn a_replay_of_a_push_that_nobody_has_seen_moves_the_branch() {
    let replay = replay();
    let own = replay.run();
    let head = replay.claim(None, &own, "w").and_then(|claim| claim.head).unwrap();
    assert_eq!((&head.run, &head.commit), (&own, &replay.push.commit));
    assert!(!head.found);
}
