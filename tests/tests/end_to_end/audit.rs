//! What operators do afterwards: dead letters go back and become runs, and what a run left behind is
//! audited, in the bucket and in a copy of it.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;
use signalbox_tests::event;
use signalbox_tests::installation::Installation;
use signalbox_tests::repository::Tree;

use crate::PROGRAM;

async fn said(arguments: &[&str]) -> anyhow::Result<(Vec<Value>, Option<i32>)> {
    signalbox_tests::command::said(PROGRAM, arguments).await
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_goes_back_becomes_its_run_and_the_run_passes_the_audit()
-> anyhow::Result<()> {
    let signalbox = Installation::start(PROGRAM, |_| ()).await?;
    let commit = signalbox.repository.commit(&Tree::greeting("late")).await?;
    signalbox.repository.plant().await?;
    let queue = signalbox.facts.queues.commits.clone();
    // One that was tried too often while something was broken, and one that nobody can read.
    let push = event::push("rain", &commit)?;
    signalbox.emit(&format!("{queue}-dead-letters"), &push).await?;
    signalbox.send(&queue, "this is no event {").await?;
    signalbox.drained(&queue).await?;

    let dir = signalbox.setup.dir.clone();
    let redrive = ["redrive", "commits", "--json", "--dir", text(&dir)];
    let (told, code) = said(&[&redrive[..], &["--dry-run"]].concat()).await?;
    assert_eq!(
        (told[0]["total"].as_u64(), told[0]["moved"].as_u64(), code),
        (Some(2), Some(1), Some(0))
    );
    assert!(signalbox.runs().await?.is_empty(), "a dry run moves nothing");

    let (told, code) = said(&redrive).await?;
    assert_eq!(
        (told[0]["moved"].as_u64(), told[0]["left"].as_u64(), code),
        (Some(1), Some(1), Some(0))
    );
    let malformed = told[0]["groups"].as_array().and_then(|groups| groups.last());
    let reason = malformed.and_then(|group| group["reason"].as_str()).unwrap_or_default();
    assert!(reason.contains("not an event"), "{told:?}");
    let run = signalbox.only_run_succeeded().await?;
    assert_eq!(run.register.entries()[0].event.as_str(), push["id"].as_str().unwrap_or_default());
    let left = signalbox.dead_letters(&queue).await?;
    assert_eq!(left.len(), 1, "what nobody can read stays: {left:?}");

    audited(&signalbox, &dir).await
}

/// The state passes the audit in the bucket and in a copy of it, and does not once a byte is flipped.
async fn audited(signalbox: &Installation, dir: &Path) -> anyhow::Result<()> {
    let (told, code) = said(&["verify", "--all", "--json", "--dir", text(dir)]).await?;
    let (sums, documents) = told.split_last().context("the sums come last")?;
    let wrong: Vec<_> =
        documents.iter().filter(|one| one["findings"] != Value::Array(vec![])).collect();
    assert_eq!((code, wrong.len()), (Some(0), 0), "{told:#?}");
    assert_eq!((sums["runs"].as_u64(), sums["environments"].as_u64()), (Some(1), Some(1)));
    assert!(sums["versions"].as_u64() > sums["documents"].as_u64(), "{sums}");

    let copy = dir.join("copy");
    let state = signalbox.facts.buckets.state.clone();
    let mut run_file = None;
    for (key, _) in signalbox.objects(&state, "").await? {
        let file = copy.join(&key);
        std::fs::create_dir_all(file.parent().context("it lies in a folder")?)?;
        std::fs::write(&file, signalbox.get(&state, &key).await?)?;
        run_file = run_file.or_else(|| key.ends_with("/run.json").then_some(file));
    }
    let offline = ["verify", "--all", "--json", "--bucket-copy", text(&copy)];
    let (told, code) = said(&offline).await?;
    assert_eq!(code, Some(0), "{told:#?}");

    let file = run_file.context("there is a run")?;
    let whole = String::from_utf8(std::fs::read(&file)?)?;
    std::fs::write(&file, whole.replacen("\"exit_code\":0", "\"exit_code\":1", 1))?;
    let (told, code) = said(&offline).await?;
    let found = told.iter().find(|one| one["kind"] == "run").context("it is told")?;
    assert_eq!(code, Some(1), "{found}");
    assert!(
        found["findings"][0]["what"].as_str().is_some_and(|what| what.contains("exit_code")),
        "{found}"
    );
    Ok(())
}
