//! Nothing runs in an environment before the platform has said that it can: what is amiss is told all
//! at once, and what is not known yet is waited for.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use signalbox_pipeline::explain::explain;
use signalbox_pipeline::inspection::{Check, Outcome};
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::fact::Evidence;
use signalbox_tests::command::said;
use signalbox_tests::installation::{Installation, RUN};
use signalbox_tests::repository::Tree;
use signalbox_tests::runs::attempt;
use signalbox_tests::wait::until;

use crate::PROGRAM;

/// How long the minute of a schedule lasts here.
const MINUTE: Duration = Duration::from_secs(1);

/// Makes `rest` the settings of `test`.
async fn apply(signalbox: &Installation, rest: &str) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("test.yaml");
    std::fs::write(&file, format!("version: 1\nenvironment: test\n{rest}\n"))?;
    let (file, dir) = (file.display().to_string(), signalbox.setup.dir.display().to_string());
    let (told, code) = said(PROGRAM, &["env", "apply", &file, "--json", "--dir", &dir]).await?;
    ensure!(code == Some(0), "{told:#?}");
    Ok(())
}

/// Has scans of the image come to `scan`.
fn scans(signalbox: &Installation, scan: &str) -> anyhow::Result<()> {
    let file = signalbox.setup.dir.join("ecr").join("scans.json");
    Ok(std::fs::write(file, format!(r#"{{ "rain-trainer": {scan} }}"#))?)
}

async fn pushed(signalbox: &Installation) -> anyhow::Result<()> {
    signalbox.repository.commit(&Tree::greeting("hello")).await?;
    signalbox.repository.push().await
}

fn outcomes(run: &Run) -> Vec<(Check, Outcome)> {
    let mut stages = run.state.stages.iter();
    let stage = stages.find(|stage| stage.name.as_str() == "test-validate");
    let findings = stage.map(|stage| run.state.findings(stage)).unwrap_or_default();
    findings.iter().map(|finding| (finding.check, finding.outcome)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_the_platform_cannot_hold_is_told_everything_that_is_amiss()
-> anyhow::Result<()> {
    let signalbox = Installation::start(PROGRAM, |_| ()).await?;
    let rest =
        "compute: { vcpus: 16, memory: 512MiB }\nvalidate: { scan: { critical: 0, high: 1 } }";
    apply(&signalbox, rest).await?;
    scans(&signalbox, r#"{ "status": "COMPLETE", "counts": { "CRITICAL": 2, "HIGH": 1 } }"#)?;
    pushed(&signalbox).await?;
    let run = signalbox.only_run_ended().await?;
    assert_eq!(run.state.phase, Phase::Failed);
    let reason = run.state.reason.clone().unwrap_or_default();
    for expected in [
        "test-validate failed: test does not let it in: ",
        "e2e: it asks for 16 vCPUs, and signalbox has",
        "mend a compute environment of the queue, or let the job ask for less",
        "the scan found 2 of CRITICAL, and `validate.scan` allows 0: mend or replace the packages",
    ] {
        assert!(reason.contains(expected), "{expected}\n{reason}");
    }
    assert_eq!(
        outcomes(&run),
        [
            (Check::Image, Outcome::Passed),
            (Check::Platform, Outcome::Passed),
            (Check::Queue, Outcome::Passed),
            (Check::Compute, Outcome::Failed),
            (Check::Scan, Outcome::Failed),
        ]
    );
    assert!(
        run.state
            .stages
            .iter()
            .all(|stage| { stage.name.as_str() != "test-verify" || stage.jobs.is_empty() })
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_being_scanned_is_waited_for_and_not_taken_for_clean() -> anyhow::Result<()>
{
    let signalbox = Installation::start(PROGRAM, |setup| setup.tick = MINUTE).await?;
    apply(&signalbox, "validate: { scan: { critical: 0 } }").await?;
    scans(&signalbox, r#"{ "status": "IN_PROGRESS" }"#)?;
    pushed(&signalbox).await?;
    let run = until("a run that waits for a scan", RUN, async || {
        let runs = signalbox.runs().await?;
        Ok(runs.into_iter().find(|run| run.state.waits_for_findings().next().is_some()))
    })
    .await
    .with_context(|| signalbox.logs())?;
    let now = run.state.started_at;
    assert_eq!(explain(&run, now), "waiting before test: the scan of the image is IN_PROGRESS");
    scans(&signalbox, r#"{ "status": "COMPLETE", "counts": { "LOW": 3 } }"#)?;
    let run = signalbox.only_run_succeeded().await?;
    assert!(outcomes(&run).contains(&(Check::Scan, Outcome::Passed)), "{:?}", outcomes(&run));
    Ok(())
}

/// Secrets of the engine, and the ARN of the one that the jobs are to have.
fn secret(signalbox: &Installation) -> anyhow::Result<&'static str> {
    let file = signalbox.setup.dir.join("secrets.json");
    std::fs::write(file, format!(r#"{{ "rain/api": "{VALUE}" }}"#))?;
    Ok("arn:aws:secretsmanager:eu-west-1:123456789012:secret:rain/api-abcdef")
}

const VALUE: &str = "hunter2-and-a-half";
const ROLE: &str = "arn:aws:iam::123456789012:role/signalbox/training-test";

/// An environment with a role of its own, a secret, and data that are tried first.
fn guarded(secret: &str, address: &str) -> String {
    let id = signalbox_local::template::role_id(ROLE);
    format!(
        "data: {{ DATASET_URI: \"{address}\" }}\nsecrets: {{ API_KEY: \"{secret}\" }}\n\
         service_account: {{ role: \"{ROLE}\", id: {id} }}\nvalidate: {{ datasets: [DATASET_URI] }}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_the_role_of_the_jobs_does_not_find_keep_a_release_out() -> anyhow::Result<()> {
    let signalbox = Installation::start(PROGRAM, |_| ()).await?;
    let secret = secret(&signalbox)?;
    let address = format!("s3://{}/data/full/", signalbox.facts.buckets.artifacts);
    apply(&signalbox, &guarded(secret, &address)).await?;
    pushed(&signalbox).await?;
    let run = signalbox.only_run_ended().await?;
    assert_eq!(run.state.phase, Phase::Failed);
    let reason = run.state.reason.clone().unwrap_or_default();
    let expected = format!("DATASET_URI is {address}: nothing lies there: put the data there");
    assert!(reason.contains(&expected), "{reason}");
    let outcomes = outcomes(&run);
    for expected in [
        (Check::Compute, Outcome::Passed),
        (Check::Role, Outcome::Passed),
        (Check::Secret, Outcome::Passed),
        (Check::Data, Outcome::Failed),
    ] {
        assert!(outcomes.contains(&expected), "{expected:?} {outcomes:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_have_the_role_and_the_secrets_of_their_environment_and_nothing_else_knows_them()
-> anyhow::Result<()> {
    let signalbox = Installation::start(PROGRAM, |_| ()).await?;
    let secret = secret(&signalbox)?;
    let bucket = signalbox.facts.buckets.artifacts.clone();
    signalbox.put(&bucket, "data/full/a.csv", b"rain".to_vec()).await?;
    apply(&signalbox, &guarded(secret, &format!("s3://{bucket}/data/full/"))).await?;
    let tree = Tree::greeting("hello");
    let tree = tree.defined(
        "e2e: { run: cat greeting }",
        &format!("e2e: {{ run: \"test $API_KEY = {VALUE}\" }}"),
    );
    signalbox.repository.commit(&tree).await?;
    signalbox.repository.push().await?;
    let run = signalbox.only_run_succeeded().await?;
    let verified = attempt(&run, "test-verify", "e2e").context("it was verified")?;
    let Some(Evidence::Read(found)) = &verified.evidence else { panic!("{verified:?}") };
    let id = signalbox_local::template::role_id(ROLE);
    assert!(found.key.starts_with(&format!("incoming/{id}:")), "{}", found.key);
    let state = &signalbox.facts.buckets.state;
    for (key, _) in signalbox.objects(state, "pipelines/").await? {
        let text = String::from_utf8(signalbox.get(state, &key).await?)?;
        let text = text.replace(&format!("test $API_KEY = {VALUE}"), "");
        assert!(!text.contains(VALUE), "{key}");
    }
    Ok(())
}
