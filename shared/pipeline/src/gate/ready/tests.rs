use super::super::*;
use super::*;

fn scope(metrics: &[(&str, Metric)]) -> Scope {
    let metrics = metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    Scope { metrics, ..Scope::default() }
}

fn failure(name: &str, scope: &Scope) -> String {
    match Condition::parse(name).unwrap().evaluate(scope) {
        Verdict::Failed { reason } => reason,
        Verdict::Passed { .. } => panic!("{name} passed"),
    }
}

#[test]
fn a_name_stands_for_its_condition() {
    for ready in READY {
        let condition = Condition::parse(ready.name).expect(ready.name);
        assert_eq!(condition, Condition::parse(ready.condition).expect(ready.condition));
    }
}

#[test]
fn a_gate_that_fails_says_what_to_change() {
    let scope = scope(&[("loss_first", Metric::Number(0.5)), ("loss_last", Metric::Number(0.7))]);
    assert_eq!(
        failure("loss-falls", &scope),
        "loss-falls: metrics.loss_last < metrics.loss_first: metrics.loss_last is 0.7, \
         metrics.loss_first is 0.5; the model does not learn: try a smaller learning rate, and look \
         at what it is fed"
    );
}

#[test]
fn a_number_that_is_missing_is_asked_for() {
    assert_eq!(
        failure("no-nan", &Scope::default()),
        "no-nan: !metrics.has_nan: metrics.has_nan was not reported; report has_nan, whether the \
         loss or a weight ever stopped being a finite number"
    );
}

#[test]
fn what_is_behind_a_number_is_told_with_it() {
    let mut scope = scope(&[("data.drift.max", Metric::Number(0.31))]);
    scope.evidence.insert("data.drift.max".to_owned(), "humidity 0.31, wind 0.22".to_owned());
    let reason = failure("no-drift", &scope);
    assert!(
        reason.contains("metrics.data.drift.max is 0.31 (humidity 0.31, wind 0.22); "),
        "{reason}"
    );
    scope = Scope::default();
    scope.evidence.insert("data".to_owned(), "results/data.json is not JSON".to_owned());
    let reason = failure("no-drift", &scope);
    let expected = "metrics.data.drift.max was not reported (results/data.json is not JSON); ";
    assert!(reason.contains(expected), "{reason}");
}

#[test]
fn what_is_compared_with_the_live_release_passes_where_there_is_none() {
    let scope = scope(&[("signature", Metric::Number(7.0))]);
    let verdict = Condition::parse("same-signature").unwrap().evaluate(&scope);
    assert!(matches!(verdict, Verdict::Passed { note: Some(_) }), "{verdict:?}");
    let live = [("signature".to_owned(), Metric::Number(8.0))].into_iter().collect();
    let other = Scope { current: Some(Current { metrics: live, tests: None }), ..scope };
    assert!(
        failure("same-signature", &other).contains("current.metrics.signature is 8; who calls")
    );
}

#[test]
fn a_misspelt_name_is_refused_with_what_was_meant() {
    let error = Condition::parse("los-falls").unwrap_err();
    assert_eq!(error.message, "there is no ready-made gate `los-falls`");
    assert_eq!(error.help.as_deref(), Some("did you mean `loss-falls`?"));
    let error = Condition::parse("all-good").unwrap_err();
    assert!(error.help.unwrap().starts_with("there are: loss-falls, no-nan, "));
}

#[test]
fn an_expression_is_no_name() {
    for text in ["metrics.a-metrics.b > 0", "-metrics.n < 1"] {
        assert_eq!(named(text).unwrap(), None, "{text}");
    }
}
