//! What a build makes beside its image is kept by its content.

use signalbox_pipeline::digest::sha256;
use signalbox_pipeline::keys;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::report::FailureClass;
use signalbox_tests::by_hand::task;
use signalbox_tests::installation::Installation;
use signalbox_tests::repository::Tree;
use signalbox_tests::runs::attempt;

use crate::PROGRAM;
use crate::image::deaf;

const BUILD: &str = "repository: rain-trainer }";

fn building(greeting: &str, run: &str) -> Tree {
    let build = format!("repository: rain-trainer, run: \"{run}\", artifacts: [dist/*.whl] }}");
    Tree::greeting(greeting).defined(BUILD, &build)
}

const WHEEL: &str = "mkdir dist && cp greeting dist/rain-1.0+cpu.whl";

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_kept_once_by_its_content_and_pinned_by_each_run_that_makes_it()
-> anyhow::Result<()> {
    let signalbox = Installation::start(PROGRAM, |_| ()).await?;
    let first = signalbox.repository.commit(&building("hello", WHEEL)).await?;
    signalbox.repository.push().await?;
    let first = signalbox.ended_for(&first).await?;
    assert_eq!(
        (first.state.phase, first.schema),
        (Phase::Succeeded, 5),
        "{:?}",
        first.state.reason
    );
    let [package] = first.state.packages.as_slice() else { panic!("{:?}", first.state.packages) };
    let digest = sha256(b"hello\n");
    assert_eq!((package.name.as_str(), package.bytes), ("rain-1.0+cpu.whl", 6));
    assert_eq!(package.sha256, digest);
    let key = format!("pipelines/rain/artifacts/{digest}/rain-1.0+cpu.whl");
    assert_eq!(keys::artifacts::package(&first.pipeline, &digest, &package.name), key);
    assert_eq!(signalbox.get(&signalbox.facts.buckets.artifacts, &key).await?, b"hello\n");

    // Another commit that makes the same package: nothing is copied over it.
    let same = format!("{WHEEL} && echo again");
    let second = signalbox.repository.commit(&building("hello", &same)).await?;
    signalbox.repository.push().await?;
    let second = signalbox.ended_for(&second).await?;
    assert_eq!(second.state.packages, first.state.packages);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_whose_command_fails_or_makes_nothing_fails_with_the_reason() -> anyhow::Result<()>
{
    let signalbox = Installation::start(PROGRAM, |_| ()).await?;
    for (run, class, expected) in [
        ("echo no compiler; exit 3", FailureClass::Exit, "exited with 3"),
        ("true", FailureClass::Exit, "build.artifacts dist/*.whl names no file"),
    ] {
        let commit = signalbox.repository.commit(&building("hello", run)).await?;
        signalbox.repository.push().await?;
        let run = signalbox.ended_for(&commit).await?;
        assert_eq!(run.state.phase, Phase::Failed);
        let reason = run.state.reason.clone().unwrap_or_default();
        assert!(reason.contains(expected), "{reason}");
        let built = attempt(&run, "build", "build").and_then(|it| it.evidence.clone());
        assert!(format!("{built:?}").contains(&format!("class: {class:?}")), "{built:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_was_exchanged_after_the_build_is_not_believed() -> anyhow::Result<()> {
    let (signalbox, _template) = deaf().await?;
    signalbox.repository.commit(&building("hello", WHEEL)).await?;
    signalbox.repository.push().await?;
    let run = signalbox.begun().await?;
    for (stage, job) in [("checkout", "checkout"), ("checks", "unit"), ("checks", "data")] {
        signalbox.carry(&run, stage, job).await?;
    }
    let build = signalbox.job_ended(&run, "build", "build", 1).await?;
    let artifacts = &signalbox.facts.buckets.artifacts;
    let ours = format!(":{}/packages/", task(&build)?);
    let delivered = signalbox.objects(artifacts, "incoming/").await?;
    let key = delivered.iter().map(|(key, _)| key).find(|key| key.contains(&ours));
    signalbox.put(artifacts, key.expect("it was delivered"), b"HELLO\n".to_vec()).await?;
    signalbox.deliver(&build).await?;

    let run = signalbox.only_run_ended().await?;
    assert_eq!(run.state.phase, Phase::Failed);
    let reason = run.state.reason.unwrap_or_default();
    assert!(reason.contains("rain-1.0+cpu.whl is not the one that the build reported"), "{reason}");
    assert_eq!(signalbox.objects(artifacts, "pipelines/rain/artifacts/").await?, []);
    Ok(())
}
