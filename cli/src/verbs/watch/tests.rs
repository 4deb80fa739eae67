use super::*;
use crate::view::sample;

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
