use jiff::SignedDuration;

use super::*;
use crate::environment::history::What;
use crate::keys;
use crate::names::{EventId, LaunchId};
use crate::rollout::{Ended, Fallback, InFlight, Outcome, Plan, Side, Step, Strategy};

fn at(minutes: i64) -> Timestamp {
    now().saturating_add(SignedDuration::from_mins(minutes)).unwrap()
}

fn launch(number: u32) -> LaunchId {
    keys::launch_id(now(), &EventId::parse(format!("launch-{number}")).unwrap())
}

fn plan() -> Plan {
    let step =
        |weight, minutes: u64, launches| Step { weight, bake_seconds: minutes * 60, launches };
    let fallback = Fallback { in_flight: InFlight::Stop, ..Fallback::default() };
    let steps = vec![step(10, 30, 1), step(50, 30, 0), step(100, 0, 0)];
    Plan { strategy: Strategy::Canary, steps, fallback }
}

/// An environment in which release 1 is live, and release 2 is being rolled out.
fn rolling() -> Environment {
    let live = *empty().record(&release(1), "w", now()).next.unwrap();
    match live.begin_rollout(&release(2), &plan(), "w", now()) {
        Beginning::Begun(next) => *next,
        other => panic!("{other:?}"),
    }
}

fn ended(number: u32, of: u32, ended: Ended) -> Outcome {
    let (environment, pipeline) = ("test".parse().unwrap(), "rain".parse().unwrap());
    Outcome { environment, pipeline, launch: launch(number), release: run(of), ended }
}

fn looked(found: &Environment, listed: &[Outcome], now: Timestamp) -> (Environment, Moved) {
    let of_worst = |_: &LaunchId| Some("auc 0.5 is below 0.6".to_owned());
    found.look_at_rollout(listed, false, of_worst, "w", now).expect("something changes")
}

fn whats(found: &Environment) -> Vec<What> {
    found.changes.iter().map(|change| change.what).collect()
}

#[test]
fn a_rollout_passes_its_steps_and_its_release_goes_live() {
    let found = rolling();
    let sides = |found: &Environment| {
        let picked = (0..100).filter_map(|number| found.pick(&launch(number)));
        picked.filter(|(side, _)| *side == Side::Candidate).count()
    };
    assert!((1..30).contains(&sides(&found)), "{}", sides(&found));
    assert_eq!(found.whereabouts(&run(2)), Whereabouts::OnItsWay);

    let (found, moved) = looked(&found, &[ended(1, 2, Ended::Succeeded)], at(10));
    assert_eq!(moved, Moved::Counted);
    let (found, moved) = looked(&found, &[], at(30));
    assert_eq!(moved, Moved::Stepped(50));
    assert!((30..70).contains(&sides(&found)), "{}", sides(&found));
    let (found, moved) = looked(&found, &[], at(60));
    assert_eq!((moved, sides(&found)), (Moved::Stepped(100), 100));
    let (found, moved) = looked(&found, &[], at(60));
    assert_eq!((moved, found.candidate.clone()), (Moved::Finished, None));
    assert_eq!(found.current.as_ref().map(|it| &it.run), Some(&run(2)));
    assert_eq!(found.previous.as_ref().map(|it| &it.run), Some(&run(1)));
    assert_eq!(found.whereabouts(&run(2)), Whereabouts::Live);
    assert_eq!(
        whats(&found),
        [What::Released, What::Began, What::Stepped, What::Stepped, What::Released]
    );
    assert_eq!(found.look_at_rollout(&[], false, |_| None, "w", at(99)), None);
}

#[test]
fn the_place_of_a_run_goes_to_the_next_when_its_rollout_is_over() {
    let mut found = rolling();
    (found.holder, found.queue) = (Some(run(2)), vec![run(3)]);
    for minutes in [10, 30, 60, 60] {
        found = looked(&found, &[ended(1, 2, Ended::Succeeded)], at(minutes)).0;
    }
    assert_eq!((found.candidate, found.holder, found.queue), (None, Some(run(3)), Vec::new()));
}

#[test]
fn a_candidate_that_is_worse_falls_back_and_releases_are_held_until_a_newer_commit() {
    let (found, moved) = looked(&rolling(), &[ended(1, 2, Ended::Broke)], at(1));
    let Moved::FellBack(reason) = moved else { panic!("{moved:?}") };
    let expected = "1 launch on it breaks a condition of `fallback.require`; launch ";
    assert!(reason.starts_with(expected) && reason.ends_with(": auc 0.5 is below 0.6"), "{reason}");
    assert_eq!(found.current.as_ref().map(|it| &it.run), Some(&run(1)), "still live");
    assert!((0..100).all(|number| found.pick(&launch(number)).unwrap().0 == Side::Current));
    assert_eq!(found.whereabouts(&run(2)), Whereabouts::Out(reason));
    assert_eq!(found.fallen.as_ref().map(|it| it.in_flight), Some(InFlight::Stop));

    // It does not come back by itself, nor does an older one; a newer one does, and ends the hold.
    for old in [1, 2] {
        assert!(found.keeps_out(&run(old)).is_some(), "{old}");
    }
    let again = found.begin_rollout(&release(2), &plan(), "w", at(2));
    assert!(matches!(again, Beginning::Known(Whereabouts::Out(_))), "{again:?}");
    assert_eq!(found.look_at_rollout(&[], false, |_| None, "w", at(99)), None, "never once more");
    let newer = found.begin_rollout(&release(3), &plan(), "w", at(3));
    let Beginning::Begun(newer) = newer else { panic!("{newer:?}") };
    assert_eq!((newer.hold, newer.holds), (None, 1));
}

#[test]
fn errored_launches_never_bring_a_candidate_down() {
    let errored: Vec<Outcome> = (0..50).map(|number| ended(number, 2, Ended::Errored)).collect();
    let mut sorted = errored;
    sorted.sort();
    let (found, moved) = looked(&rolling(), &sorted, at(99));
    assert_eq!((moved, found.hold), (Moved::Counted, None));
}

#[test]
fn where_nothing_is_live_a_release_is_at_once() {
    let begun = empty().begin_rollout(&release(1), &plan(), "w", now());
    let Beginning::Live(live) = begun else { panic!("{begun:?}") };
    assert_eq!(live.whereabouts(&run(1)), Whereabouts::Live);
    let again = live.begin_rollout(&release(1), &plan(), "w", now());
    assert_eq!(again, Beginning::Known(Whereabouts::Live));
}

#[test]
fn a_slow_run_is_not_rolled_out_over_a_newer_one() {
    let live = empty().record(&release(2), "w", now()).next.unwrap();
    let begun = live.begin_rollout(&release(1), &plan(), "w", now());
    assert_eq!(begun, Beginning::Known(Whereabouts::Behind(run(2))));
}

#[test]
fn a_run_that_leaves_takes_its_candidate_with_it_and_a_late_put_does_not_bring_it_back() {
    let mut found = rolling();
    found.holder = Some(run(2));
    let left = found.leave(&run(2), "w", at(1)).unwrap();
    assert_eq!(left.candidate, None);
    assert_eq!(whats(&left).last(), Some(&What::Withdrawn));
    let mut forgotten = left;
    forgotten.fallen = None;
    let late = forgotten.begin_rollout(&release(2), &plan(), "w", at(2));
    assert!(matches!(late, Beginning::Known(Whereabouts::Out(_))), "{late:?}");
}

#[test]
fn a_person_brings_the_release_before_back_and_holds() {
    let live = *empty().record(&release(1), "w", now()).next.unwrap();
    let live = *live.record(&release(2), "w", now()).next.unwrap();
    let decided = live.generation();
    let back = live.roll_back(&decided, None, "ann", "it drifts", "w", at(1)).unwrap();
    assert_eq!(back.current.as_ref().map(|it| &it.run), Some(&run(1)));
    assert_eq!(back.hold.as_ref().map(|it| it.number), Some(1));
    assert!(back.keeps_out(&run(2)).is_some() && back.keeps_out(&run(3)).is_none());

    // The same decision again, and one that was made for the same state, hit nothing newer.
    let again = back.roll_back(&decided, None, "ben", "me too", "w", at(2));
    assert!(matches!(again, Err(Refused::Changed { .. })), "{again:?}");
    let forth = back.roll_back(&back.generation(), None, "ann", "forth", "w", at(3));
    assert_eq!(forth, Err(Refused::NothingBefore), "a fallback of a fallback");
    let named = back.roll_back(&back.generation(), Some(&release(2)), "ann", "w", "w", at(3));
    assert_eq!(named.unwrap().current.map(|it| it.run), Some(run(2)), "where a person names it");
    let live = back.roll_back(&back.generation(), Some(&release(1)), "ann", "w", "w", at(3));
    assert_eq!(live, Err(Refused::Live(run(1))));
}

#[test]
fn rolling_back_in_the_middle_takes_the_candidate_out() {
    let found = rolling();
    let back = found.roll_back(&found.generation(), None, "ann", "I saw it", "w", at(1)).unwrap();
    assert_eq!((back.candidate.clone(), back.current.map(|it| it.run)), (None, Some(run(1))));
    let out = "ann rolled back: I saw it".to_owned();
    assert_eq!(back.fallen.map(|fallen| (fallen.run, fallen.reason)), Some((run(2), out)));
}

#[test]
fn a_hold_keeps_everybody_out_until_it_is_lifted_by_its_number() {
    let live = *empty().record(&release(1), "w", now()).next.unwrap();
    let held = live.hold(&live.generation(), "ann", "audit", "w", at(1)).unwrap();
    let refused = held.record(&release(9), "w", at(2));
    assert_eq!(
        (refused.next, refused.refused.as_deref()),
        (None, Some("releases are on hold (number 1, by ann): audit"))
    );
    assert_eq!(held.enter(&run(9), "w").standing.on_hold.as_deref(), Some("audit"));
    let begun = held.begin_rollout(&release(9), &plan(), "w", at(2));
    assert!(matches!(begun, Beginning::Known(Whereabouts::Out(_))), "{begun:?}");

    let late = held.hold(&live.generation(), "ben", "audit", "w", at(2));
    assert!(matches!(late, Err(Refused::Changed { .. })), "{late:?}");
    let other = held.resume(2, "ann", None, "w", at(3));
    assert!(matches!(other, Err(Refused::OtherHold { .. })), "{other:?}");
    let free = held.resume(1, "ann", Some("done"), "w", at(3)).unwrap();
    assert_eq!(free.hold, None);
    // A resume that comes again after a newer hold does not lift that.
    let newer = free.hold(&free.generation(), "ann", "again", "w", at(4)).unwrap();
    assert!(newer.resume(1, "ann", None, "w", at(5)).is_err());
}
