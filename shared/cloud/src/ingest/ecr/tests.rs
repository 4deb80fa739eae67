use serde_json::{Value, json};

use super::*;

fn detail() -> Value {
    json!({
        "result": "SUCCESS", "repository-name": "rain-trainer", "action-type": "PUSH",
        "image-digest": format!("sha256:{}", "0a".repeat(32)), "image-tag": "latest",
    })
}

fn parse(detail: &Value) -> Result<Read<ImagePush>, Malformed> {
    let body = json!({
        "id": "13cde686-328b", "source": SOURCE, "detail-type": DETAIL_TYPE,
        "time": "2019-11-16T01:54:34Z", "detail": detail,
    });
    read(&Envelope::parse(&body.to_string())?)
}

#[test]
fn a_push_is_read_with_or_without_a_tag() {
    let Read::Event(push) = parse(&detail()).unwrap() else { panic!("ignored") };
    assert_eq!(push.tag.unwrap().as_str(), "latest");
    let mut untagged = detail();
    untagged.as_object_mut().unwrap().remove("image-tag");
    let Read::Event(push) = parse(&untagged).unwrap() else { panic!("ignored") };
    assert_eq!(push.tag, None);
}

#[test]
fn what_brings_no_image_is_ignored() {
    for (field, value) in
        [("action-type", "DELETE"), ("action-type", "REPLICATE"), ("result", "FAILURE")]
    {
        let mut detail = detail();
        detail[field] = value.into();
        assert!(matches!(parse(&detail), Ok(Read::Ignored(_))), "{value}");
    }
}

#[test]
fn a_digest_or_tag_that_is_none_is_malformed() {
    for field in ["image-digest", "image-tag", "repository-name"] {
        let mut detail = detail();
        detail[field] = "../x y".into();
        assert_eq!(parse(&detail).unwrap_err().place, format!("detail.{field}"));
    }
}
