use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::keys;
use crate::names::{EventId, LaunchId, RunId};

const NEW: &str = "20261120t091427z-9a2d57f-53c2ec4d";
const OLD: &str = "20261119t091427z-1b2d57f-63c2ec4d";

fn run(id: &str) -> RunId {
    RunId::parse(id).unwrap()
}

fn at(minutes: i64) -> Timestamp {
    let begin: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    begin.saturating_add(SignedDuration::from_mins(minutes)).unwrap()
}

fn launch(number: u32) -> LaunchId {
    keys::launch_id(at(0), &EventId::parse(format!("launch-{number}")).unwrap())
}

fn step(weight: u32, minutes: u64, launches: u32) -> Step {
    Step { weight, bake_seconds: minutes * 60, launches }
}

fn canary(failure_rate: f64) -> Plan {
    let failure_rate = Rate::try_from(failure_rate).unwrap();
    Plan {
        strategy: Strategy::Canary,
        steps: vec![step(5, 30, 3), step(50, 60, 0), step(100, 0, 0)],
        fallback: Fallback { failure_rate, ..Fallback::default() },
    }
}

fn ramp(plan: Plan) -> Ramp {
    Ramp::begin(plan, run(NEW), run(OLD), at(0))
}

fn outcome(number: u32, release: &str, ended: Ended) -> Outcome {
    Outcome {
        environment: "production".parse().unwrap(),
        pipeline: "rain".parse().unwrap(),
        launch: launch(number),
        release: run(release),
        ended,
    }
}

/// As a listing gives them.
fn listed(outcomes: impl IntoIterator<Item = Outcome>) -> Vec<Outcome> {
    outcomes.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

fn told(ramp: &mut Ramp, ends: &[(u32, &str, Ended)]) {
    let ends = ends.iter().map(|(number, release, ended)| outcome(*number, release, *ended));
    ramp.fold(&listed(ends), false);
}

fn steps(advance: Advance) -> Ramp {
    match advance {
        Advance::Steps(next) => *next,
        other => panic!("{other:?}"),
    }
}

fn falls_back(ramp: &Ramp) -> String {
    match ramp.advance(at(0)) {
        Advance::FallsBack(evidence) => evidence.reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_step_is_passed_when_it_has_baked_and_its_launches_have_ended_well() {
    let mut ramp = ramp(canary(0.2));
    told(&mut ramp, &[(1, NEW, Ended::Succeeded), (2, NEW, Ended::Succeeded)]);
    let waits = |bakes_until, launches| Advance::Waits(Wait { bakes_until, launches });
    assert_eq!(ramp.advance(at(10)), waits(Some(at(30)), 1));
    assert_eq!(ramp.advance(at(30)), waits(None, 1), "baked, but a launch is missing");
    told(&mut ramp, &[(3, NEW, Ended::Succeeded)]);
    assert_eq!(ramp.advance(at(29)), waits(Some(at(30)), 0), "passed before its bake time");

    let second = steps(ramp.advance(at(31)));
    assert_eq!((second.step, second.weight(), second.since), (1, 50, at(31)));
    assert_eq!(second.advance(at(60)), waits(Some(at(91)), 0));
    let last = steps(second.advance(at(91)));
    assert_eq!((last.weight(), last.advance(at(91))), (100, Advance::Finished));
}

#[test]
fn the_launches_of_a_step_are_its_own() {
    let mut plan = canary(0.2);
    plan.steps[1].launches = 2;
    let mut ramp = ramp(plan);
    told(&mut ramp, &[1, 2, 3, 4, 5].map(|number| (number, NEW, Ended::Succeeded)));
    let mut second = steps(ramp.advance(at(30)));
    assert!(matches!(second.advance(at(99)), Advance::Waits(Wait { launches: 2, .. })));
    told(&mut second, &[(6, NEW, Ended::Succeeded), (7, NEW, Ended::Succeeded)]);
    steps(second.advance(at(99)));
}

#[test]
fn a_clock_that_goes_backwards_only_makes_it_wait() {
    let mut ramp = ramp(canary(0.2));
    told(&mut ramp, &[1, 2, 3].map(|number| (number, NEW, Ended::Succeeded)));
    assert!(matches!(ramp.advance(at(-100)), Advance::Waits(_)));
    assert!(matches!(ramp.advance(Timestamp::MIN), Advance::Waits(_)));
    let mut far = ramp.clone();
    far.since = Timestamp::MAX;
    // A step that would bake beyond the end of time is not one that nobody can pass.
    assert!(matches!(far.advance(Timestamp::MAX), Advance::Steps(_)));
}

#[test]
fn a_candidate_that_fails_too_often_falls_back_at_once() {
    let mut ramp = ramp(canary(0.2));
    told(&mut ramp, &[(1, NEW, Ended::Succeeded), (2, NEW, Ended::Failed)]);
    assert_eq!(falls_back(&ramp), "1 of 3 launches on it failed, and 20 % may");
    assert_eq!(ramp.worst, Some(launch(2)));
}

#[test]
fn a_failure_is_held_against_as_many_launches_as_the_step_asks_for() {
    let mut ramp = ramp(canary(0.34));
    told(&mut ramp, &[(1, NEW, Ended::Failed)]);
    assert!(matches!(ramp.advance(at(0)), Advance::Waits(_)), "a third, of which one has ended");
    told(&mut ramp, &[(2, NEW, Ended::Failed)]);
    assert_eq!(falls_back(&ramp), "2 of 3 launches on it failed, and 34 % may");
}

#[test]
fn none_may_fail_where_nothing_is_said() {
    let mut ramp = ramp(Plan { fallback: Fallback::default(), ..canary(0.0) });
    told(&mut ramp, &[(1, NEW, Ended::Failed)]);
    assert_eq!(falls_back(&ramp), "1 of 3 launches on it failed, and 0 % may");
}

#[test]
fn one_launch_that_breaks_a_condition_is_enough() {
    let mut ramp = ramp(canary(1.0));
    told(&mut ramp, &[(1, NEW, Ended::Failed), (2, NEW, Ended::Broke), (3, NEW, Ended::Failed)]);
    assert_eq!(falls_back(&ramp), "1 launch on it breaks a condition of `fallback.require`");
    assert_eq!(ramp.worst, Some(launch(2)));
}

#[test]
fn errored_launches_count_for_nobody() {
    let mut ramp = ramp(canary(0.0));
    told(&mut ramp, &[1, 2, 3, 4].map(|number| (number, NEW, Ended::Errored)));
    assert!(matches!(ramp.advance(at(99)), Advance::Waits(Wait { launches: 3, .. })));
    assert_eq!((ramp.on_candidate.errored, ramp.on_candidate.counted()), (4, 0));
}

#[test]
fn failures_of_the_live_release_are_not_the_candidates() {
    let mut ramp = ramp(canary(0.0));
    let third = "20261118t091427z-1b2d57f-63c2ec4d";
    told(&mut ramp, &[(1, OLD, Ended::Failed), (2, third, Ended::Failed)]);
    assert!(matches!(ramp.advance(at(0)), Advance::Waits(_)));
    assert_eq!((ramp.on_current.failed, ramp.on_candidate), (1, Tally::default()));
}

#[test]
fn blue_green_gives_the_candidate_every_launch_and_watches_it_bake() {
    let steps = vec![step(100, 30, 1)];
    let ramp = ramp(Plan { strategy: Strategy::BlueGreen, steps, fallback: Fallback::default() });
    assert!((0..100).all(|number| ramp.pick(&launch(number)) == Side::Candidate));
    assert!(matches!(ramp.advance(at(30)), Advance::Waits(Wait { launches: 1, .. })));
    let (mut good, mut bad) = (ramp.clone(), ramp);
    told(&mut good, &[(1, NEW, Ended::Succeeded)]);
    assert!(matches!(good.advance(at(29)), Advance::Waits(_)));
    assert_eq!(good.advance(at(30)), Advance::Finished);
    told(&mut bad, &[(1, NEW, Ended::Failed)]);
    assert!(matches!(bad.advance(at(1)), Advance::FallsBack(_)));
}

#[test]
fn a_plan_without_steps_is_carried_out() {
    let ramp = ramp(Plan { steps: Vec::new(), ..canary(0.2) });
    assert_eq!((ramp.weight(), ramp.advance(at(0))), (0, Advance::Finished));
}

#[test]
fn an_outcome_is_its_key() {
    for ended in [Ended::Succeeded, Ended::Failed, Ended::Broke, Ended::Errored] {
        let outcome = outcome(1, NEW, ended);
        assert_eq!(Outcome::parse(&outcome.key()), Ok(outcome));
    }
    let id = launch(1);
    for bad in [
        String::new(),
        "production/rain".to_owned(),
        format!("production/rain/{id}.{NEW}"),
        format!("production/rain/{id}.{NEW}.well"),
        format!("production/rain/{id}.{NEW}.failed.x"),
        format!("production/rain/x/{id}.{NEW}.failed"),
        format!("Production/rain/{id}.{NEW}.failed"),
        format!("production/rain/{NEW}.{NEW}.failed"),
    ] {
        assert!(Outcome::parse(&bad).is_err(), "{bad}");
    }
}

#[test]
fn a_rate_is_exact_to_four_digits() {
    for (share, shown) in [(0.0, "0 %"), (0.2, "20 %"), (0.0001, "0.01 %"), (1.0, "100 %")] {
        let rate = Rate::try_from(share).unwrap();
        assert_eq!((f64::from(rate), rate.to_string().as_str()), (share, shown));
    }
    for bad in [-0.1, 1.1, 0.000_01, f64::NAN, f64::INFINITY] {
        assert!(Rate::try_from(bad).is_err(), "{bad}");
    }
    let fifth = Rate::try_from(0.2).unwrap();
    assert!(!fifth.is_exceeded(1, 5) && fifth.is_exceeded(2, 9) && !fifth.is_exceeded(0, 0));
}

fn ended() -> impl proptest::strategy::Strategy<Value = Ended> {
    prop::sample::select(vec![Ended::Succeeded, Ended::Failed, Ended::Broke, Ended::Errored])
}

proptest! {
    #[test]
    fn a_launch_keeps_its_side_as_the_weight_rises(number: u32, low in 0u32..=100, high in 0u32..=100) {
        let (low, high) = (low.min(high), low.max(high));
        let (id, sides) = (launch(number), [low, high].map(|weight| Side::of(&launch(number), weight)));
        prop_assert!(sides[0] <= sides[1], "{} goes back", id);
        prop_assert_eq!(Side::of(&id, 0), Side::Current);
        prop_assert_eq!(Side::of(&id, 100), Side::Candidate);
    }

    /// Folds that are lost, repeated, cut short, with removals that fail in part: each counts once.
    #[test]
    fn each_outcome_counts_once_whatever_becomes_of_the_folds(
        ends in prop::collection::vec(ended(), 1..40),
        steps in prop::collection::vec((0usize..12, 1usize..12, any::<bool>(), any::<u64>()), 1..60),
    ) {
        let all: Vec<Outcome> =
            listed((0u32..).zip(&ends).map(|(number, ended)| outcome(number, NEW, *ended)));
        let (mut there, mut to_come) = (BTreeSet::new(), all.clone());
        let mut ramp = ramp(canary(1.0));
        let mut pass = |come: usize, page: usize, lost: bool, removed: u64| {
            // In no order: an outcome that is found late may sort first.
            for _ in 0..come.min(to_come.len()) {
                let at = usize::try_from(removed % 97).unwrap() % to_come.len();
                there.insert(to_come.swap_remove(at));
            }
            let listed: Vec<Outcome> = there.iter().take(page).cloned().collect();
            let mut next = ramp.clone();
            next.fold(&listed, listed.len() < there.len());
            if lost {
                return;
            }
            ramp = next;
            for (at, outcome) in listed.iter().enumerate() {
                if removed >> (at % 64) & 1 == 1 {
                    there.remove(outcome);
                }
            }
        };
        for (come, page, lost, removed) in steps {
            pass(come, page, lost, removed);
        }
        for _ in 0..2 {
            pass(usize::MAX, usize::MAX, false, u64::MAX);
        }
        let mut expected = Tally::default();
        all.iter().for_each(|outcome| expected.add(outcome.ended));
        prop_assert_eq!(ramp.on_candidate, expected);
        prop_assert!(ramp.folded.is_empty());
    }

    #[test]
    fn a_candidate_that_falls_back_never_goes_on(
        ends in prop::collection::vec(ended(), 0..30), rate in 0u32..=100, minutes in 0i64..500,
    ) {
        let mut ramp = ramp(canary(f64::from(rate) / 100.0));
        for (number, ended) in (0u32..).zip(ends) {
            ramp.fold(&[outcome(number, NEW, ended)], false);
            let falls = |ramp: &Ramp, now| matches!(ramp.advance(now), Advance::FallsBack(_));
            // What the evidence says does not depend on the time.
            prop_assert_eq!(falls(&ramp, at(0)), falls(&ramp, at(minutes)));
            if let Advance::Steps(next) = ramp.advance(at(minutes)) {
                prop_assert!(next.weight() > ramp.weight());
                prop_assert!(minutes >= 30 || ramp.step > 0);
                ramp = *next;
            }
        }
    }
}

/// What is said about settings with this `rollout`.
fn refused(rollout: &str) -> String {
    let text = format!("version: 1\nenvironment: production\nrollout: {rollout}\n");
    crate::settings::parse(&text).expect_err(rollout).to_string()
}

#[test]
fn a_plan_that_cannot_be_carried_out_is_refused_with_what_to_write() {
    let canary = |steps: &str| format!("{{ strategy: canary, steps: [{steps}] }}");
    for (rollout, expected) in [
        (
            canary("{ weight: 5, bake: 30m }, { weight: 5, bake: 1h }, { weight: 100 }"),
            "does not rise: 5",
        ),
        (
            canary("{ weight: 50, bake: 1h }, { weight: 5, bake: 1h }, { weight: 100 }"),
            "more than that",
        ),
        (canary("{ weight: 5, bake: 30m }, { weight: 50 }"), "is 50 in the last step"),
        (canary("{ weight: 5, bake: 30m }, { weight: 101 }"), "100"),
        (canary("{ weight: 0, bake: 30m }, { weight: 100 }"), "1"),
        (canary("{ weight: 5, bake: 0m }, { weight: 100 }"), "is no time at all"),
        (canary("{ weight: 5, bake: 15d }, { weight: 100 }"), "longer than 14 days"),
        (canary("{ weight: 5 }, { weight: 100 }"), "bake"),
        (canary("{ weight: 5, bake: 1h, launch: 3 }, { weight: 100 }"), "did you mean `launches`?"),
        (canary(""), "is empty"),
        ("{ strategy: blue-green, bake: 0s }".to_owned(), "is no time at all"),
        (
            "{ strategy: blue-green, bake: 1h, steps: [{ weight: 100 }] }".to_owned(),
            "may not stand here",
        ),
        (
            "{ strategy: canary, steps: [{ weight: 100 }], fallback: { failure_rate: 1.5 } }"
                .to_owned(),
            "share from 0 to 1",
        ),
    ] {
        let told = refused(&rollout);
        assert!(told.contains(expected), "{rollout}: {told}");
    }
}
