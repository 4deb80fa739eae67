//! What is wired wrongly in the template breaks the demo, with a message that names it.

use std::time::Duration;

use signalbox_tests::installation::Installation;
use tokio::process::Command;

use crate::PROGRAM;

/// Long before this the demo has given up.
const LONGEST: Duration = Duration::from_secs(90);

/// Variables of one function alone: of several that lack one, any may be the first to say so.
const OF_COMMIT: &str = "SIGNALBOX_CODE_HOST: !Sub codecommit.${AWS::Region}.${AWS::URLSuffix}
          SIGNALBOX_DEAD_LETTERS_QUEUE_URL: !Ref CommitsDeadLetters";

#[tokio::test(flavor = "multi_thread")]
async fn a_typing_error_in_an_event_pattern_is_named() -> anyhow::Result<()> {
    let said =
        demo_with("[CodeCommit Repository State Change]", "[CodeCommit Repository Change]").await?;
    for word in ["CommitsRule", "detail-type", "CodeCommit Repository Change"] {
        assert!(said.contains(word), "`{word}` is not named in:\n{said}");
    }
    let said =
        demo_with("repository-name: !Ref ImageRepositories", "repository: !Ref ImageRepositories");
    let said = said.await?;
    for word in ["ImagesRule", "detail.repository"] {
        assert!(said.contains(word), "`{word}` is not named in:\n{said}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typing_error_in_a_variable_name_is_named() -> anyhow::Result<()> {
    let said = demo_with(OF_COMMIT, &OF_COMMIT.replace("_HOST:", "_HOTS:")).await?;
    for word in ["SIGNALBOX_CODE_HOST", "CommitFunction"] {
        assert!(said.contains(word), "`{word}` is not named in:\n{said}");
    }
    let said = demo_with("SIGNALBOX_PLATFORM:", "SIGNALBOX_PLATTFORM:").await?;
    for word in ["SIGNALBOX_PLATFORM", "Function did not start"] {
        assert!(said.contains(word), "`{word}` is not named in:\n{said}");
    }
    Ok(())
}

/// What the demo says of a template with `wrong` in the place of `right`: it has to fail.
async fn demo_with(right: &str, wrong: &str) -> anyhow::Result<String> {
    let folder = tempfile::Builder::new().prefix("signalbox-test-").tempdir()?;
    let template = Installation::template(folder.path(), &[(right, wrong)])?;
    let mut demo = Command::new(PROGRAM);
    demo.arg("demo").arg("--template").arg(template).arg("--dir").arg(folder.path().join("demo"));
    let output = tokio::time::timeout(LONGEST, demo.kill_on_drop(true).output()).await??;
    let out = String::from_utf8_lossy(&output.stdout);
    let said = format!("{out}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success(), "the demo succeeded with `{wrong}`:\n{said}");
    Ok(said)
}
