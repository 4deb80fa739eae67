use super::*;

#[test]
fn a_folder_without_an_engine_is_told_how_to_start_one() {
    let dir = std::env::temp_dir().join("signalbox-there-is-no-such-folder");
    let error = account(&dir, None).unwrap_err().to_string();
    assert!(error.contains("signalbox local --dir"), "{error}");
}

#[test]
fn buckets_are_told_apart_by_what_the_template_calls_them() {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let all = names(&[
        "signalbox-prod-artifacts-123456789012-eu-west-1",
        "signalbox-prod-index-123456789012-eu-west-1",
        "signalbox-prod-state-123456789012-eu-west-1",
    ]);
    assert_eq!(buckets(&all).unwrap().state, all[2]);
    let error = buckets(&names(&["my-estate", "an-index"])).unwrap_err().to_string();
    assert!(error.contains("`state`") && error.contains("my-estate"), "{error}");
}
