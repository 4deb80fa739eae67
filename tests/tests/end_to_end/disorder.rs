//! Delivery is at least once, late, and in any order.

use std::time::Duration;

use signalbox_pipeline::names::ImageDigest;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_tests::installation::Installation;
use signalbox_tests::program::Setup;
use signalbox_tests::repository::Tree;

use crate::PROGRAM;

#[tokio::test(flavor = "multi_thread")]
async fn events_may_come_twice_late_and_in_any_order() -> anyhow::Result<()> {
    let kind = run(|_| ()).await?;
    for seed in 1..=3 {
        let unkind = run(|setup| {
            (setup.duplicate, setup.reorder, setup.seed) = (0.6, 0.8, seed);
            setup.delay = Duration::from_millis(700);
        });
        assert_eq!(end(&unkind.await?), end(&kind), "seed {seed}");
    }
    Ok(())
}

async fn run(change: impl FnOnce(&mut Setup)) -> anyhow::Result<Run> {
    let signalbox = Installation::start(PROGRAM, change).await?;
    signalbox.repository.commit(&Tree::greeting("in any order")).await?;
    signalbox.repository.push().await?;
    signalbox.only_run_succeeded().await
}

type End = (Vec<(String, Phase, Vec<(String, usize, Phase)>)>, Option<ImageDigest>);

/// Stages, jobs and attempts with their phases, and the image: all that does not depend on time.
fn end(run: &Run) -> End {
    let stages = run.state.stages.iter().map(|stage| {
        let jobs =
            stage.jobs.iter().map(|job| (job.name.to_string(), job.attempts.len(), job.phase));
        (stage.name.to_string(), stage.phase, jobs.collect())
    });
    (stages.collect(), run.state.image.as_ref().map(|image| image.digest.clone()))
}
