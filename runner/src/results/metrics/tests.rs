use super::*;

fn read_text(text: impl AsRef<[u8]>) -> (BTreeMap<String, Metric>, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    crate::testing::write(dir.path(), FILE, text);
    let mut notes = Vec::new();
    let metrics = read(&crate::tree::read(dir.path(), |_, _| true).unwrap(), &mut notes);
    (metrics, notes)
}

#[test]
fn what_is_not_finite_is_kept_by_its_name() {
    let (metrics, notes) =
        read_text(r#"{"a": NaN, "b": Infinity, "c": -Infinity, "d": 1e-3, "e": 1e999}"#);
    assert_eq!(metrics["a"], Metric::NaN);
    assert_eq!(metrics["b"], Metric::Infinity);
    assert_eq!(metrics["c"], Metric::NegativeInfinity);
    assert_eq!(metrics["d"], Metric::Number(0.001));
    assert_eq!(metrics["e"], Metric::Infinity);
    assert!(notes.is_empty());
}

#[test]
fn what_pythons_json_writes_is_read() {
    let script = "import json; print(json.dumps({'loss': float('nan'), 'n': 12345678901234567890123, \
                  'ok': True, 'deep': {'x': -0.5, 'y': {'z': 2}}, 'text': 'ä\\u2028'}))";
    let output = std::process::Command::new("python3").args(["-c", script]).output().unwrap();
    let (metrics, notes) = read_text(output.stdout);
    assert_eq!(metrics.len(), 5, "{notes:?}");
    assert_eq!(metrics["loss"], Metric::NaN);
    assert_eq!(metrics["n"], Metric::Number(12_345_678_901_234_567_890_123.0));
    assert_eq!(metrics["ok"], Metric::Flag(true));
    assert_eq!(metrics["deep.x"], Metric::Number(-0.5));
    assert_eq!(metrics["deep.y.z"], Metric::Number(2.0));
    assert_eq!(notes, ["metric text is left out: it is a text, not a number"]);
}

#[test]
fn what_is_no_number_is_noted_and_the_rest_is_kept() {
    let (metrics, notes) =
        read_text(r#"{"list": [1, [2], {"a": 3}], "none": null, "bad name": 1, "good": 2}"#);
    assert_eq!(metrics.keys().collect::<Vec<_>>(), ["good"]);
    assert_eq!(notes.len(), 3);
}

#[test]
fn malformed_files_are_noted() {
    for text in ["", "{", "[1]", "{\"a\": }", "{\"a\": 1} x", "\u{0}"] {
        let (metrics, notes) = read_text(text);
        assert!(metrics.is_empty() && notes.len() == 1, "{text:?}: {notes:?}");
    }
    assert_eq!(read_text(b"{\"a\xff\": 1}").1.len(), 1);
}

#[test]
fn nesting_without_end_is_noted_and_does_not_end_the_runner() {
    for open in ["[", "{\"a\":", "{\"a\":["] {
        let (_, notes) = read_text(open.repeat(100_000));
        assert!(notes[0].contains("more than 32 levels"), "{notes:?}");
    }
}

#[test]
fn there_are_at_most_200() {
    let members: Vec<_> = (0..300).map(|n| format!("\"m{n:03}\": {n}")).collect();
    let (metrics, notes) = read_text(format!("{{{}}}", members.join(",")));
    assert_eq!((metrics.len(), notes.len()), (200, 100));
}

#[test]
fn what_lies_under_a_name_that_is_too_long_is_noted_once() {
    let members: Vec<_> = (0..100).map(|n| format!("\"m{n}\": null")).collect();
    let name = "n".repeat(101);
    let (metrics, notes) = read_text(format!("{{\"{name}\": {{{}}}}}", members.join(",")));
    assert!(metrics.is_empty() && notes.len() == 1 && notes[0].len() < 200, "{notes:?}");
}

#[test]
fn a_file_that_is_too_large_is_noted() {
    let (metrics, notes) = read_text(format!("{{\"a\": 1}}{}", " ".repeat(2 * 1024 * 1024)));
    assert!(metrics.is_empty() && notes[0].contains("is the most"));
}
