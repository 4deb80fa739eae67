//! A world in which one release is live and rollouts are asked for.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::environment::history::What;
use signalbox_pipeline::keys;
use signalbox_pipeline::launch::Launch;
use signalbox_pipeline::names::RunId;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::rollout::Side;
use signalbox_pipeline::run::Run;
use signalbox_tests::simulated::world::{Setup, World};

/// The environment whose releases are rolled out; it is the last one.
pub(crate) const PLACE: &str = "staging";
const MINUTE: Duration = Duration::from_secs(60);

/// A world with a live release, and the settings for what comes next.
pub(crate) async fn begun(rollout: &str) -> anyhow::Result<(World, RunId)> {
    let mut world = World::begin(Setup::default()).await?;
    world.watch();
    world.apply(&format!("version: 1\nenvironment: {PLACE}\nrollout: {rollout}\n")).await?;
    world.push("rain", "first").await?;
    world.settle(30, 1).await?;
    let run = run(&world, 0)?;
    // There is nothing to roll the first release out against.
    ensure!(run.state.phase == Phase::Succeeded, "{:?}", run.state.reason);
    ensure!(live(&world)? == run.id, "it is not live");
    Ok((world, run.id))
}

/// The run of the push number `number`.
pub(crate) fn run(world: &World, number: usize) -> anyhow::Result<Run> {
    let mut runs = world.runs()?;
    runs.sort_by(|one, other| one.id.cmp(&other.id));
    runs.into_iter().nth(number).context("there is no such run")
}

pub(crate) fn environment(world: &World) -> anyhow::Result<Environment> {
    let key = keys::state::environment(&"rain".parse()?, &PLACE.parse()?);
    world.document(&key)?.context("there is no environment")
}

pub(crate) fn live(world: &World) -> anyhow::Result<RunId> {
    Ok(environment(world)?.current.context("nothing is live")?.run)
}

/// The weight of the candidate, where there is one.
pub(crate) fn weight(world: &World) -> anyhow::Result<Option<u32>> {
    Ok(environment(world)?.candidate.map(|candidate| candidate.ramp.weight()))
}

pub(crate) fn whats(world: &World) -> anyhow::Result<Vec<What>> {
    Ok(environment(world)?.changes.iter().map(|change| change.what).collect())
}

/// Somebody pushes; time passes until the release is being rolled out.
pub(crate) async fn rolling(world: &mut World, push: &str) -> anyhow::Result<()> {
    world.push("rain", push).await?;
    for _ in 0..30 {
        world.pass(MINUTE).await?;
        if weight(world)?.is_some() {
            return Ok(());
        }
    }
    anyhow::bail!("no rollout began: {:?}", environment(world)?)
}

/// Launches until `count` of them were on `side`, and waits until all have ended.
pub(crate) async fn launched(
    world: &mut World,
    side: Side,
    count: usize,
    name: &str,
) -> anyhow::Result<Vec<Launch>> {
    let mut keys = Vec::new();
    for number in 0..500 {
        let key = world.train("rain", PLACE, &format!("{name}-{number}")).await?;
        let found = environment(world)?;
        let (picked, _) = found.pick(&key.launch).context("nothing to pick")?;
        keys.extend((picked == side).then_some(key));
        if keys.len() == count {
            break;
        }
    }
    ensure!(keys.len() == count, "only {} were on the side {side}", keys.len());
    world.pass(Duration::from_secs(150)).await?;
    let found = keys.iter().map(|key| world.document::<Launch>(&key.document()));
    found.map(|found| found?.context("it was not begun")).collect()
}

/// Lets `minutes` go by.
pub(crate) async fn wait(world: &mut World, minutes: u32) -> anyhow::Result<()> {
    world.pass(MINUTE * minutes).await
}
