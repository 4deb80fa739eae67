use super::*;
use crate::run::fact::Place;

mod history;
mod rollout;

fn now() -> Timestamp {
    "2026-01-12T10:00:00Z".parse().unwrap()
}

fn run(number: u32) -> RunId {
    RunId::parse(format!("20260111t2340{number:02}z-3e5983d-9f86d081")).unwrap()
}

fn release(of: u32) -> Release {
    Release {
        run: run(of),
        repository: ImageRepository::parse("rain-trainer").unwrap(),
        image: ImageDigest::parse(format!("sha256:{}", "1".repeat(64))).unwrap(),
        definition: sha256(b"definition"),
        settings: sha256(b"settings"),
        metrics: BTreeMap::new(),
        verified_at: "2026-01-11T23:50:00Z".parse().unwrap(),
        train: None,
    }
}

fn empty() -> Environment {
    Environment::new("rain".parse().unwrap(), "test".parse().unwrap())
}

/// The document after `runs` have come, one after the other.
fn entered(runs: &[u32]) -> Environment {
    runs.iter().fold(empty(), |found, &number| *found.enter(&run(number), "w").next.unwrap())
}

#[test]
fn one_run_at_a_time_is_there_and_the_others_in_their_order() {
    let found = entered(&[2, 1, 3]);
    assert_eq!((found.holder.clone(), found.queue.clone()), (Some(run(2)), vec![run(1), run(3)]));
    let standing = found.enter(&run(1), "w").standing;
    assert_eq!((standing.place, standing.behind), (Place::Behind, Some(run(2))));
    assert_eq!(standing.newer, Some(run(3)), "the newest of those that are newer");
    let freed = found.leave(&run(2), "w", now()).unwrap();
    assert_eq!((freed.holder.clone(), freed.queue.clone()), (Some(run(1)), vec![run(3)]));
    assert_eq!(freed.enter(&run(1), "w").standing.place, Place::Held);
}

#[test]
fn a_request_that_is_repeated_changes_nothing() {
    let found = entered(&[1, 2]);
    for number in [1, 2] {
        assert_eq!(found.enter(&run(number), "w").next, None);
    }
    let freed = found.leave(&run(1), "w", now()).unwrap();
    assert_eq!(freed.leave(&run(1), "w", now()), None);
}

#[test]
fn a_late_request_of_a_run_that_has_left_holds_nothing() {
    let released = entered(&[1]).record(&release(1), "w", now()).next.unwrap();
    let never_came = empty().leave(&run(1), "w", now()).unwrap();
    for found in [*released, never_came] {
        let late = found.enter(&run(1), "w");
        assert_eq!((late.next, late.standing.place), (None, Place::Gone));
        assert_eq!(found.holder, None);
    }
}

#[test]
fn a_release_gives_the_place_to_the_next_and_is_recorded_once() {
    let found = entered(&[1, 2]);
    let recorded = found.record(&release(1), "w", now());
    let next = recorded.next.unwrap();
    assert_eq!((next.holder.clone(), recorded.behind), (Some(run(2)), None));
    assert_eq!(next.current, Some(release(1)));
    assert_eq!(
        next.record(&release(1), "w", now()),
        Recording { next: None, behind: None, refused: None }
    );
}

#[test]
fn a_slow_run_stays_behind_the_release_of_a_newer_one_and_leaves_its_place() {
    let newer = entered(&[2]).record(&release(2), "w", now()).next.unwrap();
    let slow = newer.enter(&run(1), "w").next.unwrap();
    let recorded = slow.record(&release(1), "w", now());
    assert_eq!(recorded.behind, Some(run(2)));
    let next = recorded.next.unwrap();
    assert_eq!((next.holder, next.current), (None, Some(release(2))));
}

#[test]
fn a_document_bears_the_first_version_that_can_hold_it() {
    let recorded = empty().record(&release(1), "w", now()).next.unwrap();
    assert_eq!((empty().schema, recorded.schema), (1, 3), "who put it there is remembered");
    assert_eq!(entered(&[1]).schema, 2);
    assert_eq!(entered(&[1]).leave(&run(1), "w", now()).unwrap().schema, 2);
}

#[test]
fn what_is_remembered_of_those_who_left_is_bounded() {
    let mut found = empty();
    for number in 0..50 {
        found = found.leave(&run(number), "w", now()).unwrap();
    }
    assert_eq!((found.left.len(), found.left.last()), (20, Some(&run(49))));
}
