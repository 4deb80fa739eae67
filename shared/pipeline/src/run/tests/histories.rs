//! I3 and I4 over whole histories: whatever the platform says, however often and in whatever order,
//! the end is the same.

use super::world::{End, Fate, Gate, History, Reading, World};
use super::*;

fn fate() -> impl Strategy<Value = Fate> {
    let end = prop_oneof![
        12 => Just(End::Succeeds),
        2 => Just(End::Fails),
        1 => Just(End::FailsItsGate),
        2 => Just(End::NeverRuns),
        1 => Just(End::FailsTheRunner),
        1 => Just(End::LeavesNoResult),
        1 => Just(End::IsRefused),
    ];
    let flag = proptest::bool::weighted(0.3);
    (end, flag, flag, flag).prop_map(|(end, surplus, talkative, lost)| Fate {
        end,
        surplus,
        talkative,
        lost,
    })
}

fn world() -> impl Strategy<Value = World> {
    let reading = prop_oneof![
        17 => Just(Reading::Accepted),
        1 => Just(Reading::Skipped),
        1 => Just(Reading::Refused),
        1 => Just(Reading::Unusable),
    ];
    let gate = prop_oneof![
        Just(Gate::Open),
        Just(Gate::Crowded),
        Just(Gate::Asking),
        Just(Gate::Scanning)
    ];
    (prop::collection::vec(fate(), 8..24), reading, proptest::bool::weighted(0.9), gate)
        .prop_map(|(fates, reading, settings, gate)| World { fates, reading, settings, gate })
}

/// What is picked at each step, of all that may be said then.
fn picks(most: usize) -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 0..most)
}

fn at_random(history: &mut History, picks: &[u16]) {
    for pick in picks {
        let sayable = history.sayable();
        let Some(fact) = sayable.get(usize::from(*pick) % sayable.len().max(1)) else { return };
        history.say(&fact.clone());
    }
}

/// Says exactly what `other` said, in another order that was possible as well.
fn the_same_otherwise(history: &mut History, other: &[Fact], picks: &[u16]) {
    let mut left = other.to_vec();
    let mut picks = picks.iter().cycle();
    while !left.is_empty() {
        let sayable = history.sayable();
        let possible: Vec<usize> =
            (0..left.len()).filter(|index| sayable.contains(&left[*index])).collect();
        assert!(!possible.is_empty(), "what was said can no longer be: {left:#?}");
        let pick = picks.next().copied().map_or(0, usize::from) % possible.len();
        let fact = left.remove(possible[pick]);
        history.say(&fact);
    }
}

/// The state, without who was told of a wait: nobody is where the wait is over by then.
fn lasting(run: &Run) -> State {
    let mut state = run.state.clone();
    state.told.retain(|notice| notice.as_str().ends_with(".end"));
    state
}

fn assert_whole(run: &Run) {
    assert!(run.is_settled(), "{}: {:#?}", explain(run, at(3)), run.pending);
    assert_eq!(run.register.verify(), Ok(()));
    assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state);
    let stored = serde_json::to_string(run).unwrap();
    let read: Run = serde_json::from_str(&stored).unwrap();
    assert_eq!(&read, run);
    assert_eq!(serde_json::to_string(&read).unwrap(), stored);
}

/// What a person or a deadline does to the run as it stands.
fn intervene(run: &Run, deadline: bool) -> Fact {
    let open = run.state.attempts().find(|(_, _, attempt)| !attempt.phase.is_terminal());
    match open {
        Some((attempt, _, _)) if deadline => {
            Fact::Overdue(Overdue { attempt, reason: "it took too long".to_owned() })
        }
        _ => Fact::Cancelled(Cancelled {
            decision: EventId::parse("d-1").unwrap(),
            by: "ada".to_owned(),
            reason: None,
        }),
    }
}

proptest! {
    #[test]
    fn whatever_is_said_in_whatever_order_and_number_the_end_is_the_same(
        world in world(), one in picks(80), other in picks(80)
    ) {
        let ends = [one, other].map(|picks| {
            let mut history = History::of(world.clone(), begun());
            at_random(&mut history, &picks);
            history.finish();
            assert_whole(&history.run);
            lasting(&history.run)
        });
        prop_assert_eq!(&ends[0], &ends[1]);
    }

    #[test]
    fn what_ends_a_run_from_outside_counts_where_it_came_and_the_rest_in_any_order(
        world in world(), before in picks(30), shuffle in picks(30), deadline in any::<bool>(),
        one in picks(30), other in picks(30)
    ) {
        let mut first = History::of(world.clone(), begun());
        at_random(&mut first, &before);
        let mut second = History::of(world, begun());
        the_same_otherwise(&mut second, &first.said, &shuffle);
        prop_assert_eq!(lasting(&first.run), lasting(&second.run));

        let intervention = intervene(&first.run, deadline);
        let was_over = first.run.state.phase;
        for (history, picks) in [(&mut first, one), (&mut second, other)] {
            history.say(&intervention);
            history.say(&intervention);
            at_random(history, &picks);
            history.finish();
            assert_whole(&history.run);
        }
        prop_assert_eq!(lasting(&first.run), lasting(&second.run));
        if was_over.is_terminal() {
            prop_assert_eq!(first.run.state.phase, was_over);
        } else if matches!(intervention, Fact::Cancelled(_)) {
            prop_assert_eq!(first.run.state.phase, Phase::Cancelled);
        }
    }
}
