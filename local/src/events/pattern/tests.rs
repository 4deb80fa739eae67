use serde_json::{Value, json};

use super::Pattern;

fn matches(pattern: &Value, event: &Value) -> bool {
    Pattern::parse(pattern).expect("the pattern is known").matches(event)
}

#[test]
fn a_pattern_matches_as_eventbridge_says() {
    let cases = [
        (json!({"a": ["x"]}), json!({"a": "x", "b": 1}), true),
        (json!({"a": ["x"]}), json!({"a": "X"}), false),
        (json!({"a": ["x", "y"]}), json!({"a": "y"}), true),
        (json!({"a": ["x"]}), json!({}), false),
        (json!({"a": ["x"]}), json!({"a": ["z", "x"]}), true),
        (json!({"a": [null]}), json!({"a": null}), true),
        (json!({"a": [null]}), json!({}), false),
        (json!({"a": [300]}), json!({"a": 300.0}), true),
        (json!({"a": ["300"]}), json!({"a": 300}), false),
        (json!({"a": [true]}), json!({"a": true}), true),
        (json!({"a": {"b": ["x"]}}), json!({"a": {"b": "x"}}), true),
        (json!({"a": {"b": ["x"]}}), json!({"a": [{"b": "y"}, {"b": "x"}]}), true),
        (json!({"a": {"b": ["x"], "c": ["y"]}}), json!({"a": [{"b": "x"}, {"c": "y"}]}), false),
        (json!({"a": {"b": ["x"]}}), json!({"a": "x"}), false),
        (json!({"a": [{"prefix": "signalbox-"}]}), json!({"a": "signalbox-1"}), true),
        (json!({"a": [{"prefix": "signalbox-"}]}), json!({"a": "signalbox"}), false),
        (json!({"a": [{"prefix": {"equals-ignore-case": "SIG"}}]}), json!({"a": "signal"}), true),
        (json!({"a": [{"suffix": ".png"}]}), json!({"a": "x.png"}), true),
        (json!({"a": [{"suffix": ".png"}]}), json!({"a": "x.pngs"}), false),
        (json!({"a": [{"equals-ignore-case": "Alice"}]}), json!({"a": "aLICE"}), true),
        (json!({"a": [{"anything-but": "x"}]}), json!({"a": "y"}), true),
        (json!({"a": [{"anything-but": "x"}]}), json!({"a": "x"}), false),
        (json!({"a": [{"anything-but": ["x", "y"]}]}), json!({"a": "y"}), false),
        (json!({"a": [{"anything-but": "x"}]}), json!({}), false),
        (json!({"a": [{"anything-but": {"prefix": "x"}}]}), json!({"a": "xy"}), false),
        (json!({"a": [{"anything-but": {"prefix": ["x", "y"]}}]}), json!({"a": "zy"}), true),
        (json!({"a": [{"anything-but": {"wildcard": "*/lib/*"}}]}), json!({"a": "x/lib/y"}), false),
        (json!({"a": [{"exists": true}]}), json!({"a": null}), true),
        (json!({"a": [{"exists": true}]}), json!({"a": {"b": 1}}), false),
        (json!({"a": [{"exists": false}]}), json!({"b": 1}), true),
        (json!({"a": [{"exists": false}]}), json!({"a": 1}), false),
        (json!({"a": {"b": [{"exists": false}]}}), json!({}), true),
        (json!({"a": [{"numeric": [">", 0, "<=", 5]}]}), json!({"a": 5}), true),
        (json!({"a": [{"numeric": [">", 0, "<=", 5]}]}), json!({"a": 0}), false),
        (json!({"a": [{"numeric": ["=", 3.01e2]}]}), json!({"a": 301}), true),
        (json!({"a": [{"wildcard": "arn:*:job/*-x"}]}), json!({"a": "arn:aws:job/1-x-x"}), true),
        (json!({"a": [{"wildcard": "arn:*:job/*-x"}]}), json!({"a": "arn:aws:jobs/1-x"}), false),
        (json!({"a": [{"wildcard": "x\\*y"}]}), json!({"a": "x*y"}), true),
        (json!({"a": [{"wildcard": "x\\*y"}]}), json!({"a": "xzy"}), false),
        (json!({"a": [{"wildcard": "ab*ba"}]}), json!({"a": "aba"}), false),
        (json!({"$or": [{"a": ["x"]}, {"b": ["y"]}]}), json!({"a": "z", "b": "y"}), true),
        (json!({"$or": [{"a": ["x"]}, {"b": ["y"]}], "c": [1]}), json!({"b": "y"}), false),
    ];
    for (pattern, event, expected) in cases {
        assert_eq!(matches(&pattern, &event), expected, "{pattern} on {event}");
    }
}

#[test]
fn what_the_engine_does_not_know_is_refused_by_its_name_and_place() {
    let cases = [
        (
            json!({"detail": {"ip": [{"cidr": "10.0.0.0/8"}]}}),
            "`detail.ip` of the event pattern uses `cidr`, which the local engine does not know",
        ),
        (json!({"a": "x"}), "`a` of the event pattern must be a list of values, such as [\"x\"]"),
        (json!({"a": []}), "`a` of the event pattern is an empty list, which nothing can match"),
        (json!({"a": {}}), "`a` of the event pattern is empty, and must have a field"),
        (json!({}), "the event pattern is empty, and must have a field"),
        (
            json!({"a": [{"prefix": 1}]}),
            "`a` of the event pattern gives `prefix` something that is not text",
        ),
        (
            json!({"a": [{"numeric": [">"]}]}),
            "`a` of the event pattern needs `numeric` as a comparison and a number, once or twice",
        ),
        (
            json!({"$or": [{"a": ["x"]}]}),
            "`$or` of the event pattern needs at least two alternatives",
        ),
    ];
    for (pattern, message) in cases {
        let error = Pattern::parse(&pattern).expect_err("the pattern is refused");
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn a_mismatch_names_the_field_and_both_sides() {
    let pattern = json!({"source": ["aws.codecomit"], "detail": {"event": ["created"], "tag": [{"prefix": "v"}]}});
    let event = json!({"source": "aws.codecommit", "detail": {"event": "created"}});
    let pattern = Pattern::parse(&pattern).expect("the pattern is known");
    let told: Vec<_> = pattern.mismatches(&event).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            r#"`source` wants one of ["aws.codecomit"] and the event has "aws.codecommit""#,
            r#"`detail.tag` wants one of [{"prefix":"v"}] and the event has no such field"#,
        ]
    );
}
