//! Every crash point of a whole pipeline, exhaustively.
//!
//! One undisturbed run, from a push to a release in two environments, tells which calls the
//! functions make. Then, for each call and each way in which it can go wrong, the same pipeline is
//! run to its end, which has to be the same: every stage passed, each attempt submitted once, no
//! message and no marker left.
//!
//! `SIGNALBOX_POINT='17 dies before' cargo test -p signalbox-tests --test crash_points -- --nocapture`
//! replays one point, and shows what the functions say.

use std::fmt;

use serde_json::Value;
use signalbox_local::http::{Fault, What, When};
use signalbox_tests::simulated::calls::{Blow, Call};
use signalbox_tests::simulated::end::{differences, end};
use signalbox_tests::simulated::parallel::{alone, each};
use signalbox_tests::simulated::world::{Setup, World};

/// Longer than any crash takes to be healed: a visibility, a lease, some ticks.
const MINUTES: u32 = 30;

/// How a call can go wrong.
const WAYS: [(&str, Blow); 9] = [
    ("dies before", Blow::Dies(When::Before)),
    ("dies after", Blow::Dies(When::After)),
    ("error before", fault(When::Before, What::Internal)),
    ("error after", fault(When::After, What::Internal)),
    ("timeout before", fault(When::Before, What::Silence)),
    ("timeout after", fault(When::After, What::Silence)),
    ("throttled", fault(When::Before, What::Throttled)),
    ("409", fault(When::Before, What::Conflict)),
    // The write was applied, and its repetition below us is refused.
    ("412 after", fault(When::After, What::Precondition)),
];

const fn fault(when: When, what: What) -> Blow {
    Blow::Fault(Fault { when, what })
}

/// One call, and one way in which it goes wrong.
struct Point<'a> {
    call: &'a Call,
    way: &'static str,
    blow: Blow,
}

impl fmt::Display for Point<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIGNALBOX_POINT='{} {}': {}", self.call.number, self.way, self.call)
    }
}

/// The calls of the pipeline under `blows`, and how it ended.
fn live(setup: Setup) -> anyhow::Result<(Vec<Call>, Value)> {
    alone(async {
        let mut world = World::begin(setup).await?;
        world.push("rain", "first").await?;
        world.settle(MINUTES).await?;
        Ok((world.wire().calls(), end(&world)?))
    })
}

fn points(calls: &[Call]) -> Vec<Point<'_>> {
    let all = calls.iter().flat_map(|call| {
        let fitting = WAYS.iter().filter(|(_, blow)| match blow {
            Blow::Fault(Fault { what: What::Conflict | What::Precondition, .. }) => {
                call.is_conditional
            }
            Blow::Fault(_) | Blow::Dies(_) => true,
        });
        fitting.map(move |&(way, blow)| Point { call, way, blow })
    });
    let wanted = std::env::var("SIGNALBOX_POINT").ok();
    let is_wanted = |point: &Point<'_>| {
        let name = format!("{} {}", point.call.number, point.way);
        wanted.as_ref().is_none_or(|wanted| *wanted == name)
    };
    all.filter(is_wanted).collect()
}

/// What is wrong with the end of the pipeline when `point` is hit; nothing where it is as ever.
fn try_out(point: &Point<'_>, expected: &Value) -> Option<String> {
    let blows = [(point.call.number, point.blow)].into();
    let (calls, found) = match live(Setup { blows, ..Setup::default() }) {
        Ok(lived) => lived,
        Err(error) => return Some(format!("{error:#}")),
    };
    let hit = usize::try_from(point.call.number - 1).ok().and_then(|at| calls.get(at));
    if hit != Some(point.call) {
        return Some(format!("another call was hit, {hit:?}: the world is not deterministic"));
    }
    let differences = differences(expected, &found);
    (!differences.is_empty()).then(|| differences.join("; "))
}

#[test]
fn a_pipeline_ends_the_same_whichever_call_goes_wrong_in_whatever_way() {
    let (calls, expected) = live(Setup::default()).expect("nothing disturbs it");
    let again = live(Setup::default()).expect("nothing disturbs it");
    assert_eq!(again, (calls.clone(), expected.clone()), "the same world lives the same life");
    let submitted = expected["submitted"].as_object().expect("jobs were submitted");
    assert!(submitted.values().all(|times| times == 1), "{submitted:?}");
    assert_eq!(expected["dead_letters"], serde_json::json!({}));

    let points = points(&calls);
    let tried = each(&points, |point| try_out(point, &expected));
    let wrong: Vec<String> = points
        .iter()
        .zip(&tried)
        .filter_map(|(point, wrong)| Some(format!("{point}\n    {}", wrong.as_ref()?)))
        .collect();
    println!("crash points: {} of {}", points.len() - wrong.len(), points.len());
    assert!(wrong.is_empty(), "{} points:\n{}", wrong.len(), wrong.join("\n"));
}
