//! A model or data that are not good enough stop a run, and it says what to change.

use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_tests::installation::Installation;
use signalbox_tests::repository::Tree;
use signalbox_tests::runs::attempt;

use crate::PROGRAM;

const UNIT: &str = "unit: { run: test -s greeting }";
const DATA: &str = "data: { run: [grep, -q, ., greeting] }";
const E2E: &str = "e2e: { run: cat greeting }";

/// Of a year in which it was as often dry as wet.
const PROFILE: &str = r#"{ "schema": 1, "rows": 100, "columns": {
    "humidity": { "type": "number", "min": 0, "max": 100, "bins": { "edges": [50], "counts": [50, 50] } } } }"#;
const OTHER_DATA: &str = r#"{ "schema": 1, "rows": 20, "columns": {
    "humidity": { "type": "number", "min": 10, "max": 120, "bins": { "edges": [50], "counts": [2, 18] } } },
    "pii": [{ "column": "email", "what": "addresses of people", "rows": 20 }] }"#;

fn reporting(report: &str, as_file: &str, require: &str) -> String {
    format!(
        "{{ run: mkdir -p results && cp {report} results/{as_file}, profile: profile.json, require: {require} }}"
    )
}

fn reason(run: &Run) -> String {
    run.state.reason.clone().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn data_unlike_their_profile_end_the_run_with_all_that_is_wrong_with_them()
-> anyhow::Result<()> {
    let gates = "[schema-holds, in-range, no-drift, no-leakage, no-pii]";
    let check = format!("data: {}", reporting("report.json", "data.json", gates));
    let tree = Tree::greeting("hello").defined(DATA, &check);
    let tree = tree.with("profile.json", PROFILE).with("report.json", OTHER_DATA);
    let run = pushed(tree).await?;
    assert_eq!((run.state.phase, run.schema), (Phase::Failed, 5));
    let reason = reason(&run);
    for expected in [
        "in-range: metrics.data.range.violations == 0: metrics.data.range.violations is 1 \
         (humidity goes up to 120, above 100); mend the values",
        "no-drift: metrics.data.drift.max < 0.2: metrics.data.drift.max is 0.878",
        "(humidity 0.879); these are other data",
        "metrics.data.pii is 1 (email: addresses of people (20 rows)); drop or mask",
    ] {
        assert!(reason.contains(expected), "{expected}\n{reason}");
    }
    assert!(!reason.contains("schema-holds") && !reason.contains("no-leakage"), "{reason}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_learned_nothing_ends_the_run_and_is_told_what_to_report_and_to_change()
-> anyhow::Result<()> {
    let gates = "[loss-falls, no-nan, overfits-few-rows]";
    let check = format!("unit: {}", reporting("metrics.json", "metrics.json", gates));
    let tree = Tree::greeting("hello").defined(UNIT, &check.replace(" profile: profile.json,", ""));
    let tree =
        tree.with("metrics.json", r#"{ "loss_first": 0.5, "loss_last": 0.5, "has_nan": false }"#);
    let run = pushed(tree).await?;
    assert_eq!(run.state.phase, Phase::Failed);
    let reason = reason(&run);
    for expected in [
        "loss-falls: metrics.loss_last < metrics.loss_first: metrics.loss_last is 0.5, \
         metrics.loss_first is 0.5; the model does not learn",
        "metrics.overfit_accuracy was not reported; report overfit_accuracy",
    ] {
        assert!(reason.contains(expected), "{expected}\n{reason}");
    }
    assert!(!reason.contains("no-nan"), "{reason}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_whose_callers_would_break_is_not_released_over_the_live_one() -> anyhow::Result<()>
{
    let wind = r#"{ \"name\": \"wind\", \"type\": \"double\" }"#;
    let said = |inputs: &str| {
        let print =
            format!(r#"printf '%s' "{{ \"inputs\": [{inputs}] }}" > results/signature.json"#);
        let run = format!("mkdir -p results; {print}").replace('\\', "\\\\").replace('"', "\\\"");
        format!("e2e: {{ run: \"{run}\", require: [same-signature] }}")
    };
    let signalbox = Installation::start(PROGRAM, |_| ()).await?;
    let first = Tree::greeting("hello").defined(E2E, &said(wind));
    signalbox.repository.commit(&first).await?;
    signalbox.repository.push().await?;
    let run = signalbox.only_run_succeeded().await?;
    let verified = attempt(&run, "test-verify", "e2e").expect("it was verified");
    assert!(format!("{:?}", verified.verdicts).contains("no current release"), "{verified:?}");

    let two = format!("{wind}, {}", wind.replace("wind", "rain"));
    let second = Tree::greeting("hello").defined(E2E, &said(&two));
    let commit = signalbox.repository.commit(&second).await?;
    signalbox.repository.push().await?;
    let run = signalbox.ended_for(&commit).await?;
    assert_eq!(run.state.phase, Phase::Failed);
    let reason = reason(&run);
    assert!(reason.contains("same-signature: "), "{reason}");
    assert!(
        reason.contains(r#"({"inputs":[{"name":"wind","type":"double"},{"name":"rain""#),
        "{reason}"
    );
    assert!(reason.contains("who calls the live model would break"), "{reason}");
    Ok(())
}

async fn pushed(tree: Tree) -> anyhow::Result<Run> {
    let signalbox = Installation::start(PROGRAM, |_| ()).await?;
    signalbox.repository.commit(&tree).await?;
    signalbox.repository.push().await?;
    signalbox.only_run_ended().await
}
