//! Messages that nobody should have sent: each is told in one line, none changes anything, and none
//! stands in its neighbours' way.

use serde_json::{Value, json};
use signalbox_tests::by_hand::end_of;
use signalbox_tests::event;
use signalbox_tests::installation::Installation;
use signalbox_tests::repository::Tree;

use crate::PROGRAM;

/// SQS takes no more.
const MIB: usize = 1024 * 1024;

/// What is sent, the words that its line has to hold, and whether it is set aside.
struct Bad {
    body: String,
    words: &'static [&'static str],
    set_aside: bool,
}

fn bad(body: &impl ToString, words: &'static [&'static str], set_aside: bool) -> Bad {
    Bad { body: body.to_string(), words, set_aside }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_commit_messages_are_told_once_and_harm_nobody() -> anyhow::Result<()> {
    let signalbox = Installation::start(PROGRAM, |_| ()).await?;
    let commit = signalbox.repository.commit(&Tree::greeting("unharmed")).await?;
    signalbox.repository.plant().await?;
    let named = |name: &str| event::push(name, &commit);
    let long = "n".repeat(300);
    let mut other_branch = event::push("rain", &commit)?;
    other_branch["detail"]["referenceName"] = "no way".into();
    let mut huge = event::push("rain", &commit)?;
    huge["detail"]["padding"] = "x".repeat(MIB - huge.to_string().len() - 20).into();
    let all = [
        bad(&"this is no event {", &["not an event", "line 1 column"], true),
        bad(&named("snow")?, &["snow is not registered", "signalbox repo add"], false),
        bad(&named("../../rain")?, &["../../rain", "detail.repositoryName"], true),
        bad(&named("two words")?, &["two words", "detail.repositoryName"], true),
        bad(&named(&long)?, &["nnnnnnnnnn", "detail.repositoryName"], true),
        bad(&other_branch, &["no way", "detail.referenceName"], true),
        bad(&huge, &["bytes", "262144 at most"], true),
    ];
    // In the middle of them, in the same batch, one that is good.
    let good = event::push("rain", &commit)?.to_string();
    let queue = &signalbox.facts.queues.commits;
    let [small @ .., largest] = &all;
    let mut together: Vec<&str> = small.iter().map(|bad| bad.body.as_str()).collect();
    together.insert(3, &good);
    signalbox.send_together(queue, &together).await?;
    signalbox.send(queue, &largest.body).await?;
    signalbox.only_run_succeeded().await?;
    signalbox.drained(queue).await?;
    told(&signalbox, "CommitFunction", queue, &all).await
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_job_and_image_messages_change_no_object() -> anyhow::Result<()> {
    let signalbox = Installation::start(PROGRAM, |_| ()).await?;
    signalbox.repository.commit(&Tree::greeting("hello")).await?;
    signalbox.repository.push().await?;
    let run = signalbox.only_run_succeeded().await?;
    signalbox.quiet().await?;
    let before = signalbox.everything().await?;

    let mut unknown_run = event::fresh("batch-job-succeeded")?;
    let nobodys = "20200101t000000z-9a2d57f-53c2ec4d";
    unknown_run["detail"]["parameters"]["run"] = nobodys.into();
    unknown_run["detail"]["jobName"] = format!("rain-{nobodys}-checks-unit-1").into();
    let mut without_parameters = event::fresh("batch-job-succeeded")?;
    without_parameters["detail"]["parameters"] = json!({});
    let job = signalbox.job_ended(&run, "test-verify", "e2e", 1).await?;
    let mut forged = end_of(&job)?;
    let other = "arn:aws:batch:eu-west-1:123456789012:job-definition/signalbox-00000000000000000000000000000000:1";
    forged["detail"]["jobDefinition"] = other.into();
    forged["detail"]["jobId"] = event::id().into();
    let mut renamed = end_of(&job)?;
    renamed["detail"]["parameters"]["attempt"] = "2".into();
    let jobs = [
        bad(&"[]", &["not an event"], true),
        bad(&unknown_run, &["there is no run rain/20200101t000000z-9a2d57f-53c2ec4d"], false),
        bad(&without_parameters, &["not one that a run submitted", "no parameter"], false),
        bad(
            &forged,
            &["it is somebody else's", "signalbox-00000000000000000000000000000000"],
            false,
        ),
        bad(
            &renamed,
            &["not one that a run submitted", "does not follow from its parameters"],
            false,
        ),
        bad(&event::fresh("near-miss-job-foreign-definition")?, &["not one of signalbox-*"], false),
    ];
    let mut unknown_image = event::fresh("ecr-push")?;
    unknown_image["detail"]["image-tag"] = format!("rain.{nobodys}.1").into();
    let images = [
        bad(&"{}", &["not an event"], true),
        bad(&unknown_image, &["there is no run rain/20200101t000000z-9a2d57f-53c2ec4d"], false),
        bad(&event::fresh("ecr-delete")?, &["DELETE"], false),
    ];
    let queues = &signalbox.facts.queues;
    for (queue, function, all) in
        [(&queues.jobs, "JobFunction", &jobs[..]), (&queues.images, "ImageFunction", &images[..])]
    {
        for one in all {
            signalbox.send(queue, &one.body).await?;
        }
        signalbox.drained(queue).await?;
        told(&signalbox, function, queue, all).await?;
    }
    signalbox.push_image("rain-trainer", "manual-7", "greeting", "from outside\n").await?;
    let line = foreign_line(&signalbox).await?;
    assert!(line.contains("pushed from outside"), "{line}");
    signalbox.quiet().await?;
    assert_eq!(signalbox.everything().await?, before, "no object has changed");
    Ok(())
}

/// What the image function says about the image that was pushed from outside.
async fn foreign_line(signalbox: &Installation) -> anyhow::Result<String> {
    let found =
        signalbox_tests::wait::until("a line", signalbox_tests::installation::RUN, async || {
            let lines = reasons(signalbox, "ImageFunction");
            Ok(lines.into_iter().find(|line| line.contains("manual-7")))
        });
    found.await
}

/// Each of `all` has one line, and those that are set aside bear the same words as their reason.
async fn told(
    signalbox: &Installation,
    function: &str,
    queue: &str,
    all: &[Bad],
) -> anyhow::Result<()> {
    let lines = reasons(signalbox, function);
    let letters = signalbox.dead_letters(queue).await?;
    for Bad { body, words, set_aside } in all {
        let fits = |text: &String| words.iter().all(|word| text.contains(word));
        let of_it: Vec<_> = lines.iter().filter(|line| fits(line)).collect();
        assert_eq!(of_it.len(), 1, "{words:?} in one line of:\n{}", lines.join("\n"));
        assert!(of_it[0].len() < 500, "one clear line: {}", of_it[0]);
        // Of the largest the end is cut, to make room for the reason.
        let letter = letters.iter().find(|(letter, _)| body.starts_with(letter.as_str()));
        assert_eq!(letter.is_some(), *set_aside, "{words:?} among the dead letters");
        if let Some((_, reason)) = letter {
            assert!(fits(reason), "{words:?} in the reason: {reason}");
        }
    }
    let set_aside = all.iter().filter(|bad| bad.set_aside).count();
    assert_eq!(letters.len(), set_aside, "nothing else is set aside");
    Ok(())
}

/// The reasons in a function's log.
fn reasons(signalbox: &Installation, function: &str) -> Vec<String> {
    let lines = signalbox.log(function);
    let reason = |line: Value| line["reason"].as_str().map(str::to_owned);
    lines.into_iter().filter_map(reason).collect()
}
