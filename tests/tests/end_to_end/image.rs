//! What was pushed is what is built, and what was built is what runs.

use anyhow::Context as _;
use aws_sdk_batch::types::{
    ContainerOverrides, ContainerProperties, JobDefinitionType, JobStatus, ResourceRequirement,
    ResourceType,
};
use signalbox_pipeline::phase::Phase;
use signalbox_tests::installation::{Installation, JOB_QUEUE, RUN};
use signalbox_tests::program::Setup;
use signalbox_tests::repository::Tree;
use signalbox_tests::wait::until;

use crate::PROGRAM;

/// The ends of jobs are not routed: the test delivers them itself.
pub(crate) const DEAF: (&str, &str) = ("status: [RUNNING, SUCCEEDED, FAILED]", "status: [RUNNING]");

pub(crate) async fn deaf() -> anyhow::Result<(Installation, tempfile::TempDir)> {
    deaf_with(|_| ()).await
}

/// The same, set up otherwise.
pub(crate) async fn deaf_with(
    otherwise: impl FnOnce(&mut Setup),
) -> anyhow::Result<(Installation, tempfile::TempDir)> {
    let folder = tempfile::tempdir()?;
    let template = Installation::template(folder.path(), &[DEAF])?;
    let signalbox = Installation::start(PROGRAM, |setup| {
        setup.template = template;
        otherwise(setup);
    });
    Ok((signalbox.await?, folder))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_edited_after_the_push_changes_nothing() -> anyhow::Result<()> {
    let (signalbox, _template) = deaf().await?;
    let pushed = signalbox.repository.commit(&Tree::greeting("as pushed")).await?;
    signalbox.repository.push().await?;
    let run = signalbox.begun().await?;
    let checkout = signalbox.job_ended(&run, "checkout", "checkout", 1).await?;

    // The working copy, and the branch of the bare repository itself, now hold something else.
    let edited = signalbox.repository.commit(&Tree::greeting("edited later")).await?;
    signalbox.repository.plant().await?;
    assert_ne!(pushed, edited);

    signalbox.deliver(&checkout).await?;
    for (stage, job) in
        [("checks", "unit"), ("checks", "data"), ("build", "build"), ("test-verify", "e2e")]
    {
        signalbox.carry(&run, stage, job).await?;
    }
    let run = signalbox.only_run_succeeded().await?;
    assert_eq!(run.state.trigger.commit.as_str(), pushed);
    let printed = signalbox.printed(&run, "test-verify", "e2e").await?;
    assert!(printed.contains("as pushed") && !printed.contains("edited later"), "{printed}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_image_under_the_same_command_runs_another_thing() -> anyhow::Result<()> {
    let signalbox = Installation::start(PROGRAM, |_| ()).await?;
    let one = signalbox.push_image("rain-trainer", "swapped", "greeting", "one\n").await?;
    let other = signalbox.push_image("rain-trainer", "swapped", "greeting", "other\n").await?;
    assert_ne!(one, other);
    for (digest, expected) in [(one, "one"), (other, "other")] {
        let printed = printed_in(&signalbox, &digest).await?;
        assert!(printed.lines().any(|line| line == expected), "{digest}: {printed}");
    }
    Ok(())
}

/// What `cat greeting` prints in the image of that digest.
async fn printed_in(signalbox: &Installation, digest: &str) -> anyhow::Result<String> {
    let batch = signalbox.batch();
    let name = format!("by-hand-{}", &digest[7..19]);
    let need = |kind, value| ResourceRequirement::builder().r#type(kind).value(value).build();
    let properties = ContainerProperties::builder()
        .image(format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/rain-trainer@{digest}"))
        .resource_requirements(need(ResourceType::Vcpu, "1"))
        .resource_requirements(need(ResourceType::Memory, "128"))
        .build();
    let register = batch.register_job_definition().job_definition_name(&name);
    let register = register.r#type(JobDefinitionType::Container).container_properties(properties);
    register.send().await?;
    let command = ["cat", "greeting"].map(str::to_owned).to_vec();
    let overrides = ContainerOverrides::builder().set_command(Some(command)).build();
    let submit = batch.submit_job().job_name(&name).job_queue(JOB_QUEUE).job_definition(&name);
    let job = submit.container_overrides(overrides).send().await?;
    let id = job.job_id().context("Batch gave no id")?.to_owned();
    until("the end of the job", RUN, async || {
        let jobs = batch.describe_jobs().jobs(&id).send().await?;
        let status = jobs.jobs().first().and_then(|job| job.status()).map(JobStatus::as_str);
        Ok(matches!(status, Some("SUCCEEDED" | "FAILED")).then_some(()))
    })
    .await?;
    let log = signalbox.setup.dir.join("batch").join("jobs").join(&id).join("log.txt");
    std::fs::read_to_string(&log).with_context(|| log.display().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_somebody_else_pushed_to_is_not_believed() -> anyhow::Result<()> {
    let (signalbox, _template) = deaf().await?;
    signalbox.repository.commit(&Tree::greeting("ours")).await?;
    signalbox.repository.push().await?;
    let run = signalbox.begun().await?;
    for (stage, job) in [("checkout", "checkout"), ("checks", "unit"), ("checks", "data")] {
        signalbox.carry(&run, stage, job).await?;
    }
    let build = signalbox.job_ended(&run, "build", "build", 1).await?;
    let tag = format!("rain.{}.1", run.id);
    let foreign = signalbox.push_image("rain-trainer", &tag, "greeting", "theirs\n").await?;
    signalbox.deliver(&build).await?;

    let run = signalbox.only_run_ended().await?;
    assert_eq!(run.state.phase, Phase::Failed);
    let reason = run.state.reason.clone().unwrap_or_default();
    let built =
        signalbox_tests::runs::attempt(&run, "build", "build").and_then(|it| it.reason.clone());
    let built = built.unwrap_or_default();
    for text in [foreign.as_str(), "the build reported sha256:"] {
        assert!(built.contains(text), "`{text}` is not in `{built}` ({reason})");
    }
    assert!(run.state.image.is_none(), "no image is believed");
    Ok(())
}
