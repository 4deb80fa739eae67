use serde_json::{Value, json};

use super::*;
use crate::principals::{Kind, Principal};
use crate::wire::JsonService as _;

async fn ask(sns: &Sns, operation: &str, form: Value) -> Result<Value, String> {
    let text = String::new;
    let caller = Principal {
        kind: Kind::Function,
        name: text(),
        user_id: text(),
        access_key_id: text(),
        secret_access_key: text(),
    };
    sns.call(&caller, operation, form).await.map_err(|error| error.code)
}

#[tokio::test]
async fn what_was_published_is_told_and_outlives_the_engine() {
    let dir = tempfile::tempdir().unwrap();
    let sns = Sns::open(dir.path(), Clock::default()).unwrap();
    let topic = sns.create("signalbox-releases").unwrap();
    let mut told = sns.subscribe();
    let form = json!({
        "TopicArn": topic, "Subject": "rain failed", "Message": "why",
        "MessageAttributes.entry.1.Name": "kind",
        "MessageAttributes.entry.1.Value.DataType": "String",
        "MessageAttributes.entry.1.Value.StringValue": "finished",
    });
    let id = ask(&sns, "Publish", form).await.unwrap()["MessageId"].clone();
    let heard = told.recv().await.unwrap();
    assert_eq!((json!(heard.id), heard.message.as_str()), (id, "why"));
    assert_eq!(heard.attributes["kind"], "finished");
    drop(sns);
    assert_eq!(Sns::published(dir.path()).unwrap(), [heard]);
    let again = Sns::open(dir.path(), Clock::default()).unwrap();
    assert!(again.has(&topic));
}

#[tokio::test]
async fn what_sns_would_not_take_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let sns = Sns::open(dir.path(), Clock::default()).unwrap();
    let topic = sns.create("signalbox-releases").unwrap();
    for (form, code) in [
        (json!({ "TopicArn": topic, "Message": "" }), "InvalidParameter"),
        (json!({ "TopicArn": topic, "Message": "m", "Subject": "a\nb" }), "InvalidParameter"),
        (json!({ "TopicArn": topic, "Message": "m", "Subject": "ä" }), "InvalidParameter"),
        (
            json!({ "TopicArn": topic, "Message": "m", "Subject": "s".repeat(101) }),
            "InvalidParameter",
        ),
        (json!({ "TopicArn": topic, "Message": "m".repeat(LARGEST_AND_ONE) }), "InvalidParameter"),
        (json!({ "TopicArn": arn("other"), "Message": "m" }), "NotFound"),
    ] {
        assert_eq!(ask(&sns, "Publish", form).await, Err(code.to_owned()));
    }
    assert_eq!(ask(&sns, "Subscribe", json!({})).await, Err("InvalidAction".to_owned()));
    assert_eq!(Sns::published(dir.path()).unwrap(), []);
}

const LARGEST_AND_ONE: usize = 256 * 1024 + 1;
