use super::*;

fn read(text: &str) -> Results {
    let dir = tempfile::tempdir().unwrap();
    crate::testing::write(dir.path(), FILE, text);
    let mut results = Results::default();
    add(&crate::tree::read(dir.path(), |_, _| true).unwrap(), &mut results);
    results
}

fn signature(text: &str) -> f64 {
    let results = read(text);
    let Some(Metric::Number(number)) = results.metrics.get(METRIC) else { panic!("{results:?}") };
    *number
}

/// As `mlflow.models.infer_signature(…).to_dict()` has it.
const MLFLOW: &str = r#"{
    "inputs": "[{\"type\": \"double\", \"name\": \"wind\", \"required\": true}]",
    "outputs": "[{\"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \"float64\", \"shape\": [-1]}}]",
    "params": null
}"#;

#[test]
fn a_signature_is_the_same_however_it_is_written() {
    let plain = r#"{"outputs": [{"tensor-spec": {"shape": [-1], "dtype": "float64"}, "type": "tensor"}],
        "inputs": [{"required": true, "name": "wind", "type": "double"}]}"#;
    assert!((signature(MLFLOW) - signature(plain)).abs() < 0.5);
}

#[test]
fn another_type_name_or_order_is_another_signature() {
    let of = |inputs: &str| signature(&format!(r#"{{"inputs": {inputs}}}"#));
    let wind = r#"{"name": "wind", "type": "double"}"#;
    let rain = r#"{"name": "rain", "type": "double"}"#;
    let all = [
        of(&format!("[{wind}]")),
        of(&format!("[{rain}]")),
        of(&format!("[{wind}, {rain}]")),
        of(&format!("[{rain}, {wind}]")),
        of(r#"[{"name": "wind", "type": "float"}]"#),
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(all[..at].iter().all(|other| (one - other).abs() > 0.5), "{all:?}");
    }
}

#[test]
fn what_is_no_signature_is_told_and_is_no_number() {
    for (text, expected) in [
        ("{", "EOF"),
        ("{}", "missing field `inputs`"),
        (r#"{"inputs": 1}"#, "inputs: it is no list"),
        (r#"{"inputs": "[{"}"#, "inputs: EOF"),
        (r#"{"inputs": [], "input": []}"#, "unknown field `input`"),
    ] {
        let results = read(text);
        assert!(results.metrics.is_empty(), "{text}");
        assert!(results.evidence[METRIC].contains(expected), "{:?}", results.evidence);
        assert_eq!(results.notes.len(), 1);
    }
}
