use super::place::{LogPlace, of, why_not};
use super::*;
use crate::view::sample;

#[test]
fn without_a_job_all_that_failed_are_meant() {
    let failed = sample::failed();
    let wanted = choose(&failed, None, None).unwrap();
    assert_eq!(
        wanted.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["checkout/checkout attempt 1"]
    );
    assert!(choose(&sample::started(), None, None).unwrap().is_empty());
}

#[test]
fn a_job_is_named_with_or_without_its_stage() {
    let run = sample::started();
    for name in ["checkout", "checkout/checkout"] {
        assert_eq!(choose(&run, Some(name), None).unwrap().len(), 1, "{name}");
    }
    let unknown = choose(&run, Some("unit"), None).unwrap_err().to_string();
    assert!(unknown.contains("it has: checkout/checkout"), "{unknown}");
    let attempt = choose(&run, Some("checkout"), Some(2)).unwrap_err().to_string();
    assert!(attempt.contains("no attempt 2"), "{attempt}");
}

#[test]
fn a_log_is_beside_the_result_that_was_believed_or_below_the_task_of_the_ending() {
    let mut run = sample::failed();
    let attempt = &mut run.state.stages[0].jobs[0].attempts[0];
    assert_eq!(of(attempt), LogPlace::Key("incoming/AROAJOBS:task-1/log.txt".to_owned()));
    attempt.evidence = None;
    let task = signalbox_pipeline::names::TaskId::parse("task-1").unwrap();
    assert_eq!(of(attempt), LogPlace::OfTask(task));
    assert_eq!(of(&sample::started().state.stages[0].jobs[0].attempts[0]), LogPlace::Nowhere);
}

#[test]
fn a_job_that_still_runs_says_when_its_log_will_be_there() {
    let run = sample::started();
    let wanted = choose(&run, Some("checkout"), None).unwrap();
    let said = why_not(&run, &wanted[0], None, " --dir e");
    assert!(said.contains("has not ended") && said.contains("watch"), "{said}");
}
