//! What a job leaves behind may be damaged.

use std::time::Duration;

use signalbox_pipeline::phase::Phase;
use signalbox_tests::by_hand::task;
use signalbox_tests::installation::RUN;
use signalbox_tests::repository::Tree;
use signalbox_tests::runs::attempt;
use signalbox_tests::wait::until;

use crate::image::deaf_with;

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_result_makes_the_attempt_errored_and_another_one_is_made() -> anyhow::Result<()>
{
    // What is tried again after the platform's trouble is submitted by `tick`.
    let minute = Duration::from_secs(1);
    let (signalbox, _template) = deaf_with(|setup| setup.tick = minute).await?;
    signalbox.repository.commit(&Tree::greeting("hello")).await?;
    signalbox.repository.push().await?;
    let run = signalbox.begun().await?;
    signalbox.carry(&run, "checkout", "checkout").await?;
    let unit = signalbox.job_ended(&run, "checks", "unit", 1).await?;

    let artifacts = &signalbox.facts.buckets.artifacts;
    let results = signalbox.objects(artifacts, "incoming/").await?;
    let ours = format!(":{}/result.json", task(&unit)?);
    let key = results.iter().map(|(key, _)| key).find(|key| key.ends_with(&ours));
    let key = key.expect("the job reported");
    let mut bytes = signalbox.get(artifacts, key).await?;
    bytes.truncate(bytes.len() / 2);
    signalbox.put(artifacts, key, bytes).await?;

    // The end comes three times; the damage is read once, and told once.
    for _ in 0..3 {
        signalbox.deliver(&unit).await?;
    }
    until("the second attempt", RUN, async || {
        let run = signalbox.begun().await?;
        Ok(attempt(&run, "checks", "unit").is_some_and(|it| it.number == 2).then_some(()))
    })
    .await?;
    let second = signalbox.job_ended(&run, "checks", "unit", 2).await?;
    signalbox.deliver(&second).await?;
    for (stage, job) in [("checks", "data"), ("build", "build"), ("test-verify", "e2e")] {
        signalbox.carry(&run, stage, job).await?;
    }
    let run = signalbox.only_run_succeeded().await?;

    let stage = run.state.stages.iter().find(|stage| stage.name.as_str() == "checks");
    let unit = stage.and_then(|stage| stage.jobs.iter().find(|job| job.name.as_str() == "unit"));
    let attempts = &unit.expect("the job is there").attempts;
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0].phase, Phase::Errored);
    let reason = attempts[0].reason.clone().unwrap_or_default();
    assert!(reason.contains(key) && reason.contains("is damaged"), "{reason}");
    Ok(())
}
