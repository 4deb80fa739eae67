use super::*;
use crate::testing::{Memory, write};

fn finished(dir: &std::path::Path) -> Finished {
    let mut finished = Finished::default();
    let plot = write(dir, "loss.svg", "<svg/>");
    finished.results.files.push(Delivery::of("plots/loss.svg", &plot).unwrap());
    finished
}

fn log() -> Log {
    Log::new(std::io::sink(), 1024)
}

#[tokio::test]
async fn the_result_is_put_last() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = Memory::default();
    assert_eq!(deliver(finished(dir.path()), &shelf, &log()).await, 0);
    assert_eq!(shelf.names().last().map(String::as_str), Some("result.json"));
    assert_eq!(shelf.names().len(), 3);
    assert_eq!(shelf.report().files[0].bytes, 6);
}

#[tokio::test]
async fn an_attempt_whose_file_could_not_be_put_is_errored() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = Memory { refuses: Some("files/plots/loss.svg"), ..Memory::default() };
    assert_eq!(deliver(finished(dir.path()), &shelf, &log()).await, 125);
    let report = shelf.report();
    assert_eq!(report.failure.unwrap().class, FailureClass::Runner);
    assert!(report.files.is_empty());
}

#[tokio::test]
async fn without_a_result_the_attempt_is_errored() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = Memory { refuses: Some("result.json"), ..Memory::default() };
    assert_eq!(deliver(finished(dir.path()), &shelf, &log()).await, 125);
}

#[tokio::test]
async fn a_result_is_never_larger_than_what_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut finished = finished(dir.path());
    finished.results.notes = (0..5000).map(|n| format!("{n} {}", "ß".repeat(1000))).collect();
    let shelf = Memory::default();
    deliver(finished, &shelf, &log()).await;
    assert!(shelf.object("result.json").len() <= LARGEST);
    assert_eq!(shelf.report().notes.last().unwrap(), "and 4900 more, which are in the log");
}
