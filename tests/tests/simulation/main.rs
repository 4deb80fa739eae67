//! Seeded worlds with many runs at once, in which much goes wrong.
//!
//! `SIGNALBOX_SEEDS=10000` tries more seeds than the usual ones, `SIGNALBOX_SEED=17` one. A seed that fails is made as short
//! as it goes, and leaves a schedule; `SIGNALBOX_SCHEDULE=file` replays that.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_tests::simulated::audit::audited;
use signalbox_tests::simulated::end::end;
use signalbox_tests::simulated::parallel::{alone, each};
use signalbox_tests::simulated::people::{commit, event_id};
use signalbox_tests::simulated::schedule::{Deed, Schedule};
use signalbox_tests::simulated::world::World;

/// How many seeds the normal test run tries.
const SEEDS: u64 = 200;
/// How many ticks it takes at most until all runs are settled.
const TICKS: u32 = 120;
/// How many ticks it takes until a push is found of which nobody told: up to seven, and as many again
/// whenever a `tick` that had it in mind dies.
const UNHEARD: u32 = 24;
/// Calls that a delivery leads to at most, on average over a world: I8 does not depend on how many
/// runs there are.
const CALLS_PER_DELIVERY: u64 = 12;

/// Lives through a schedule; answers how often code of the version before met a document that is
/// newer than it knows.
fn live(schedule: &Schedule) -> anyhow::Result<usize> {
    alone(async {
        let mut world = World::begin(schedule.setup()).await?;
        world.watch();
        world.apply(&schedule.policy.settings()).await?;
        // Half of the worlds scan their images only once somebody waits for it.
        world.scan(if schedule.seed.is_multiple_of(2) { "COMPLETE" } else { "IN_PROGRESS" })?;
        let lost = play(&mut world, schedule).await?;
        world.settle_attended(TICKS, if lost.is_empty() { 1 } else { UNHEARD }).await?;
        let end = end(&world)?;
        ensure!(end["dead_letters"] == serde_json::json!({}), "{}", end["dead_letters"]);
        every_push_has_its_run(&world, schedule, &lost)?;
        let (calls, deliveries) = (world.wire().calls(), world.wire().engine().bus().deliveries());
        let said = world.said();
        let most = (deliveries + said + u64::from(TICKS)) * CALLS_PER_DELIVERY;
        ensure!(
            calls.len() as u64 <= most,
            "I8: {} calls for {deliveries} events and {said} words of people",
            calls.len()
        );
        no_secret_is_written(&world)?;
        ensure!(audited(&world).await? > 0, "there was nothing to audit");
        Ok(world.wire().met())
    })
}

/// Pushes and decides as the schedule says; returns the events that are lost, by their ids.
async fn play(world: &mut World, schedule: &Schedule) -> anyhow::Result<BTreeSet<String>> {
    let pushes = schedule.pushes.iter().map(|push| push.at_millis);
    let decisions = schedule.decisions.iter().map(|decided| decided.at_millis);
    let times: BTreeSet<u64> = pushes.chain(decisions).collect();
    let (mut now, mut lost) = (0, BTreeSet::new());
    for time in times {
        world.pass(Duration::from_millis(time - now)).await?;
        now = time;
        for (number, push) in
            schedule.pushes.iter().enumerate().filter(|(_, p)| p.at_millis == time)
        {
            let name = number.to_string();
            let delivery = world.wire().engine().bus().deliveries() + 1;
            world.push(&push.pipeline, &name).await?;
            lost.extend(schedule.loses(delivery).then(|| event_id(&push.pipeline, &name)));
        }
        let decisions = schedule.decisions.iter().enumerate();
        for (number, decided) in decisions.filter(|(_, one)| one.at_millis == time) {
            world.carry_out(&number.to_string(), decided).await?;
        }
    }
    Ok(lost)
}

/// I1 from the other side, and I4: whatever came twice, late or in another order, the end is the
/// same.
fn every_push_has_its_run(
    world: &World,
    schedule: &Schedule,
    lost: &BTreeSet<String>,
) -> anyhow::Result<()> {
    let runs = world.runs()?;
    for (number, push) in schedule.pushes.iter().enumerate() {
        let event = event_id(&push.pipeline, &number.to_string());
        let commit = commit(&push.pipeline, &number.to_string());
        let of_push = |run: &&Run| run.state.trigger.commit.as_str() == commit;
        let is_overtaken =
            schedule.pushes[number + 1..].iter().any(|p| p.pipeline == push.pipeline);
        // Nobody can know of a push whose event is lost and whose branch has moved on.
        if lost.contains(&event) && is_overtaken && !runs.iter().any(|run| of_push(&run)) {
            continue;
        }
        let run = runs.iter().find(of_push);
        let run = run.with_context(|| format!("the push {number} has no run"))?;
        let phase = run.state.phase;
        ensure!(phase.is_terminal(), "{} is {phase}", run.id);
        let was_cancelled =
            phase == Phase::Cancelled && schedule.decisions.iter().any(|d| d.deed == Deed::Cancel);
        let gave_way = phase == Phase::Superseded && runs.iter().any(|one| is_newer(one, run));
        // Where nobody has told of a push, nobody has told either who pushed: approvals are held up.
        let is_held_up = !lost.is_empty() && schedule.policy.approvals > 0;
        let is_kept_out = phase == Phase::Failed && (schedule.keeps_out() || is_held_up);
        let well = phase == Phase::Succeeded
            || gave_way
            || was_cancelled
            || is_kept_out
            || schedule.disturbs_jobs();
        ensure!(well, "I4: {} ended {phase} ({:?})", run.id, run.state.reason);
    }
    Ok(())
}

fn is_newer(one: &Run, other: &Run) -> bool {
    one.pipeline == other.pipeline && one.id > other.id
}

/// I9: no key of a function or a person stands in any document.
fn no_secret_is_written(world: &World) -> anyhow::Result<()> {
    let engine = world.wire().engine();
    let mut secrets = vec![engine.credentials().secret_access_key.clone()];
    for function in &engine.stack().functions {
        secrets.extend(engine.variables(function)?.remove("AWS_SECRET_ACCESS_KEY"));
    }
    for key in engine.s3().keys(&world.buckets().state, "") {
        let bytes = engine.s3().peek(&world.buckets().state, &key)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        ensure!(!secrets.iter().any(|secret| text.contains(secret)), "I9: a secret in {key}");
    }
    Ok(())
}

/// The shortest schedule found that fails as this one does, and where it was left.
fn report(schedule: Schedule, error: &anyhow::Error) -> anyhow::Result<String> {
    let seed = schedule.seed;
    let shortest = schedule.shrunk(|less| live(less).is_err());
    let last = live(&shortest).err().map(|error| format!("{error:#}"));
    let text = serde_json::to_string_pretty(&shortest)?;
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("simulation-{seed}.json"));
    std::fs::write(&file, &text)?;
    Ok(format!(
        "seed {seed}: {error:#}\n  made short: {}\n  SIGNALBOX_SCHEDULE={}\n{text}",
        last.unwrap_or_default(),
        file.display()
    ))
}

fn wanted() -> anyhow::Result<Vec<Schedule>> {
    if let Ok(file) = std::env::var("SIGNALBOX_SCHEDULE") {
        let text = std::fs::read(Path::new(&file)).with_context(|| file.clone())?;
        return Ok(vec![serde_json::from_slice(&text).context(file)?]);
    }
    if let Ok(seed) = std::env::var("SIGNALBOX_SEED") {
        return Ok(vec![Schedule::of(seed.parse().context("SIGNALBOX_SEED is no number")?)]);
    }
    let seeds = match std::env::var("SIGNALBOX_SEEDS") {
        Ok(seeds) => seeds.parse().context("SIGNALBOX_SEEDS is no number")?,
        Err(_) => SEEDS,
    };
    Ok((1..=seeds).map(Schedule::of).collect())
}

#[test]
fn whatever_goes_wrong_the_invariants_hold_and_every_run_settles() {
    let schedules = wanted().expect("the schedules can be read");
    let lived = each(&schedules, live);
    let met = lived.iter().filter(|lived| lived.as_ref().is_ok_and(|met| *met > 0)).count();
    let deploys = schedules.iter().filter(|schedule| schedule.deploy.is_some()).count();
    let failed = schedules.iter().zip(lived).filter_map(|(schedule, lived)| {
        let error = lived.err()?;
        Some((schedule.clone(), error))
    });
    let failed: Vec<_> = failed.collect();
    println!(
        "deploys: {deploys} worlds; in {met} of them old code met what newer code had written"
    );
    println!("seeds: {} of {}", schedules.len() - failed.len(), schedules.len());
    for (schedule, error) in &failed {
        println!("seed {}: {error:#}", schedule.seed);
    }
    // A few are enough to look at, and each takes its time to be made short.
    let shown = failed.iter().take(3).map(|(schedule, error)| report(schedule.clone(), error));
    let shown: Vec<String> = shown.collect::<Result<_, _>>().expect("the schedules can be left");
    assert!(failed.is_empty(), "{} seeds failed\n{}", failed.len(), shown.join("\n"));
    assert!(met > 0 || deploys < 20, "no deploy had anything to say");
}

#[test]
fn the_same_schedule_is_the_same_world() {
    let life = || {
        alone(async {
            let mut world = World::begin(Schedule::of(7).setup()).await?;
            world.push("rain", "0").await?;
            world.settle(TICKS, 1).await?;
            Ok((world.wire().calls(), end(&world)?))
        })
    };
    assert_eq!(life().expect("it settles"), life().expect("it settles"));
}
