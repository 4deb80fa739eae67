//! What a step of a release costs, in requests: the same, however many runs and launches there were.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use signalbox_cloud::decision::What;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::rollout::Side;
use signalbox_tests::program::root;
use signalbox_tests::simulated::parallel::{alone, each};
use signalbox_tests::simulated::people::PEOPLE;
use signalbox_tests::simulated::world::{Setup, World};

use super::world::{PLACE, live, run, wait, weight};

const SETTINGS: &str = "version: 1\nenvironment: staging\n\
     approvals: { required: 2, from: [release-managers] }\n\
     rollout: { strategy: canary, steps: [{ weight: 50, bake: 2m, launches: 1 }, { weight: 100 }] }\n";
/// More than a page of a listing holds.
const MANY: usize = 1_200;

/// How many requests each step took, by the function that made them.
type Costs = Vec<(&'static str, BTreeMap<String, usize>)>;

/// A release with approvals and a ramp, in a state bucket that holds `past` runs and launches more.
fn costs(past: usize) -> anyhow::Result<Costs> {
    alone(async {
        let mut world = World::begin(Setup::default()).await?;
        world.push("rain", "first").await?;
        world.settle(30, 1).await?;
        world.train("rain", PLACE, "first").await?;
        world.settle(30, 1).await?;
        repeat(&world, past).await?;
        world.apply(SETTINGS).await?;
        // Repeating takes its time: whatever comes only every few minutes comes at the same ones.
        let noon: Timestamp = "2026-11-20T12:00:00Z".parse()?;
        world.pass(noon.duration_since(world.now()).try_into()?).await?;

        let mut steps = Steps { seen: world.wire().calls().len(), costs: Vec::new() };
        wait(&mut world, 60).await?;
        steps.end("`tick` finds nothing to do for an hour", &world, &["tick"]);

        world.push("rain", "second").await?;
        let second = loop {
            wait(&mut world, 1).await?;
            let second = newest(&world)?;
            let asked = second.state.stages.iter().find(|it| it.name.as_str() == "staging-approve");
            if asked.is_some_and(|stage| stage.phase == Phase::Running) {
                break second;
            }
        };
        let staging = PLACE.parse()?;
        steps.begin(&world);
        world.judge(PEOPLE[1], &second, &staging, What::Approve).await?;
        world.pass(Duration::from_secs(1)).await?;
        steps.end("an approval, another is missing", &world, &["decision"]);
        world.judge(PEOPLE[2], &second, &staging, What::Approve).await?;
        while weight(&world)?.is_none() {
            wait(&mut world, 1).await?;
        }

        steps.begin(&world);
        world.train_on(Side::Candidate, "rain", PLACE, "counted").await?;
        world.pass(Duration::from_secs(10)).await?;
        steps.end("a launch begins and ends well", &world, &["launch", "job"]);
        while weight(&world)? == Some(50) {
            steps.begin(&world);
            world.pass(Duration::from_secs(60)).await?;
        }
        steps.end("`tick` counts it and passes a step", &world, &["tick"]);
        world.settle(30, 1).await?;
        assert_eq!(live(&world)?, second.id);
        Ok(steps.costs)
    })
}

/// The newest run: those that were repeated are older.
fn newest(world: &World) -> anyhow::Result<signalbox_pipeline::run::Run> {
    let mut runs = world.runs()?;
    runs.sort_by(|one, other| one.id.cmp(&other.id));
    runs.pop().context("no run")
}

/// Puts what is over once more, `past` times, as if it had been a year before.
async fn repeat(world: &World, past: usize) -> anyhow::Result<()> {
    let first = run(world, 0)?;
    let (s3, state) = (world.operator().s3().patient, world.buckets().state.clone());
    let keys = world.wire().engine().s3().keys(&state, "pipelines/");
    let of = |part: &str| keys.iter().find(|key| key.contains(part)).cloned();
    let run_key = of(first.id.as_str()).context("no key of the run")?;
    let launch_key = of("/launches/").context("no key of the launch")?;
    for key in [run_key, launch_key] {
        let body = world.wire().engine().s3().peek(&state, &key)?.context("it is gone")?;
        for number in 0..past {
            let key = key.replace("2026", "2025").replace("t0900", &format!("t{number:04}"));
            let body = body.to_vec().into();
            s3.put_object().bucket(&state).key(key).body(body).send().await?;
        }
    }
    Ok(())
}

struct Steps {
    seen: usize,
    costs: Costs,
}

impl Steps {
    fn begin(&mut self, world: &World) {
        self.seen = world.wire().calls().len();
    }

    /// What `functions` have asked for since the step began.
    fn end(&mut self, step: &'static str, world: &World, functions: &[&str]) {
        let mut count = BTreeMap::new();
        for call in &world.wire().calls()[self.seen..] {
            if functions.contains(&call.function.as_str()) {
                *count.entry(call.function.clone()).or_default() += 1;
            }
        }
        self.costs.push((step, count));
        self.begin(world);
    }
}

#[test]
fn a_step_costs_as_many_requests_however_many_runs_and_launches_there_were() {
    let all = each(&[10, MANY], |past| costs(*past));
    let [few, many] = all.try_into().expect("two worlds");
    let (few, many): (Costs, Costs) = (few.expect("it settles"), many.expect("it settles"));
    assert_eq!(few, many);
    let mut table = "| step of a release | requests |\n| --- | --- |\n".to_owned();
    for (step, count) in &few {
        let words = count.iter().map(|(function, count)| format!("{count} by `{function}`"));
        table.push_str(&format!("| {step} | {} |\n", words.collect::<Vec<_>>().join(", ")));
    }
    println!("{table}");
    let documented = std::fs::read_to_string(root().join("docs/performance.md")).unwrap();
    assert!(documented.contains(&table), "docs/performance.md has to hold this table:\n\n{table}");
}
