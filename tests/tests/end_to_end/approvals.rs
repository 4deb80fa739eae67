//! A release waits for people: each decides with keys of their own, and the engine's SQS says whose
//! they are.

use anyhow::{Context as _, ensure};
use serde_json::Value;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::fact::Decided;
use signalbox_pipeline::run::{Fact, Run};
use signalbox_tests::command::said;
use signalbox_tests::installation::{Installation, RUN};
use signalbox_tests::repository::Tree;
use signalbox_tests::wait::until;

use crate::PROGRAM;

const USERS: [&str; 3] = ["ada", "grace", "linus"];
const SETTINGS: &str = "\
version: 1
environment: test
approvals: { required: 2, from: [managers] }
";

/// An engine with three managers, two of whom are asked before anything runs in `test`.
async fn asking() -> anyhow::Result<Installation> {
    let users = USERS.map(str::to_owned).to_vec();
    let signalbox = Installation::start(PROGRAM, |setup| setup.users = users).await?;
    let mut people = "version: 1\npeople:\n".to_owned();
    for name in USERS {
        let user = signalbox.facts.users.get(name).context("a user of the engine")?;
        people.push_str(&format!(
            "  {name}:\n    principals: [{}]\n    git: [{name}@example.org]\n    \
             code_hosts: [\"{}\"]\n    groups: [managers]\n",
            user.user_id, user.arn
        ));
    }
    let folder = tempfile::tempdir()?;
    for (verb, name, text) in
        [("people", "people.yaml", people.as_str()), ("env", "test.yaml", SETTINGS)]
    {
        let file = folder.path().join(name);
        std::fs::write(&file, text)?;
        decides(&signalbox, &[verb, "apply", &file.display().to_string()], 0).await?;
    }
    Ok(signalbox)
}

/// What the command says, which has to end with `code`.
async fn decides(
    signalbox: &Installation,
    arguments: &[&str],
    code: i32,
) -> anyhow::Result<Option<Value>> {
    let dir = signalbox.setup.dir.display().to_string();
    let (mut told, ended) =
        said(PROGRAM, &[arguments, &["--json", "--dir", &dir]].concat()).await?;
    ensure!(ended == Some(code), "{arguments:?} ended with {ended:?}: {told:#?}");
    Ok(told.pop())
}

/// Pushes as ada, and waits until people are asked.
async fn waits(signalbox: &Installation, greeting: &str) -> anyhow::Result<Run> {
    let commit = signalbox.repository.commit(&Tree::greeting(greeting)).await?;
    signalbox.repository.push_as("ada").await?;
    until("a run that waits for people", RUN, async || {
        let runs = signalbox.runs().await?;
        let mut runs = runs.into_iter().filter(|run| run.state.trigger.commit.as_str() == commit);
        Ok(runs.find(|run| phase_of(run, "test-approve") == Some(Phase::Running)))
    })
    .await
    .with_context(|| signalbox.logs())
}

fn phase_of(run: &Run, stage: &str) -> Option<Phase> {
    let stage = run.state.stages.iter().find(|one| one.name.as_str() == stage)?;
    Some(stage.phase)
}

fn decisions(run: &Run) -> Vec<&Decided> {
    let facts = run.register.entries().iter().map(|entry| &entry.fact);
    facts
        .filter_map(|fact| match fact {
            Fact::Decided(decided) => Some(decided),
            _ => None,
        })
        .collect()
}

async fn again(signalbox: &Installation, run: &Run) -> anyhow::Result<Run> {
    let runs = signalbox.runs().await?;
    runs.into_iter().find(|one| one.id == run.id).context("the run")
}

/// Sends `message` with the keys of `user`, past the command and what it asks first.
async fn sends(signalbox: &Installation, user: &str, message: &Value) -> anyhow::Result<()> {
    let queue = &signalbox.facts.queues.decisions;
    let send = signalbox.sqs_as(user)?.send_message().queue_url(queue);
    send.message_body(message.to_string()).send().await?;
    signalbox.quiet().await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_approve_the_author_cannot_and_one_rejection_ends_a_run() -> anyhow::Result<()> {
    let signalbox = asking().await?;
    let run = waits(&signalbox, "hello").await?;
    let id = run.id.as_str();
    let approve = ["approve", id, "--environment", "test", "--as"];
    let by = |user| [&approve[..], &[user]].concat();

    decides(&signalbox, &by("ada"), 1).await?;
    decides(&signalbox, &by("operator"), 1).await?;
    let dry = decides(&signalbox, &[by("grace"), vec!["--dry-run"]].concat(), 0).await?;
    let dry = dry.context("what would be sent")?;
    assert_eq!(dry["about"]["makers"][2]["name"], signalbox.facts.users["ada"].arn);
    for nobody in ["ada", "operator"] {
        sends(&signalbox, nobody, &dry["decision"]).await?;
    }
    assert_eq!(again(&signalbox, &run).await?, run, "neither has a voice");
    let log = signalbox.log("DecisionFunction");
    let refused = log.iter().filter(|line| line["message"] == "does not count").count();
    assert_eq!(refused, 2, "{log:#?}");

    let told = decides(&signalbox, &by("grace"), 0).await?.context("what was sent")?;
    assert_eq!(told["outcome"], "approved");
    decides(&signalbox, &by("grace"), 1).await?;
    // The same decision in other hands is the same decision.
    sends(&signalbox, "linus", &told["decision"]).await?;
    assert_eq!(decisions(&again(&signalbox, &run).await?).len(), 1);
    decides(&signalbox, &[by("linus"), vec!["--wait"]].concat(), 0).await?;
    let released = again(&signalbox, &run).await?;
    assert_eq!(released.state.phase, Phase::Succeeded, "{:?}", released.state.reason);
    let who: Vec<_> = decisions(&released).iter().map(|one| one.principal.clone()).collect();
    let ids = ["grace", "linus"].map(|name| signalbox.facts.users[name].user_id.clone());
    assert_eq!(who, ids, "as SQS has seen them");

    let next = waits(&signalbox, "good bye").await?;
    sends(&signalbox, "grace", &told["decision"]).await?;
    assert_eq!(again(&signalbox, &next).await?, next, "an approval is of one release");
    let reject = ["reject", next.id.as_str(), "--as", "linus", "--reason", "not today"];
    decides(&signalbox, &reject, 0).await?;
    let ended = again(&signalbox, &next).await?;
    assert_eq!(ended.state.phase, Phase::Failed);
    let reason = ended.state.reason.unwrap_or_default();
    assert!(reason.contains("linus rejected it: not today"), "{reason}");
    decides(&signalbox, &["approve", next.id.as_str(), "--as", "grace"], 1).await?;
    decides(&signalbox, &["verify", "--all"], 0).await?;
    Ok(())
}
