use super::*;

fn fault(line: u32, column: u32, length: u32, message: &str, help: Option<&str>) -> Fault {
    Fault { line, column, length, message: message.to_owned(), help: help.map(str::to_owned) }
}

fn two() -> Faults {
    Faults::of(vec![
        fault(3, 7, 5, "`timeout` is wrong", Some("write 10m")),
        fault(1, 1, 0, "`pipeline` is missing", None),
    ])
    .unwrap()
}

#[test]
fn faults_are_shown_one_per_line_in_the_order_of_the_text() {
    assert_eq!(two().to_string(), "1:1: `pipeline` is missing\n3:7: `timeout` is wrong; write 10m");
}

#[test]
fn there_are_no_empty_faults_stored_or_not() {
    assert_eq!(Faults::of(Vec::new()), None);
    assert!(serde_json::from_str::<Faults>("[]").is_err());
    let stored = serde_json::to_string(&two()).unwrap();
    assert_eq!(serde_json::from_str::<Faults>(&stored).unwrap(), two());
}

#[test]
fn a_fault_is_rendered_in_its_line() {
    let text = "version: 1\na: é\nü: { timeout: soon }\n";
    let faults = Faults::from(fault(3, 15, 4, "`timeout` is wrong", Some("write 10m")));
    assert_eq!(
        faults.render("signalbox.yaml", text, false),
        "\
error: `timeout` is wrong
 --> signalbox.yaml:3:15
  |
3 | ü: { timeout: soon }
  |               ^^^^
  |
  = help: write 10m"
    );
    assert!(faults.render("signalbox.yaml", text, true).contains('\u{1b}'));
}

#[test]
fn a_place_outside_of_the_text_renders_all_the_same() {
    for (line, column) in [(0, 0), (99, 1), (1, 99), (u32::MAX, u32::MAX)] {
        let faults = Faults::from(fault(line, column, u32::MAX, "odd", None));
        assert!(faults.render("x", "one\r\ntwo", false).contains("odd"));
    }
}
