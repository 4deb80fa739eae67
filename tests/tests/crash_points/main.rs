//! Every crash point of a whole pipeline, exhaustively.
//!
//! A few stories are told undisturbed: a push that comes to its release in two environments, others
//! that are cancelled, approved, rejected, queued, rolled out, taken back. They tell which calls the
//! functions make. Then, for each call
//! and each way in which it can go wrong, the story is told again to its end, which has to be the
//! same: every stage passed, each attempt submitted once, no message and no marker left.
//!
//! `SIGNALBOX_ALL_POINTS=1` tries more ways in the long stories (see below), and
//! `SIGNALBOX_POINT='released 17 dies before' cargo test -p signalbox-tests --test crash_points -- --nocapture`
//! replays one point; a beginning, such as `doubted`, stands for all points that begin so.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};
use signalbox_local::http::{Fault, What, When};
use signalbox_tests::simulated::calls::{Blow, Call};
use signalbox_tests::simulated::end::differences;
use signalbox_tests::simulated::parallel::each;

mod story;

use story::{Lived, Story};

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

/// Set, every call of every story goes wrong in every way. Otherwise, in the long stories, only who
/// calls dies at each call; the other ways are tried at each write.
const EVERYTHING: &str = "SIGNALBOX_ALL_POINTS";

const fn fault(when: When, what: What) -> Blow {
    Blow::Fault(Fault { when, what })
}

/// One call, and one way in which it goes wrong.
struct Point<'a> {
    story: Story,
    call: &'a Call,
    way: &'static str,
    blow: Blow,
}

impl fmt::Display for Point<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { story, call, way, .. } = self;
        write!(f, "SIGNALBOX_POINT='{} {} {way}': {call}", story.name(), call.number)
    }
}

fn points(story: Story, lived: &Lived) -> Vec<Point<'_>> {
    let calls = lived.calls.get(lived.told..).unwrap_or_default();
    let in_full = story.is_short() || std::env::var_os(EVERYTHING).is_some();
    let all = calls.iter().flat_map(|call| {
        let fitting = WAYS.iter().filter(move |(_, blow)| match blow {
            Blow::Fault(Fault { what: What::Conflict | What::Precondition, .. }) => {
                call.is_conditional
            }
            Blow::Fault(_) => in_full || call.is_conditional,
            Blow::Dies(_) | Blow::Sleeps(..) => true,
        });
        fitting.map(move |&(way, blow)| Point { story, call, way, blow })
    });
    let wanted = std::env::var("SIGNALBOX_POINT").ok();
    let is_wanted = |point: &Point<'_>| {
        let name = format!("{} {} {}", point.story.name(), point.call.number, point.way);
        wanted.as_ref().is_none_or(|wanted| name.starts_with(wanted.as_str()))
    };
    all.filter(is_wanted).collect()
}

/// What is wrong with the end of the story when `point` is hit; nothing where it is one of `ends`,
/// of which the first is the usual one.
fn try_out(point: &Point<'_>, ends: &[&Value]) -> Option<String> {
    let lived = match point.story.live([(point.call.number, point.blow)].into()) {
        Ok(lived) => lived,
        Err(error) => return Some(format!("{error:#}")),
    };
    let hit = usize::try_from(point.call.number - 1).ok().and_then(|at| lived.calls.get(at));
    if hit != Some(point.call) {
        return Some(format!("another call was hit, {hit:?}: the world is not deterministic"));
    }
    let mut apart = ends.iter().map(|end| differences(end, &lived.end)).peekable();
    let usual = apart.peek()?.join("; ");
    apart.all(|apart| !apart.is_empty()).then_some(usual)
}

/// The story when nothing goes wrong but what is part of it.
fn undisturbed(story: Story) -> Lived {
    let lived = story.live(BTreeMap::new()).expect("nothing disturbs it");
    let again = story.live(BTreeMap::new()).expect("nothing disturbs it");
    assert_eq!(again, lived, "the same world lives the same life");
    let end = &lived.end;
    let (phases, jobs) = story.expected();
    let submitted = end["submitted"].as_object().expect("jobs were submitted");
    assert!(submitted.values().all(|times| times == 1), "{submitted:?}");
    assert_eq!(submitted.len(), jobs, "{story:?}: {submitted:?}");
    assert_eq!(end["dead_letters"], serde_json::json!({}));
    // Ids of runs begin with their times.
    let runs = end["runs"].as_object().expect("there are runs").values();
    let ended: Vec<Value> = runs.map(|run| run["phase"].clone()).collect();
    let phases: Vec<Value> = phases.iter().map(|phase| json!(phase)).collect();
    assert_eq!(ended, phases, "{story:?}: {:#}", end["runs"]);
    lived
}

#[test]
fn a_pipeline_ends_the_same_whichever_call_goes_wrong_in_whatever_way() {
    let told = each(&Story::ALL, |story| undisturbed(*story));
    let stories: BTreeMap<Story, Lived> = Story::ALL.into_iter().zip(told).collect();
    let all: Vec<Point<'_>> =
        stories.iter().flat_map(|(story, lived)| points(*story, lived)).collect();
    let tried = each(&all, |point| {
        let ends = point.story.ends().into_iter().map(|story| &stories[&story].end);
        try_out(point, &ends.collect::<Vec<_>>())
    });
    let wrong: Vec<String> = all
        .iter()
        .zip(&tried)
        .filter_map(|(point, wrong)| Some(format!("{point}\n    {}", wrong.as_ref()?)))
        .collect();
    for story in Story::ALL {
        let of_story = all.iter().filter(|point| point.story == story).count();
        println!("{}: {of_story}", story.name());
    }
    println!("crash points: {} of {}", all.len() - wrong.len(), all.len());
    assert!(wrong.is_empty(), "{} points:\n{}", wrong.len(), wrong.join("\n"));
}
