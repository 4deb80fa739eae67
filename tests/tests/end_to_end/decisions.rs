//! What people decide, by the command: replay, retry, cancel; each is carried out once.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use aws_sdk_batch::types::JobStatus;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::fact::Origin;
use signalbox_tests::command::said;
use signalbox_tests::installation::{Installation, RUN};
use signalbox_tests::program::root;
use signalbox_tests::repository::Tree;
use signalbox_tests::runs::attempt;
use signalbox_tests::wait::until;

use crate::PROGRAM;

/// What the command says about the engine of `signalbox`, the last value of it.
async fn decided(signalbox: &Installation, arguments: &[&str], code: i32) -> anyhow::Result<Value> {
    let dir = signalbox.setup.dir.display().to_string();
    let arguments = [arguments, &["--json", "--dir", &dir]].concat();
    let (mut told, ended) = said(PROGRAM, &arguments).await?;
    anyhow::ensure!(ended == Some(code), "{arguments:?} ended with {ended:?}: {told:#?}");
    told.pop().with_context(|| format!("{arguments:?} said nothing{}", signalbox.logs()))
}

/// Sends the decision that the command has sent once more, as it was.
async fn again(signalbox: &Installation, told: &Value) -> anyhow::Result<()> {
    let queue = &signalbox.facts.queues.decisions;
    signalbox.emit(queue, &told["decision"]).await?;
    signalbox.quiet().await
}

async fn settled(signalbox: &Installation, id: &Value) -> anyhow::Result<Run> {
    let id = id.as_str().unwrap_or_default().to_owned();
    until("the end of the run", RUN, async || {
        let runs = signalbox.runs().await?;
        Ok(runs.into_iter().find(|run| run.id.as_str() == id && run.is_settled()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_event_makes_one_more_run_and_a_retry_begins_where_it_failed()
-> anyhow::Result<()> {
    // What is tried again after the platform's trouble is submitted by `tick`.
    let minute = Duration::from_secs(1);
    let signalbox = Installation::start(PROGRAM, |setup| setup.tick = minute).await?;
    let flag = signalbox.setup.dir.join("the-service-is-up");
    let tree = Tree::greeting("again").defined("run: cat greeting", &verified_by(&flag));
    signalbox.repository.commit(&tree).await?;
    signalbox.repository.push().await?;
    let first = signalbox.only_run_ended().await?;
    assert_eq!(first.state.phase, Phase::Failed);

    retried(&signalbox, &first, &flag).await?;
    replayed(&signalbox, &first).await?;
    by_hand(&signalbox).await
}

fn verified_by(flag: &Path) -> String {
    format!("run: test -e {}", flag.display())
}

async fn retried(signalbox: &Installation, first: &Run, flag: &Path) -> anyhow::Result<()> {
    let before = signalbox.everything().await?;
    let dry = decided(signalbox, &["retry", "latest", "--dry-run"], 0).await?;
    let plan = &dry["plan"];
    assert_eq!(plan["submit"].as_array().map(Vec::len), Some(1), "{plan:#}");
    assert_eq!(plan["submit"][0]["attempt"], "test-verify/e2e attempt 1", "{plan:#}");
    let diff = plan["write"][0]["diff"].as_str().unwrap_or_default();
    assert!(diff.contains("\"kind\": \"retry\",") && !diff.contains("\n-"), "{diff}");
    assert_eq!(signalbox.everything().await?, before, "a dry run changes nothing");
    decided(signalbox, &["retry", "latest", "--from", "test-release"], 0).await?;
    let still_down = signalbox.runs().await?.pop().context("the retry")?;
    let still_down = settled(signalbox, &json!(still_down.id)).await?;
    assert_eq!(still_down.state.phase, Phase::Failed, "a release is made on its own verification");

    std::fs::write(flag, "")?;
    let told = decided(signalbox, &["retry", first.id.as_str()], 0).await?;
    let retry = settled(signalbox, &told["run"]).await?;
    assert_eq!(retry.state.phase, Phase::Succeeded, "{:?}", retry.state.reason);
    assert_eq!(retry.state.trigger.origin, Origin::Retry { of: first.id.clone() });
    assert_eq!(retry.state.image, first.state.image, "the image is taken over");
    let jobs = signalbox.jobs_by_name(&format!("rain-{}", retry.id)).await?;
    let names: Vec<_> = jobs.into_keys().collect();
    assert_eq!(names, [format!("rain-{}-test-verify-e2e-1", retry.id)], "nothing ran twice");
    let runs = signalbox.runs().await?.len();
    again(signalbox, &told).await?;
    assert_eq!(signalbox.runs().await?.len(), runs, "one decision makes one run");
    Ok(())
}

async fn replayed(signalbox: &Installation, first: &Run) -> anyhow::Result<()> {
    let runs = signalbox.runs().await?.len();
    let events = decided(signalbox, &["events"], 0).await?;
    let events = events.as_array().context("a list of events")?;
    assert_eq!(events.len(), 1, "one push was archived: {events:?}");
    let event = events[0]["event"].as_str().context("an id")?;
    assert_eq!(events[0]["commit"], first.state.trigger.commit.as_str());

    let dry = decided(signalbox, &["replay", event, "--dry-run"], 0).await?;
    assert_eq!(dry["plan"]["submit"][0]["attempt"], "checkout/checkout attempt 1", "{dry:#}");
    assert_eq!(signalbox.runs().await?.len(), runs, "a dry run changes nothing");

    let told = decided(signalbox, &["replay", event], 0).await?;
    let replay = settled(signalbox, &told["run"]).await?;
    assert_eq!(replay.state.phase, Phase::Succeeded, "{:?}", replay.state.reason);
    assert_eq!(replay.state.trigger.origin, Origin::Replay { of: event.parse()? });
    signalbox.each_attempt_has_one_job(&replay).await?;
    again(signalbox, &told).await?;
    assert_eq!(signalbox.runs().await?.len(), runs + 1, "one decision makes one run");

    // The event itself, raw and late, changes nothing.
    let day = first.id.as_str();
    let key = format!("events/{}/{}/{}/{event}.json", &day[..4], &day[4..6], &day[6..8]);
    let raw = signalbox.get(&signalbox.facts.buckets.state, &key).await?;
    signalbox.send(&signalbox.facts.queues.commits, &String::from_utf8(raw)?).await?;
    signalbox.quiet().await?;
    assert_eq!(signalbox.runs().await?.len(), runs + 1, "one event makes one run");
    let said = signalbox.log("CommitFunction");
    let how = |line: &Value| line["message"].as_str().is_some_and(|it| it.contains("retry` makes"));
    assert!(said.iter().any(how), "{said:?}");
    Ok(())
}

/// As events/README.md says: with any SQS client, the fixture given the time of now.
async fn by_hand(signalbox: &Installation) -> anyhow::Result<()> {
    let fixture = root().join("events").join("sqs-decision-replay-inline.json");
    let fixture: Value = serde_json::from_slice(&std::fs::read(fixture)?)?;
    let body = fixture["Records"][0]["body"].as_str().context("a body")?;
    let mut decision: Value = serde_json::from_str(body)?;
    let now = Timestamp::now();
    decision["at"] = json!(now);
    decision["expires"] = json!(now.checked_add(SignedDuration::from_hours(1))?);
    signalbox.emit(&signalbox.facts.queues.decisions, &decision).await?;
    let id = decision["id"].as_str().context("an id")?.to_owned();
    let run = signalbox.ended(&id).await?;
    assert_eq!(run.state.trigger.commit.as_str(), decision["envelope"]["detail"]["commitId"]);
    // That commit is in no repository.
    let reason = run.state.reason.as_deref().unwrap_or_default();
    assert_eq!(run.state.phase, Phase::Errored, "{reason}");
    assert!(reason.contains("is not on the branch"), "{reason}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_ends_with_its_job_seen_dead() -> anyhow::Result<()> {
    let signalbox = Installation::start(PROGRAM, |_| ()).await?;
    let file = signalbox.setup.dir.join("pid");
    let endless = format!("run: echo $$ > {} && exec sleep 600", file.display());
    let tree = Tree::greeting("endless").defined("run: test -s greeting", &endless);
    signalbox.repository.commit(&tree).await?;
    signalbox.repository.push().await?;
    let process = until("the job's process", RUN, async || {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        Ok(text.strip_suffix('\n').map(|pid| Path::new("/proc").join(pid)))
    })
    .await?;
    until("the job to be known", RUN, async || {
        let runs = signalbox.runs().await?;
        let unit = runs.first().and_then(|run| attempt(run, "checks", "unit"));
        Ok(unit.filter(|unit| unit.placement.is_some()).map(|_| ()))
    })
    .await?;

    let dry = decided(&signalbox, &["cancel", "latest", "--dry-run"], 0).await?;
    assert_eq!(dry["plan"]["terminate"].as_array().map(Vec::len), Some(1), "{dry:#}");
    assert!(process.exists(), "a dry run ends nothing");
    let told =
        decided(&signalbox, &["cancel", "latest", "--reason", "enough", "--wait"], 0).await?;
    let run = settled(&signalbox, &told["run"]).await?;
    assert_eq!(run.state.phase, Phase::Cancelled);
    assert!(run.state.reason.as_deref().is_some_and(|reason| reason.contains("enough")));
    assert!(!process.exists(), "the job's process is gone");
    let placement = attempt(&run, "checks", "unit").and_then(|unit| unit.placement.clone());
    let job = placement.context("the job is known")?.job_id.to_string();
    let described = signalbox.batch().describe_jobs().jobs(job).send().await?;
    let status = described.jobs().first().and_then(|job| job.status().cloned());
    assert_eq!(status, Some(JobStatus::Failed));

    let entries = run.register.entries().len();
    again(&signalbox, &told).await?;
    let run = settled(&signalbox, &told["run"]).await?;
    assert_eq!(run.register.entries().len(), entries, "one decision, one entry");
    let (_, code) =
        said(PROGRAM, &["cancel", "latest", "--dir", &signalbox.setup.dir.to_string_lossy()])
            .await?;
    assert_eq!(code, Some(1), "it was over before");
    Ok(())
}
