//! Every crash point of a whole pipeline, exhaustively.
//!
//! One undisturbed run, from a push to a release in two environments, tells which calls the
//! functions make. Then, for each call and each way in which it can go wrong, the same pipeline is
//! run to its end, which has to be the same: every stage passed, each attempt submitted once, no
//! message and no marker left.
//!
//! `SIGNALBOX_POINT='released 17 dies before' cargo test -p signalbox-tests --test crash_points -- --nocapture`
//! replays one point, and shows what the functions say.

use std::fmt;
use std::time::Duration;

use serde_json::Value;
use signalbox_cloud::advance::RunKey;
use signalbox_cloud::decision::{self, Cancel};
use signalbox_local::http::{Fault, What, When};
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::state::StageWork;
use signalbox_tests::simulated::calls::{Blow, Blows, Call};
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

/// The second job to start.
const CHECK: u64 = 2;

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
}

impl Story {
    fn name(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Cancelled => "cancelled",
        }
    }

    /// The calls of the story under `blows`, and how it ended.
    fn live(self, blows: Blows) -> anyhow::Result<(Vec<Call>, Value)> {
        let mut setup = Setup { blows, ..Setup::default() };
        if self == Self::Cancelled {
            setup.conducts.insert(CHECK, Conduct { seconds: 24 * 3600, ..WELL });
        }
        alone(async {
            let mut world = World::begin(setup).await?;
            world.push("rain", "first").await?;
            if self == Self::Cancelled {
                let run = check_runs(&mut world).await?;
                world.decide("first", decision::What::Cancel(Cancel { run, reason: None })).await?;
            }
            world.settle(MINUTES, 1).await?;
            Ok((world.wire().calls(), end(&world)?))
        })
    }
}

/// Lets time pass until the check is known to run.
async fn check_runs(world: &mut World) -> anyhow::Result<RunKey> {
    for _ in 0..MINUTES * 60 {
        world.pass(Duration::from_secs(1)).await?;
        if let Some(run) = world.runs()?.pop() {
            let mut checks = run.state.stages.iter().filter(|one| one.work == StageWork::Checks);
            let mut jobs = checks.by_ref().flat_map(|stage| &stage.jobs);
            if jobs.any(|job| job.attempts.iter().any(|attempt| attempt.phase == Phase::Running)) {
                return Ok(RunKey { pipeline: run.pipeline, run: run.id });
            }
        }
    }
    anyhow::bail!("the check does not come to run")
}

fn points(story: Story, calls: &[Call]) -> Vec<Point<'_>> {
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
        wanted.as_ref().is_none_or(|wanted| *wanted == name)
    };
    all.filter(is_wanted).collect()
}

/// What is wrong with the end of the pipeline when `point` is hit; nothing where it is as ever.
fn try_out(point: &Point<'_>, expected: &Value) -> Option<String> {
    let blows = [(point.call.number, point.blow)].into();
    let (calls, found) = match point.story.live(blows) {
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

/// The end of the undisturbed story, and its calls.
fn undisturbed(story: Story) -> (Vec<Call>, Value) {
    let (calls, end) = story.live(Blows::new()).expect("nothing disturbs it");
    let again = story.live(Blows::new()).expect("nothing disturbs it");
    assert_eq!(again, (calls.clone(), end.clone()), "the same world lives the same life");
    let submitted = end["submitted"].as_object().expect("jobs were submitted");
    assert!(submitted.values().all(|times| times == 1), "{submitted:?}");
    assert_eq!(end["dead_letters"], serde_json::json!({}));
    let runs = end["runs"].as_object().expect("there are runs");
    let phase = if story == Story::Released { "succeeded" } else { "cancelled" };
    assert!(runs.len() == 1 && runs.values().all(|run| run["phase"] == phase), "{runs:?}");
    (calls, end)
}

#[test]
fn a_pipeline_ends_the_same_whichever_call_goes_wrong_in_whatever_way() {
    let (released, ended) = undisturbed(Story::Released);
    let (cancelled, broken_off) = undisturbed(Story::Cancelled);
    let mut all = points(Story::Released, &released);
    all.extend(points(Story::Cancelled, &cancelled));
    let tried = each(&all, |point| {
        let expected = if point.story == Story::Released { &ended } else { &broken_off };
        try_out(point, expected)
    });
    let wrong: Vec<String> = all
        .iter()
        .zip(&tried)
        .filter_map(|(point, wrong)| Some(format!("{point}\n    {}", wrong.as_ref()?)))
        .collect();
    println!("crash points: {} of {}", all.len() - wrong.len(), all.len());
    assert!(wrong.is_empty(), "{} points:\n{}", wrong.len(), wrong.join("\n"));
}
