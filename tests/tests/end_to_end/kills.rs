//! An engine that is killed at any request loses nothing.

use std::io::Write as _;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use signalbox_tests::installation::Installation;
use signalbox_tests::repository::Tree;
use signalbox_tests::wait::until;

use crate::PROGRAM;

const KILLS: u64 = 10;
/// Where the kills fall, the same in every run of this test.
const SEED: u64 = 20_261_123;
/// As many installations as two processors bear; most of the time each waits for a lease to run out.
const SIDE_BY_SIDE: usize = 5;
/// A run that was not killed by then never will be.
const ALIVE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_engine_loses_nothing() -> anyhow::Result<()> {
    let total = undisturbed().await?;
    let mut chance = fastrand::Rng::with_seed(SEED);
    let places: Vec<u64> = (0..KILLS).map(|kill| chance.u64(share(kill, total))).collect();
    let kills = stream::iter(places).map(async |at| {
        survives(at).await.with_context(|| format!("killed at request {at} of {total}"))
    });
    let survived: Vec<()> = kills.buffer_unordered(SIDE_BY_SIDE).try_collect().await?;
    let survived = survived.len();
    // Past the test runner, which shows nothing of a test that passes.
    writeln!(std::io::stderr(), "kills: {survived} of {KILLS}")?;
    Ok(())
}

/// One tenth of a run's requests. The last few may not come when a function is not started twice.
fn share(kill: u64, total: u64) -> Range<u64> {
    let most = total * 9 / 10;
    1 + kill * most / KILLS..1 + (kill + 1) * most / KILLS
}

/// How many requests a run takes from the push on.
async fn undisturbed() -> anyhow::Result<u64> {
    let mut signalbox = prepared().await?;
    let before = signalbox.requests()?.len();
    signalbox.restart(|_| ()).await?;
    signalbox.repository.push().await?;
    signalbox.only_run_succeeded().await?;
    let requests = signalbox.requests()?.split_off(before);
    let last = requests.iter().rposition(|it| it.kind.as_deref() != Some("user"));
    let ours = requests.iter().take(last.unwrap_or(0));
    // What the test itself asked for does not come when the engine is to be killed.
    Ok(ours.filter(|it| it.kind.as_deref() != Some("user")).count() as u64)
}

async fn survives(at: u64) -> anyhow::Result<()> {
    let mut signalbox = prepared().await?;
    signalbox.restart(|setup| setup.kill_at = Some(at)).await?;
    signalbox.repository.push().await?;
    until("the kill", ALIVE, async || Ok(signalbox.was_killed()?.then_some(()))).await?;
    let last = signalbox.requests()?.pop().context("nothing was asked before the kill")?;
    let begun = Instant::now();
    signalbox.restart(|setup| setup.kill_at = None).await?;
    signalbox.only_run_succeeded().await?;
    let (operation, seconds) = (last.operation, begun.elapsed().as_secs_f32());
    println!("killed at request {at}, after {operation}: succeeded {seconds:.1} s later");
    Ok(())
}

/// An installation with a commit that is not pushed yet, and a tick every second: a lease has to be
/// waited out, the minute of the schedule has not.
async fn prepared() -> anyhow::Result<Installation> {
    let signalbox =
        Installation::start(PROGRAM, |setup| setup.tick = Duration::from_secs(1)).await?;
    signalbox.repository.commit(&Tree::greeting("still here")).await?;
    Ok(signalbox)
}
