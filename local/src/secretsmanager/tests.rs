use super::*;
use crate::principals::Kind;

async fn ask(secrets: &SecretsManager, operation: &str, body: Value) -> Result<Value, String> {
    let text = String::new;
    let caller = Principal {
        kind: Kind::Function,
        name: text(),
        user_id: text(),
        access_key_id: text(),
        secret_access_key: text(),
    };
    secrets.call(&caller, operation, body).await.map_err(|error| error.code)
}

#[tokio::test]
async fn a_secret_is_what_the_file_says_now_whoever_wrote_it() {
    let dir = tempfile::tempdir().unwrap();
    let secrets = SecretsManager::open(dir.path());
    let get = || ask(&secrets, "GetSecretValue", json!({ "SecretId": "signalbox/chat" }));
    assert_eq!(get().await, Err("ResourceNotFoundException".to_owned()));
    let made = json!({ "Name": "signalbox/chat", "SecretString": "one" });
    let made = ask(&secrets, "CreateSecret", made).await.unwrap();
    assert_eq!(get().await.unwrap()["SecretString"], "one");
    let by_arn = ask(&secrets, "GetSecretValue", json!({ "SecretId": made["ARN"] })).await;
    assert_eq!(by_arn.unwrap()["Name"], "signalbox/chat");
    let mode = std::fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "nobody else may read them");

    std::fs::write(dir.path().join(FILE), r#"{"signalbox/chat":{"url":"u"}}"#).unwrap();
    assert_eq!(get().await.unwrap()["SecretString"], r#"{"url":"u"}"#);
    std::fs::write(dir.path().join(FILE), "[").unwrap();
    assert_eq!(get().await, Err("InternalFailure".to_owned()));
}
