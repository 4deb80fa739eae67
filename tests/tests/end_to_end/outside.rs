//! An image that somebody pushes starts a run where ops and the released definition let it.

use futures_util::future::try_join_all;
use serde_json::json;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::fact::Origin;
use signalbox_tests::command::said;
use signalbox_tests::event;
use signalbox_tests::installation::{Installation, RUN};
use signalbox_tests::repository::Tree;
use signalbox_tests::wait::until;

use crate::PROGRAM;

const REPOSITORY: &str = "ecr.eu-west-1.amazonaws.com/rain-trainer";
const ENVIRONMENT: &str = "pipelines/rain/environments/test/environment.json";

fn tree() -> Tree {
    let tagged = "on: { push: { branches: [main] }, image: { tags: [\"manual-*\"] } }";
    Tree::greeting("built").defined("on: { push: { branches: [main] } }", tagged)
}

async fn released() -> anyhow::Result<(Installation, Run)> {
    let signalbox = Installation::start(PROGRAM, |_| ()).await?;
    signalbox.repository.commit(&tree()).await?;
    signalbox.repository.push().await?;
    let run = signalbox.only_run_succeeded().await?;
    Ok((signalbox, run))
}

async fn command(signalbox: &Installation, arguments: &[&str]) -> anyhow::Result<Option<i32>> {
    let dir = signalbox.setup.dir.display().to_string();
    Ok(said(PROGRAM, &[arguments, &["--json", "--dir", &dir]].concat()).await?.1)
}

async fn register(signalbox: &Installation) -> anyhow::Result<()> {
    let added = command(signalbox, &["repo", "add", REPOSITORY, "--pipeline", "rain"]).await?;
    assert_eq!(added, Some(0));
    Ok(())
}

async fn of_image(signalbox: &Installation, wanted: &str) -> anyhow::Result<Run> {
    let found = until("the run of the image", RUN, async || {
        let is_it = |run: &Run| match &run.state.trigger.origin {
            Origin::Image { tag, .. } => tag.as_str() == wanted && run.is_settled(),
            _ => false,
        };
        Ok(signalbox.runs().await?.into_iter().find(is_it))
    });
    found.await.map_err(|error| error.context(signalbox.logs()))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_from_outside_is_verified_and_released_by_the_definition_that_is_live()
-> anyhow::Result<()> {
    let (signalbox, built) = released().await?;
    register(&signalbox).await?;
    let digest = signalbox.push_image("rain-trainer", "manual-1", "greeting", "pushed\n").await?;
    let run = of_image(&signalbox, "manual-1").await?;
    assert_eq!((run.state.phase, run.schema), (Phase::Succeeded, 5), "{:?}", run.state.reason);
    let stages: Vec<&str> = run.state.stages.iter().map(|stage| stage.name.as_str()).collect();
    assert_eq!(stages, ["test-validate", "test-approve", "test-verify", "test-release"]);
    assert_eq!(run.state.definition, built.state.definition);
    assert_eq!((&run.state.source, run.state.trigger.pushed_by.as_ref()), (&None, None));
    let Origin::Image { follows, .. } = &run.state.trigger.origin else { panic!() };
    assert_eq!(*follows, built.id);
    assert!(signalbox.printed(&run, "test-verify", "e2e").await?.contains("pushed"));
    let live = signalbox.get(&signalbox.facts.buckets.state, ENVIRONMENT).await?;
    let live: serde_json::Value = serde_json::from_slice(&live)?;
    assert_eq!(
        (&live["current"]["image"], &live["current"]["run"]),
        (&json!(digest), &json!(run.id))
    );

    // The same push told again and again, also now that its own run is the newest release.
    let mut again = event::fresh("ecr-push-foreign-tag")?;
    again["time"] = json!(run.state.trigger.pushed_at);
    again["detail"]["image-digest"] = json!(digest);
    again["detail"]["image-tag"] = json!("manual-1");
    let images = &signalbox.facts.queues.images;
    try_join_all((0..5).map(|_| signalbox.emit(images, &again))).await?;
    // And one under a tag that the definition does not name.
    signalbox.push_image("rain-trainer", "other-1", "greeting", "other\n").await?;
    signalbox.quiet().await?;
    assert_eq!(signalbox.runs().await?.len(), 2, "{}", signalbox.logs());
    assert_eq!(of_image(&signalbox, "manual-1").await?, run);
    assert_eq!(
        command(&signalbox, &["verify", "--all"]).await?,
        Some(0),
        "the audit finds nothing"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_of_a_repository_that_nobody_registered_starts_nothing() -> anyhow::Result<()> {
    let (signalbox, built) = released().await?;
    signalbox.push_image("rain-trainer", "manual-1", "greeting", "pushed\n").await?;
    signalbox.quiet().await?;
    assert_eq!(signalbox.runs().await?, [built]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_that_names_branches_or_checks_keeps_images_from_outside_out()
-> anyhow::Result<()> {
    let (signalbox, _) = released().await?;
    register(&signalbox).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("test.yaml");
    std::fs::write(
        &file,
        "version: 1\nenvironment: test\nbranches: [main]\nrequire_checks: [unit]\n",
    )?;
    let applied = command(&signalbox, &["env", "apply", &file.display().to_string()]).await?;
    assert_eq!(applied, Some(0));
    signalbox.push_image("rain-trainer", "manual-1", "greeting", "pushed\n").await?;
    let run = of_image(&signalbox, "manual-1").await?;
    assert_eq!(run.state.phase, Phase::Failed);
    let reason = run.state.reason.unwrap_or_default();
    for expected in
        ["an image from outside, which is of no branch, may not enter", "the check unit"]
    {
        assert!(reason.contains(expected), "{reason}");
    }
    Ok(())
}
