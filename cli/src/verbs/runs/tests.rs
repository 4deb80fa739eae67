use super::*;
use crate::view::sample;

#[test]
fn a_run_under_way_says_what_it_waits_for_and_a_failed_one_why() {
    let running = of_run(&sample::running(), sample::at(9));
    assert_eq!(running.stage.as_deref(), Some("checkout"));
    assert!(running.reason.contains("waiting for checkout"), "{}", running.reason);
    let failed = of_run(&sample::failed(), sample::at(9));
    assert_eq!((failed.phase, failed.stage.as_deref()), (Some(Phase::Failed), Some("checkout")));
    assert!(failed.reason.contains("no such branch"), "{}", failed.reason);
}

#[test]
fn a_reason_in_the_table_is_short_and_safe() {
    let mut row = of_run(&sample::failed(), sample::at(9));
    row.reason = format!("\u{1b}[2Jone  two\nthree {}", "é".repeat(300));
    let shown = format!("{:?}", cells(&row, sample::at(9)));
    assert!(!shown.contains("u{1b}") && shown.contains("one two (and 1 more line)"), "{shown}");
    assert!(shortened(&row.reason).chars().count() == REASON + 1);
}

#[test]
fn scripts_get_the_commit_in_full() {
    let json = serde_json::to_value(of_run(&sample::running(), sample::at(1))).unwrap();
    assert_eq!(json["commit"], "3e5983d000000000000000000000000000000000");
    assert_eq!(json["phase"], "running");
}
