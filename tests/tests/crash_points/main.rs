//! Every crash point of a whole pipeline, exhaustively.
//!
//! A few stories are told undisturbed: a push that comes to its release in two environments, and
//! two that are cancelled on the way. They tell which calls the functions make. Then, for each call
//! and each way in which it can go wrong, the story is told again to its end, which has to be the
//! same: every stage passed, each attempt submitted once, no message and no marker left.
//!
//! `SIGNALBOX_POINT='released 17 dies before' cargo test -p signalbox-tests --test crash_points -- --nocapture`
//! replays one point; a beginning, such as `doubted`, stands for all points that begin so.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::Value;
use signalbox_cloud::advance::RunKey;
use signalbox_cloud::decision::{self, Cancel};
use signalbox_local::http::{Fault, What, When};
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::state::StageWork;
use signalbox_tests::simulated::calls::{Blow, Call};
use signalbox_tests::simulated::end::{differences, end};
use signalbox_tests::simulated::jobs::{Conduct, WELL};
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

/// The check is the second job to start, and the third submission: Batch refuses the first of all,
/// whose job definition it does not know yet.
const CHECK: u64 = 2;
const SUBMITTED: u64 = 3;

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

/// What is played through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Story {
    /// A push is carried to its release in both environments.
    Released,
    /// A push is cancelled while its check runs, which would take long.
    Cancelled,
    /// A push is cancelled while nobody knows whether its check was submitted; it was not. Where the
    /// cancel comes late, `tick` has submitted it, and the end is that of `Cancelled`.
    Doubted,
}

/// How a story went.
#[derive(Clone, Debug, PartialEq)]
struct Lived {
    calls: Vec<Call>,
    /// After how many calls something happened that happens in this story alone.
    told: usize,
    end: Value,
}

impl Story {
    const ALL: [Self; 3] = [Self::Released, Self::Cancelled, Self::Doubted];

    fn name(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Cancelled => "cancelled",
            Self::Doubted => "doubted",
        }
    }

    /// The story when `calls` are hit.
    fn live(self, calls: BTreeMap<u64, Blow>) -> anyhow::Result<Lived> {
        let mut setup = Setup::default();
        setup.blows.calls = calls;
        if self != Self::Released {
            setup.conducts.insert(CHECK, Conduct { seconds: 24 * 3600, ..WELL });
        }
        if self == Self::Doubted {
            setup.blows.submissions.insert(SUBMITTED, Blow::Dies(When::Before));
        }
        alone(async {
            let mut world = World::begin(setup).await?;
            world.push("rain", "first").await?;
            let told = if self == Self::Released {
                0
            } else {
                let phase = if self == Self::Cancelled { Phase::Running } else { Phase::Pending };
                let run = check_is(&mut world, phase).await?;
                let told = world.wire().calls().len();
                world.decide("first", decision::What::Cancel(Cancel { run, reason: None })).await?;
                told
            };
            world.settle(MINUTES, 1).await?;
            Ok(Lived { calls: world.wire().calls(), told, end: end(&world)? })
        })
    }
}

/// Lets time pass until the check is in `phase`; Batch takes less than a second for any other.
async fn check_is(world: &mut World, phase: Phase) -> anyhow::Result<RunKey> {
    for _ in 0..MINUTES * 60 {
        world.pass(Duration::from_secs(1)).await?;
        if let Some(run) = world.runs()?.pop() {
            let mut checks = run.state.stages.iter().filter(|one| one.work == StageWork::Checks);
            let mut jobs = checks.by_ref().flat_map(|stage| &stage.jobs);
            if jobs.any(|job| job.attempts.iter().any(|attempt| attempt.phase == phase)) {
                return Ok(RunKey { pipeline: run.pipeline, run: run.id });
            }
        }
    }
    anyhow::bail!("the check does not come to be {phase}")
}

fn points(story: Story, lived: &Lived) -> Vec<Point<'_>> {
    let calls = lived.calls.get(lived.told..).unwrap_or_default();
    let all = calls.iter().flat_map(|call| {
        let fitting = WAYS.iter().filter(|(_, blow)| match blow {
            Blow::Fault(Fault { what: What::Conflict | What::Precondition, .. }) => {
                call.is_conditional
            }
            Blow::Fault(_) | Blow::Dies(_) | Blow::Sleeps(..) => true,
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
    let submitted = end["submitted"].as_object().expect("jobs were submitted");
    assert!(submitted.values().all(|times| times == 1), "{submitted:?}");
    let jobs = [(Story::Released, 5), (Story::Cancelled, 2), (Story::Doubted, 1)];
    assert!(jobs.contains(&(story, submitted.len())), "{submitted:?}");
    assert_eq!(end["dead_letters"], serde_json::json!({}));
    let runs = end["runs"].as_object().expect("there are runs");
    let phase = if story == Story::Released { "succeeded" } else { "cancelled" };
    assert!(runs.len() == 1 && runs.values().all(|run| run["phase"] == phase), "{runs:?}");
    lived
}

#[test]
fn a_pipeline_ends_the_same_whichever_call_goes_wrong_in_whatever_way() {
    let stories = Story::ALL.map(|story| (story, undisturbed(story)));
    let [released, cancelled, doubted] = stories.each_ref().map(|(_, lived)| &lived.end);
    let all: Vec<Point<'_>> =
        stories.iter().flat_map(|(story, lived)| points(*story, lived)).collect();
    let tried = each(&all, |point| match point.story {
        Story::Released => try_out(point, &[released]),
        Story::Cancelled => try_out(point, &[cancelled]),
        Story::Doubted => try_out(point, &[doubted, cancelled]),
    });
    let wrong: Vec<String> = all
        .iter()
        .zip(&tried)
        .filter_map(|(point, wrong)| Some(format!("{point}\n    {}", wrong.as_ref()?)))
        .collect();
    println!("crash points: {} of {}", all.len() - wrong.len(), all.len());
    assert!(wrong.is_empty(), "{} points:\n{}", wrong.len(), wrong.join("\n"));
}
