//! A definition or a report that is bad ends in words that its developer can use.

use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::fact::Evidence;
use signalbox_tests::installation::Installation;
use signalbox_tests::repository::Tree;
use signalbox_tests::runs::attempt;

use crate::PROGRAM;

const SIX_FAULTS: &str = "\
version: 2
pipeline: rain
checks:
  unit: { rum: make, run: make, timeout: 10 }
  model: { run: train, require: [\"metric.auc > 0.6\", \"metrics.auc >\"] }
on: { push: { paths: [x] } }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_with_six_faults_ends_the_run_with_all_six_at_their_places()
-> anyhow::Result<()> {
    let run = pushed(Tree::greeting("hello").with("signalbox.yaml", SIX_FAULTS)).await?;
    assert_eq!(run.state.phase, Phase::Failed);
    let reason = run.state.reason.unwrap_or_default();
    let faults = reason.strip_prefix("checkout failed: checkout: ").unwrap_or(&reason);
    let places: Vec<_> = faults.lines().filter_map(|line| Some(line.split_once(": ")?.0)).collect();
    assert_eq!(places, ["1:10", "4:11", "4:42", "5:34", "5:68", "6:15"], "{reason}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_that_multiplies_itself_is_refused() -> anyhow::Result<()> {
    let mut bomb =
        "version: 1\npipeline: rain\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let ten = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{ten}]\n"));
    }
    let run = pushed(Tree::greeting("hello").with("signalbox.yaml", &bomb)).await?;
    assert_eq!(run.state.phase, Phase::Failed);
    let reason = run.state.reason.unwrap_or_default();
    assert!(reason.contains("alias") && reason.len() < 2000, "{reason}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_junit_file_with_entities_is_not_counted_and_the_job_says_so() -> anyhow::Result<()> {
    let junit = "<?xml version=\"1.0\"?>\n<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>\n\
                 <testsuite name=\"x\"><testcase name=\"&b;\"/></testsuite>\n";
    let tree = Tree::greeting("hello").with("junit.xml", junit);
    let tree = tree.defined(
        "run: test -s greeting",
        "run: mkdir -p results && cp junit.xml results/junit.xml",
    );
    let run = pushed(tree).await?;
    assert_eq!(run.state.phase, Phase::Succeeded);
    let unit = attempt(&run, "checks", "unit").and_then(|attempt| attempt.evidence.as_ref());
    let Some(Evidence::Read(found)) = unit else { panic!("no report: {unit:?}") };
    assert_eq!(found.report.tests, None, "nothing of the file is counted");
    let [note] = found.report.notes.as_slice() else {
        panic!("one note: {:?}", found.report.notes)
    };
    assert!(note.contains("junit.xml") && note.contains("entities"), "{note}");
    Ok(())
}

async fn pushed(tree: Tree) -> anyhow::Result<Run> {
    let signalbox = Installation::start(PROGRAM, |_| ()).await?;
    signalbox.repository.commit(&tree).await?;
    signalbox.repository.push().await?;
    signalbox.only_run_ended().await
}
