use super::*;

#[test]
fn an_order_that_is_missing_or_of_another_schema_is_refused_with_the_remedy() {
    let missing = order(&Environment::default()).unwrap_err();
    assert!(missing.to_string().contains("is started by Signalbox"));
    let text = r#"{"schema":2,"artifacts_bucket":"a","incoming":"incoming/AROA","timeout_seconds":1,
                   "work":{"kind":"exec","source":null,"setup":[]}}"#;
    let other = order(&[(VARIABLE, text)].into_iter().collect()).unwrap_err();
    assert!(other.to_string().contains("deploy functions and runner together"));
    let broken = order(&[(VARIABLE, "{")].into_iter().collect()).unwrap_err();
    assert!(broken.to_string().contains("is not an order"));
}
