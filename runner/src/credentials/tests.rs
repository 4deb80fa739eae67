use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

fn provider(variables: &[(&str, &str)]) -> JobCredentials {
    JobCredentials::of(&variables.iter().copied().collect())
}

/// Answers one request with credentials that expire at `expiration`, and returns what it was asked.
async fn agent(listener: TcpListener, expiration: &str) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.unwrap());
    }
    let body = format!(
        r#"{{"RoleArn":"r","AccessKeyId":"ASIA1","SecretAccessKey":"s","Token":"t","Expiration":"{expiration}"}}"#
    );
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
    String::from_utf8(request).unwrap()
}

#[tokio::test]
async fn variables_come_first() {
    let provider = provider(&[("AWS_ACCESS_KEY_ID", "AKIA1"), ("AWS_SECRET_ACCESS_KEY", "s")]);
    assert_eq!(provider.current().await.unwrap().access_key_id(), "AKIA1");
}

#[tokio::test]
async fn the_agent_is_asked_with_its_token_and_only_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/_ecs/credentials/7", listener.local_addr().unwrap());
    let provider = provider(&[
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "secret token"),
    ]);
    let (asked, first) = tokio::join!(agent(listener, "2999-01-01T00:00:00Z"), provider.current());
    assert!(asked.starts_with("GET /_ecs/credentials/7 HTTP/1.1\r\n"));
    assert!(asked.contains("authorization: secret token\r\n"));
    assert_eq!(first.unwrap().session_token(), Some("t"));
    // The listener is gone: this is what was remembered.
    assert_eq!(provider.current().await.unwrap().access_key_id(), "ASIA1");
}

#[tokio::test]
async fn a_foreign_host_is_not_asked() {
    for url in ["http://example.com/creds", "http://127.0.0.1.example.com/", "ftp://127.0.0.1/"] {
        let error =
            provider(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)]).current().await.unwrap_err();
        assert!(error.to_string().contains("only the container's own agent"), "{error}");
    }
}

#[tokio::test]
async fn without_any_credentials_the_remedy_is_said() {
    let error = provider(&[]).current().await.unwrap_err();
    assert!(error.to_string().contains("give the job a role"));
}
