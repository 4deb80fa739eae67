use signalbox_pipeline::report::Metric;

use super::*;

fn held(report: &str, profile: Option<&str>) -> Results {
    let dir = tempfile::tempdir().unwrap();
    crate::testing::write(dir.path(), "results/data.json", report);
    if let Some(profile) = profile {
        crate::testing::write(dir.path(), "profile.json", profile);
    }
    let tree = crate::tree::read(&dir.path().join("results"), |_, _| true).unwrap();
    let mut results = Results::default();
    add(&tree, dir.path(), profile.map(|_| "profile.json"), &mut results);
    results
}

fn number(results: &Results, name: &str) -> f64 {
    match results.metrics.get(name) {
        Some(Metric::Number(number)) => *number,
        other => panic!("{name} is {other:?}: {results:?}"),
    }
}

const PROFILE: &str = r#"{"schema": 1, "rows": 100, "columns": {
    "humidity": {"type": "number", "min": 0, "max": 100, "missing_at_most": 0.1,
                 "bins": {"edges": [50], "counts": [50, 50]}},
    "wind": {"type": "number", "min": 0, "max": 9, "range": [0, 30]},
    "weather": {"type": "text", "categories": {"rain": 1, "sun": 1}}
}}"#;

#[test]
fn data_like_those_of_the_profile_break_nothing() {
    let results = held(PROFILE, Some(PROFILE));
    for name in
        ["schema.violations", "range.violations", "drift.max", "drift.humidity", "leakage", "pii"]
    {
        assert!(number(&results, &format!("data.{name}")).abs() < 1e-12, "{name}");
    }
    assert!((number(&results, "data.rows") - 100.0).abs() < 0.5);
    assert!(results.evidence.is_empty() && results.notes.is_empty(), "{results:?}");
}

#[test]
fn what_differs_is_counted_and_named() {
    let report = r#"{"schema": 1, "rows": 10, "columns": {
        "humidity": {"type": "text", "missing": 0.5, "min": -3, "max": 101,
                     "bins": {"edges": [50], "counts": [1, 9]}},
        "wind": {"type": "number", "min": 0, "max": 29},
        "email": {"type": "text"}},
        "violations": [{"what": "a night is warmer than its day", "rows": 3}],
        "leakage": [{"column": "rain", "what": "the answer is among the features"}],
        "pii": [{"column": "email", "what": "addresses", "rows": 10}]}"#;
    let results = held(report, Some(PROFILE));
    let said = |name: &str| results.evidence[&format!("data.{name}")].as_str();
    assert_eq!(
        said("schema.violations"),
        "a night is warmer than its day (3 rows), weather is not there, email is not in the profile, \
         humidity is text, and was number, humidity has 0.5 missing, at most 0.1"
    );
    assert!((number(&results, "data.schema.violations") - 5.0).abs() < 0.5);
    assert_eq!(
        said("range.violations"),
        "humidity goes down to -3, below 0 and humidity goes up to 101, above 100"
    );
    assert_eq!(said("drift.max"), "humidity 0.879");
    assert!((number(&results, "data.drift.humidity") - 0.878_889).abs() < 1e-6);
    assert_eq!(said("leakage"), "rain: the answer is among the features");
    assert_eq!(said("pii"), "email: addresses (10 rows)");
    assert_eq!(said("missing.max"), "humidity 0.500");
}

#[test]
fn without_a_profile_there_is_no_number_of_what_needs_one() {
    let results = held(PROFILE, None);
    assert!((number(&results, "data.schema.violations")).abs() < 1e-12);
    for name in ["data.drift.max", "data.range.violations"] {
        assert!(!results.metrics.contains_key(name), "{name}");
    }
}

#[test]
fn bins_that_cannot_be_held_against_the_profiles_are_a_violation_and_not_silence() {
    let report = PROFILE
        .replace(r#""edges": [50]"#, r#""edges": [60]"#)
        .replace(r#"{"rain": 1, "sun": 1}"#, "null");
    let results = held(&report, Some(PROFILE));
    assert!(!results.metrics.contains_key("data.drift.max"));
    assert_eq!(
        results.evidence["data.schema.violations"],
        "humidity has bins of other edges than the profile's, weather has no categories, and the profile has"
    );
}

#[test]
fn a_category_that_nobody_knew_is_drift() {
    let report = PROFILE.replace(r#"{"rain": 1, "sun": 1}"#, r#"{"rain": 1, "sun": 1, "fog": 1}"#);
    assert!(number(&held(&report, Some(PROFILE)), "data.drift.weather") > 1.0);
}

#[test]
fn a_bad_file_is_one_clear_reason_and_no_number() {
    for (report, expected) in [
        ("{", "EOF while parsing"),
        (r#"{"schema": 2, "rows": 1}"#, "it has schema 2, and 1 is known"),
        (r#"{"schema": 1}"#, "missing field `rows`"),
        (r#"{"schema": 1, "rows": 1, "row": 1}"#, "unknown field `row`"),
        (r#"{"schema": 1, "rows": NaN}"#, "expected value at line 1 column 23"),
        (
            r#"{"schema": 1, "rows": 1, "columns": {"a": {"type": "x", "missing": 2}}}"#,
            "column a: the share of missing",
        ),
        (
            r#"{"schema": 1, "rows": 1, "columns": {"a": {"type": "x", "bins": {"edges": [1], "counts": [1]}}}}"#,
            "column a: `bins` wants one more count than edges",
        ),
        (
            r#"{"schema": 1, "rows": 1, "columns": {"a": {"type": "x", "bins": {"edges": [2, 1], "counts": [1, 1, 1]}}}}"#,
            "column a: the edges of `bins` must rise",
        ),
        (
            r#"{"schema": 1, "rows": 1, "columns": {"a": {"type": "x", "bins": {"edges": [], "counts": [-1]}}}}"#,
            "column a: no count can be less than 0",
        ),
        (
            r#"{"schema": 1, "rows": 1, "columns": {"a": {"type": "x", "range": [2, 1]}}}"#,
            "column a: `range` is [the smallest value, the largest]",
        ),
    ] {
        let results = held(report, None);
        assert!(results.metrics.is_empty(), "{report}");
        let reason = &results.evidence["data"];
        assert!(reason.starts_with("results/data.json cannot be read: "), "{reason}");
        assert!(reason.contains(expected), "{reason}");
        assert_eq!(results.notes.first(), Some(reason));
    }
    let results = held(PROFILE, Some("{}"));
    assert!(results.evidence["data"].starts_with("profile.json cannot be read: missing field"));
}

#[test]
fn a_profile_without_a_report_is_told() {
    let mut results = Results::default();
    add(&Tree::new(), Path::new("."), Some("profile.json"), &mut results);
    assert_eq!(
        results.evidence["data"],
        "the job left no results/data.json to hold against its `profile`"
    );
}

#[test]
fn a_job_cannot_say_these_numbers_itself() {
    let dir = tempfile::tempdir().unwrap();
    crate::testing::write(dir.path(), "results/data.json", PROFILE);
    let tree = crate::tree::read(&dir.path().join("results"), |_, _| true).unwrap();
    let mut results = Results::default();
    results.metrics.insert("data.drift.max".to_owned(), Metric::Number(0.0));
    add(&tree, dir.path(), None, &mut results);
    assert!(!results.metrics.contains_key("data.drift.max"));
    assert_eq!(
        results.notes,
        ["metric data.drift.max is left out: such names are for results/data.json"]
    );
}

#[test]
fn many_columns_have_no_numbers_without_end() {
    let columns: Vec<String> =
        (0..150).map(|n| format!(r#""c{n}": {{"type": "x", "missing": 0.5}}"#)).collect();
    let report = format!(r#"{{"schema": 1, "rows": 1, "columns": {{{}}}}}"#, columns.join(","));
    let results = held(&report, None);
    assert!(results.metrics.len() < 110, "{}", results.metrics.len());
    assert!(results.evidence["data.missing.max"].len() < 100);
}
