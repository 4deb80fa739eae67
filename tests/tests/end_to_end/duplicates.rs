//! One trigger, one run; one attempt, one job.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use signalbox_tests::event;
use signalbox_tests::installation::Installation;
use signalbox_tests::repository::Tree;

use crate::PROGRAM;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_sent_fifty_times_makes_one_run_and_each_job_once() -> anyhow::Result<()> {
    let signalbox = Installation::start(PROGRAM, |_| ()).await?;
    let commit = signalbox.repository.commit(&Tree::greeting("hello")).await?;
    signalbox.repository.plant().await?;
    let event = event::push("rain", &commit)?;
    try_join_all((0..25).map(|_| signalbox.emit(&signalbox.facts.queues.commits, &event))).await?;
    let run = signalbox.only_run_succeeded().await?;
    // The other half comes when the run is over: nothing begins again.
    try_join_all((0..25).map(|_| signalbox.emit(&signalbox.facts.queues.commits, &event))).await?;
    signalbox.quiet().await?;
    let still = signalbox.only_run_succeeded().await?;
    assert_eq!(still, run, "a run that is over stays as it is");

    let mut submitted = BTreeMap::<String, u32>::new();
    for request in signalbox.requests()?.iter().filter(|it| it.is("batch", "SubmitJob")) {
        if request.status == 200 {
            *submitted.entry(request.detail.clone()).or_default() += 1;
        }
    }
    assert_eq!(submitted.len(), run.state.attempts().count(), "{submitted:?}");
    assert!(submitted.values().all(|&times| times == 1), "{submitted:?}");
    Ok(())
}
