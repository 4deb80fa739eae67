use super::*;

const FAULTY: &str =
    "version: 1\npipeline: Rain\nchecks:\n  unit: { run: \"true\", timeout: soon }\n";

#[test]
fn every_fault_is_shown_with_line_column_and_text() {
    let faults = definition::parse(FAULTY).unwrap_err();
    assert_eq!(faults.len(), 2);
    let shown = shown(&faults, "signalbox.yaml", FAULTY, false);
    for place in ["signalbox.yaml:2:11", "signalbox.yaml:4:33"] {
        assert!(shown.contains(place), "{place}: {shown}");
    }
    assert!(shown.contains("timeout: soon"), "{shown}");
}

#[test]
fn faults_are_told_to_scripts_with_line_column_message_and_help() {
    let faults = definition::parse(FAULTY).unwrap_err();
    let told: Vec<_> = faults.iter().map(Told::from).collect();
    let json = serde_json::to_value(told).unwrap();
    assert_eq!((&json[0]["line"], &json[0]["column"]), (&2.into(), &11.into()));
    assert!(json[0]["message"].is_string());
    assert!(json[0].as_object().unwrap().contains_key("help"));
}

#[test]
fn an_escape_sequence_in_the_file_does_not_reach_the_terminal() {
    let text =
        "version: 1\npipeline: rain\nchecks: { unit: { run: \"a\", time\u{1b}]0;x\u{7}out: 1 } }\n";
    let faults = definition::parse(text).unwrap_err();
    let shown = shown(&faults, "signalbox.yaml", text, false);
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{7}'), "{shown:?}");
}

#[test]
fn a_file_that_is_no_text_says_in_which_line() {
    let error = bounded(&b"version: 1\n\xff\n"[..], Path::new("x.yaml")).unwrap_err().to_string();
    assert!(error.contains("x.yaml") && error.contains("line 2"), "{error}");
}

#[test]
fn the_published_schema_is_json() {
    assert!(serde_json::from_str::<serde_json::Value>(SCHEMA).unwrap().is_object());
}
