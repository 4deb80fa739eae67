use serde_json::{Value, json};

use super::*;

fn event(detail: &Value) -> String {
    json!({
        "version": "0", "id": "01234567-EXAMPLE", "source": SOURCE, "detail-type": DETAIL_TYPE,
        "account": "123456789012", "time": "2019-06-12T10:23:43Z", "region": "us-east-2",
        "resources": [], "new-field": { "deep": [1] }, "detail": detail,
    })
    .to_string()
}

fn push() -> Value {
    json!({
        "event": "referenceUpdated", "repositoryName": "rain", "referenceType": "branch",
        "referenceName": "release/1", "commitId": "3e5983d000000000000000000000000000000000",
        "oldCommitId": "7f0103f000000000000000000000000000000000", "mergeOption": "THREE_WAY_MERGE",
    })
}

fn parse(body: &str) -> Result<Read<Push>, Malformed> {
    read(&Envelope::parse(body)?, &Host::parse("codecommit.us-east-2.amazonaws.com").unwrap())
}

#[test]
fn an_updated_branch_is_a_push() {
    let Read::Event(push) = parse(&event(&push())).unwrap() else { panic!("ignored") };
    assert_eq!(push.repository.as_str(), "rain");
    assert_eq!(push.branch.as_str(), "release/1");
    assert_eq!(push.previous.unwrap().short(), "7f0103f");
    assert_eq!(push.event.as_str(), "01234567-EXAMPLE");
}

#[test]
fn a_new_branch_has_no_previous_commit() {
    let mut detail = push();
    detail["event"] = "referenceCreated".into();
    detail.as_object_mut().unwrap().remove("oldCommitId");
    let Read::Event(push) = parse(&event(&detail)).unwrap() else { panic!("ignored") };
    assert_eq!(push.previous, None);
}

#[test]
fn what_starts_no_run_is_ignored_with_a_reason() {
    for (field, value) in [
        ("event", "referenceDeleted"),
        ("event", "unreferencedMergeCommitCreated"),
        ("event", "somethingNew"),
        ("referenceType", "tag"),
    ] {
        let mut detail = push();
        detail[field] = value.into();
        assert!(matches!(parse(&event(&detail)), Ok(Read::Ignored(_))), "{field} {value}");
    }
    let other = event(&push()).replace(DETAIL_TYPE, "CodeCommit Comment on Commit");
    assert!(matches!(parse(&other), Ok(Read::Ignored(_))));
}

#[test]
fn names_that_could_leave_their_place_are_malformed_and_say_where() {
    for (field, value) in [
        ("repositoryName", "../../etc".to_owned()),
        ("repositoryName", "a b".to_owned()),
        ("referenceName", "x".repeat(300)),
        ("commitId", "HEAD".to_owned()),
    ] {
        let mut detail = push();
        detail[field] = value.into();
        let error = parse(&event(&detail)).unwrap_err();
        assert_eq!(error.place, format!("detail.{field}"));
    }
}

#[test]
fn near_garbage_is_malformed_and_never_a_panic() {
    let good = event(&push());
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let huge = format!("{{\"x\":\"{}\"}}", "a".repeat(1 << 20));
    let cut = &good[..good.len() - 2];
    let time = good.replace("2019-06-12T10:23:43Z", "yesterday");
    let id = good.replace("01234567-EXAMPLE", "../x");
    for body in ["", "null", "[]", "{}", "\u{0}", &deep, &huge, cut, &time, &id] {
        assert!(parse(body).is_err(), "{body:.80}");
    }
    let error = parse(&huge).unwrap_err().to_string();
    assert!(error.contains("262144 at most"), "{error}");
}
