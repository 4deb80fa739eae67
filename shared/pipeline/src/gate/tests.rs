use super::*;

fn refused(text: &str) -> String {
    Condition::parse(text).expect_err(text).to_string()
}

fn scope(metrics: &[(&str, Metric)]) -> Scope {
    let metrics = metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    Scope { metrics, ..Scope::default() }
}

fn verdict(text: &str, scope: &Scope) -> Verdict {
    Condition::parse(text).expect(text).evaluate(scope)
}

#[track_caller]
fn passes(text: &str, scope: &Scope) {
    assert_eq!(verdict(text, scope), Verdict::Passed { note: None }, "{text}");
}

#[track_caller]
fn fails(text: &str, scope: &Scope, expected: &str) {
    let Verdict::Failed { reason } = verdict(text, scope) else { panic!("{text} passed") };
    assert_eq!(reason, expected);
}

use Metric::{Flag, Number};

#[test]
fn whole_numbers_and_doubles_mix() {
    let scope = scope(&[("n", Number(3.0)), ("half", Number(0.5)), ("big", Number(1e300))]);
    for text in [
        "metrics.n == 3",
        "metrics.n > 2",
        "metrics.n / 2 == 1.5",
        "metrics.n * 2u + 1 == 7",
        "-metrics.n < -2",
        "metrics.n in [1, 2, 3]",
        "!(metrics.n in [1, 2])",
        "(metrics.half > 1 ? 1 : 2) == 2",
        "metrics.big > 1 && metrics.half < 1",
        "metrics.n != 4 || metrics.half == 4",
    ] {
        passes(text, &scope);
    }
}

#[test]
fn digits_in_a_text_stay_a_text() {
    let digest = ImageDigest::parse(format!("sha256:{}", "01".repeat(32))).unwrap();
    let image = Some(ImageFacts { digest, bytes: Some(500) });
    let scope = Scope { image, ..Scope::default() };
    passes("image.digest.startsWith('sha256:01')", &scope);
    passes("image.digest.contains(\"0101\") && image.bytes <= 500", &scope);
    fails("image.bytes < 500", &scope, "image.bytes < 500: image.bytes is 500");
    fails("image.bytes < 5", &Scope::default(), "image.bytes < 5: image.bytes is not known");
}

#[test]
fn a_failure_shows_the_values_that_were_read() {
    let scope = scope(&[("auc", Number(0.55)), ("loss.last", Number(2.0)), ("ok", Flag(false))]);
    fails("metrics.auc > 0.6", &scope, "metrics.auc > 0.6: metrics.auc is 0.55");
    fails(
        "metrics.auc > 0.6  ||\n metrics.loss.last < metrics.auc",
        &scope,
        "metrics.auc > 0.6 || metrics.loss.last < metrics.auc: \
         metrics.auc is 0.55, metrics.loss.last is 2",
    );
    fails("metrics.ok", &scope, "metrics.ok: metrics.ok is false");
    passes("!metrics.ok", &scope);
    fails("metrics.auc", &scope, "metrics.auc: metrics.auc is 0.55, which is not true or false");
}

#[test]
fn nested_names_are_joined_with_dots() {
    let scope = scope(&[("a.b", Number(1.0)), ("a", Number(2.0)), ("x/y", Number(3.0))]);
    for text in [
        "metrics.a.b == 1",
        "metrics.a == 2",
        "metrics[\"a.b\"] == 1",
        "metrics['a'].b == 1",
        "metrics['x/y'] == 3",
    ] {
        passes(text, &scope);
    }
    fails("metrics['x/z'] > 1", &scope, "metrics['x/z'] > 1: metrics[\"x/z\"] was not reported");
}

#[test]
fn a_missing_metric_fails_by_its_name_even_where_the_rest_holds() {
    let scope = scope(&[("loss", Number(1.0))]);
    for text in ["metrics.auc > 0.6", "metrics.loss == 1 || metrics.auc > 0.6", "!metrics.auc"] {
        fails(text, &scope, &format!("{text}: metrics.auc was not reported"));
    }
    fails(
        "tests.failed == 0",
        &scope,
        "tests.failed == 0: tests.failed was not reported: there were no test results",
    );
}

#[test]
fn a_condition_may_ask_whether_a_metric_was_reported() {
    let some = scope(&[("auc", Number(0.5))]);
    let none = Scope::default();
    passes("!has(metrics.auc) || metrics.auc > 0.4", &none);
    passes("!has(metrics.auc) || metrics.auc > 0.4", &some);
    passes("has(metrics.auc) ? metrics.auc > 0.4 : true", &none);
    fails("has(metrics.auc)", &none, "has(metrics.auc): metrics.auc was not reported");
    fails(
        "has(metrics.auc) || metrics.auc > 1",
        &none,
        "has(metrics.auc) || metrics.auc > 1: metrics.auc was not reported",
    );
}

#[test]
fn a_gate_that_reads_what_is_not_finite_fails() {
    let scope = scope(&[
        ("loss", Metric::NaN),
        ("up", Metric::Infinity),
        ("down", Metric::NegativeInfinity),
        ("good", Number(1.0)),
    ]);
    fails("metrics.loss < 1", &scope, "metrics.loss < 1: metrics.loss is NaN");
    fails("metrics.loss != 1", &scope, "metrics.loss != 1: metrics.loss is NaN");
    fails("metrics.up > 1", &scope, "metrics.up > 1: metrics.up is Infinity");
    fails("metrics.down < 1", &scope, "metrics.down < 1: metrics.down is -Infinity");
    let text = "metrics.good == 1 || metrics.loss < 1";
    fails(text, &scope, &format!("{text}: metrics.loss is NaN"));
    passes("has(metrics.loss)", &scope);
}

#[test]
fn dividing_by_zero_is_not_infinitely_good() {
    let scope = scope(&[("a", Number(1.0)), ("zero", Number(0.0)), ("big", Number(1e308))]);
    fails(
        "metrics.a / metrics.zero > 0.5",
        &scope,
        "metrics.a / metrics.zero > 0.5: Error executing function 'arithmetic': \
         the result is Infinity (metrics.a is 1, metrics.zero is 0)",
    );
    for text in
        ["metrics.zero / metrics.zero != 1", "metrics.big * 10 > 1", "metrics.big + 1e308 > 1"]
    {
        assert!(matches!(verdict(text, &scope), Verdict::Failed { .. }), "{text}");
    }
    passes("metrics.zero == 0 || metrics.a / metrics.zero > 1", &scope);
}

#[test]
fn an_evaluation_error_fails_with_its_text() {
    let scope = scope(&[("flag", Flag(true))]);
    let Verdict::Failed { reason } = verdict("metrics.flag > 0.5", &scope) else { panic!() };
    assert!(reason.starts_with("metrics.flag > 0.5: "), "{reason}");
    assert!(reason.ends_with("(metrics.flag is true)"), "{reason}");
}

#[test]
fn without_a_current_release_what_reads_it_passes_and_says_so() {
    let scope = scope(&[("auc", Number(0.5))]);
    assert_eq!(
        verdict("metrics.auc >= current.metrics.auc - 0.02", &scope),
        Verdict::Passed {
            note: Some(
                "metrics.auc >= current.metrics.auc - 0.02: \
                 there is no current release to compare with"
                    .to_owned()
            )
        }
    );
    // The part that does not need it still counts.
    let both = "metrics.auc > 0.6 && metrics.auc >= current.metrics.auc";
    fails(both, &scope, &format!("{both}: metrics.auc is 0.5"));
    // And so does what the job itself owes.
    let typo = "metrics.acu >= current.metrics.auc";
    fails(typo, &scope, &format!("{typo}: metrics.acu was not reported"));
}

#[test]
fn a_current_release_is_compared_with() {
    let mut scope = scope(&[("auc", Number(0.5)), ("new", Number(1.0))]);
    let metrics = [("auc".to_owned(), Number(0.75))].into();
    let tests = Some(Tests { total: 4, ..Tests::default() });
    scope.current = Some(Current { metrics, tests });
    scope.tests = Some(Tests { total: 5, passed: 5, ..Tests::default() });
    passes("metrics.auc >= current.metrics.auc - 0.25", &scope);
    passes("tests.total >= current.tests.total && tests.failed == 0", &scope);
    fails(
        "metrics.auc >= current.metrics.auc",
        &scope,
        "metrics.auc >= current.metrics.auc: metrics.auc is 0.5, current.metrics.auc is 0.75",
    );
    fails(
        "metrics.new <= current.metrics.new",
        &scope,
        "metrics.new <= current.metrics.new: current.metrics.new was not reported",
    );
}

#[test]
fn what_is_no_condition_is_refused_with_its_reason() {
    for (text, expected) in [
        ("", "the condition does not parse: it ends too early"),
        ("metrics.auc >", "the condition does not parse: it ends too early"),
        ("metrics.auc > 1)", "the condition does not parse: unexpected `)`"),
        ("auc > 0.6", "`auc` is not known in a condition"),
        ("metric.auc > 0.6", "`metric` is not known in a condition"),
        ("metrics > 0.6", "`metrics` is not a value"),
        ("tests.fialed == 0", "`tests` has no `fialed`"),
        ("current.auc > 1", "`current.auc` is not a value"),
        ("image.tag == 'x'", "`image.tag` is not a value"),
        ("true", "the condition is constant"),
        ("1 < 2", "the condition is constant"),
        ("metrics.a > 1 || true", "the condition is constant"),
        ("false && metrics.ok", "the condition is constant"),
        ("metrics.a + 1", "the condition is a number, not true or false"),
        ("image.digest", "the condition is a text, not true or false"),
        ("metrics.a == 'x'", "`==` cannot take a metric and a text"),
        ("tests.failed && metrics.ok", "`&&` wants true or false, not a number"),
        ("image.digest > 1", "`>` wants a number, not a text"),
        ("metrics.a % 2 == 0", "`%` has no meaning here: every number is a double"),
        ("metrics.a in metrics", "a list must stand after `in`"),
        ("'auc' in metrics", "a list must stand after `in`"),
        ("size(metrics) > 1", "there is no function `size`"),
        ("finite(metrics.a) > 1", "there is no function `finite`"),
        ("metrics.a.floor() > 1", "there is no function `floor`"),
        ("metrics.all(m, true)", "macros such as all and exists are not supported in conditions"),
        (
            "[1, 2].exists(x, x > metrics.a)",
            "macros such as all and exists are not supported in conditions",
        ),
        ("metrics.a == null", "null and bytes are not supported in conditions"),
        ("{'a': metrics.a} == {'a': 1}", "mappings are not supported in conditions"),
        ("metrics[metrics.a] > 1", "only a text can stand in [ ]"),
    ] {
        assert_eq!(refused(text), expected, "{text}");
    }
    let error = Condition::parse("metric.auc > 0.6").unwrap_err();
    assert_eq!(error.help.as_deref(), Some("did you mean `metrics`?"));
    assert_eq!(Condition::parse("metrics.auc > > 1").unwrap_err().offset, Some(14));
}

#[test]
fn the_cost_is_bounded() {
    assert!(refused(&format!("metrics.{} > 1", "a".repeat(600))).contains("at most 512"));
    let deep = [
        format!("{}metrics.a", "!(".repeat(200)),
        format!("metrics{}", ".a".repeat(200)),
        format!("{}metrics.a{}", "(".repeat(200), ")".repeat(200)),
        format!("metrics.a{} > 1", "+1".repeat(200)),
        format!("{}metrics.a", "true?true:".repeat(40)),
        "[".repeat(500),
        "{".repeat(500),
        "a(".repeat(250),
    ];
    for text in deep {
        assert_eq!(refused(&text), "the condition is nested too deeply", "{text}");
    }
}

#[test]
fn a_stored_condition_is_its_text_and_is_read_without_checking() {
    let condition = Condition::parse("metrics.auc > 0.6").unwrap();
    assert_eq!(serde_json::to_string(&condition).unwrap(), "\"metrics.auc > 0.6\"");
    let stale: Condition = serde_json::from_str("\"metrics.auc >\"").unwrap();
    let Verdict::Failed { reason } = stale.evaluate(&Scope::default()) else { panic!() };
    assert_eq!(reason, "metrics.auc >: the condition does not parse: it ends too early");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_condition_panic(text in "[ -~é\n]{0,80}") {
        if let Ok(condition) = Condition::parse(&text) {
            let _ = condition.evaluate(&Scope::default());
        }
    }

    #[test]
    fn no_string_of_tokens_makes_a_condition_panic(
        tokens in proptest::collection::vec(proptest::sample::select(TOKENS), 0..24)
    ) {
        let text = tokens.join(" ");
        let scope = scope(&[("a", Number(1.0)), ("b", Metric::NaN), ("c", Flag(true))]);
        if let Ok(condition) = Condition::parse(&text) {
            let _ = condition.evaluate(&scope);
        }
    }

    /// Two parsers that share no code read the same texts, and read the same in them. Ours also
    /// takes `!-x`, which is refused for its kinds.
    #[test]
    fn the_parser_agrees_with_the_grammar_of_cel(
        tokens in proptest::collection::vec(proptest::sample::select(TOKENS), 0..8)
    ) {
        let text = tokens.join(" ");
        match (cel::parser::Parser::new().parse(&text), syntax::compile(&text)) {
            (Ok(grammar), Ok(ours)) => {
                proptest::prop_assert_eq!(without_ids(&grammar), without_ids(&ours), "{}", text);
            }
            (Ok(_), Err(error)) => proptest::prop_assert!(false, "{}: {}", text, error),
            (Err(_), Ok(_)) => proptest::prop_assert!(Condition::parse(&text).is_err(), "{}", text),
            (Err(_), Err(_)) => {}
        }
    }
}

fn without_ids(expression: &cel::IdedExpr) -> String {
    let shown = format!("{expression:?}");
    let mut parts = shown.split("id: ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

const TOKENS: &[&str] = &[
    "metrics.a",
    "metrics.b",
    "metrics.c",
    "metrics",
    "tests.failed",
    "current.metrics.a",
    "image.digest",
    "has(metrics.a)",
    "&&",
    "||",
    "!",
    "==",
    "!=",
    "<",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "?",
    ":",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "in",
    "1",
    "2u",
    "0.5",
    "1e400",
    "'x'",
    "true",
    "null",
    ",",
    ".a",
    "9223372036854775808",
    "b'x'",
];
