use super::lines::changes;
use super::live::live;
use super::*;
use crate::view::sample;

fn plain(lines: &[String]) -> String {
    anstream::adapter::strip_str(&lines.join("\n")).to_string()
}

#[test]
fn every_change_is_told_once() {
    let (begun, started, failed) = (sample::running(), sample::started(), sample::failed());
    let first = plain(&changes(None, &begun, sample::at(0)));
    assert!(first.starts_with("run 20") && first.ends_with("checkout: running"), "{first}");
    assert_eq!(changes(Some(&begun), &started, sample::at(1)), [""; 0], "the stage ran already");
    let last = plain(&changes(Some(&started), &failed, sample::at(5)));
    assert_eq!(
        last,
        "  checkout: failed after 2.5 s: there is no such branch\ncheckout: failed after 5.0 s"
    );
    assert!(changes(Some(&failed), &failed, sample::at(9)).is_empty());
}

#[test]
fn the_live_line_names_the_jobs_and_their_times() {
    let run = sample::started();
    assert_eq!(live(&run.state.stages[0], sample::at(4)), "checkout 4.0 s  checkout 3.0 s");
}

#[test]
fn the_exit_code_tells_a_failure_from_an_error() {
    assert_eq!(ending(Phase::Succeeded), Exit::Success);
    assert_eq!(ending(Phase::Failed), Exit::Failed);
    assert_eq!(ending(Phase::Errored), Exit::Errored);
}

#[test]
fn scripts_get_the_stages_and_what_the_run_waits_for() {
    let json = serde_json::to_value(told(&sample::started())).unwrap();
    assert_eq!(json["stages"][0]["name"], "checkout");
    assert!(json["waits"].as_str().unwrap().contains("waiting for checkout"), "{json}");
    assert_eq!(
        serde_json::to_value(told(&sample::failed())).unwrap()["waits"],
        serde_json::Value::Null
    );
}
