//! The demo goes all the way, and does so whatever is delivered twice or in another order.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::Value;
use signalbox_tests::command::said;
use signalbox_tests::requests;

use crate::PROGRAM;

const UNKIND: [&str; 6] = ["--duplicate", "1", "--reorder", "0.5", "--delay", "300ms"];

fn texts<'v>(value: &'v Value, key: &str) -> Vec<&'v str> {
    let list = value.as_array().into_iter().flatten();
    list.filter_map(|one| one[key].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pushes_reach_production_with_every_event_and_every_launch_twice_and_shuffled()
-> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let dir = folder.path().join("demo");
    let place = dir.display().to_string();
    let (told, code) =
        said(PROGRAM, &[&["demo", "--json", "--dir", &place][..], &UNKIND].concat()).await?;
    let told = told.first().context("the demo says what it came to")?;
    assert_eq!(code, Some(0), "{told:#}");

    let pushes = told["pushes"].as_array().context("pushes")?;
    let [first, second] = pushes.as_slice() else { anyhow::bail!("{told:#}") };
    let production = &told["production"];
    assert_eq!((&production["previous"], &production["live"]), (&first["run"], &second["run"]));
    assert_eq!(production["hold"], Value::Null);
    let seen = ["released", "rollout began", "next step", "next step", "released"];
    assert_eq!(texts(&production["changes"], "what"), seen, "each happened once");
    for push in pushes {
        let mut people = texts(&push["approvals"], "person");
        people.sort_unstable();
        assert_eq!(people, ["ada", "barbara", "grace"], "each decided once");
    }

    let launches = &second["rollout"]["launches"];
    assert!(texts(launches, "ended").iter().all(|ended| *ended == "succeeded"), "{launches:#}");
    let mut submitted = BTreeMap::<String, u32>::new();
    for request in requests::read(&dir)?.iter().filter(|it| it.is("batch", "SubmitJob")) {
        if request.status == 200 {
            *submitted.entry(request.detail.clone()).or_default() += 1;
        }
    }
    assert!(submitted.values().all(|&times| times == 1), "{submitted:?}");
    for launch in texts(launches, "launch") {
        let jobs = submitted.keys().filter(|name| name.contains(launch)).count();
        assert_eq!(jobs, 1, "{launch}: {submitted:?}");
    }
    // What the rollout has counted is no more than there was to count.
    let on_it = texts(launches, "side").iter().filter(|side| **side == "candidate").count();
    let why = texts(&production["changes"], "why");
    let counted = why.last().and_then(|why| why.strip_prefix("rolled out: "));
    let counted = counted.and_then(|why| why.split(' ').next()).context("how many were counted")?;
    assert!((5..=on_it).contains(&counted.parse()?), "{counted} of {on_it}");
    Ok(())
}
