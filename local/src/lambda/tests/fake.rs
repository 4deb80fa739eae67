//! A function for tests: this test program itself, started again.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

const NAME: &str = "lambda::tests::fake::function";

/// The command that runs the function below.
pub(crate) fn program() -> Vec<OsString> {
    let exe = std::env::current_exe().expect("this program has a path");
    vec![exe.into(), NAME.into(), "--exact".into(), "--nocapture".into()]
}

/// Speaks the Runtime API when it was started as a function, and is no test otherwise.
#[test]
fn function() {
    let Ok(api) = std::env::var("AWS_LAMBDA_RUNTIME_API") else { return };
    if std::env::var("FAKE").as_deref() == Ok("broken") {
        eprintln!("FAKE must not be `broken`");
        std::process::exit(1);
    }
    let mut connection = Connection::open(&api);
    loop {
        let (id, event) = connection.call("GET", "/2018-06-01/runtime/invocation/next", &[], "");
        let (what, answer) = answer(&serde_json::from_str(&event).expect("an event is JSON"));
        let path = format!("/2018-06-01/runtime/invocation/{id}/{what}");
        connection.call("POST", &path, &[], &answer);
    }
}

/// What the function does is what the bodies of the messages say.
fn answer(event: &Value) -> (&'static str, String) {
    let records = event["Records"].as_array().cloned().unwrap_or_default();
    let mut failures = Vec::new();
    if records.is_empty() {
        forward(event["source"].as_str().unwrap_or_default());
    }
    for record in &records {
        let body = record["body"].as_str().unwrap_or_default();
        let words: Vec<&str> = body.split(':').collect();
        match words.as_slice() {
            ["fail"] => failures.push(json!({"itemIdentifier": record["messageId"]})),
            ["nobody"] => failures.push(json!({"itemIdentifier": "nobody"})),
            ["empty"] => failures.push(json!({"itemIdentifier": ""})),
            ["badkey"] => failures.push(json!({"id": record["messageId"]})),
            ["garbage"] => return ("response", "not JSON".to_owned()),
            ["nothing"] => return ("response", String::new()),
            ["null"] => return ("response", r#"{"batchItemFailures":null}"#.to_owned()),
            ["error"] => return ("error", r#"{"errorMessage":"no"}"#.to_owned()),
            ["record"] => return ("response", record.to_string()),
            ["variables"] => {
                let names: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
                return ("response", json!(names).to_string());
            }
            ["crash"] => {
                eprintln!("the last words");
                std::process::exit(3);
            }
            ["hang"] => loop {
                std::thread::park();
            },
            ["meet", dir, own, other] => {
                std::fs::write(format!("{dir}/{own}"), "").expect("the folder is there");
                while !std::path::Path::new(&format!("{dir}/{other}")).exists() {
                    std::thread::yield_now();
                }
            }
            _ => forward(body),
        }
    }
    ("response", json!({"batchItemFailures": failures}).to_string())
}

/// Sends `body` to the queue in the variable `OUT`, if there is one.
fn forward(body: &str) {
    let Ok(queue) = std::env::var("OUT") else { return };
    let variable = |name: &str| std::env::var(name).expect("Lambda sets it");
    let endpoint = variable("AWS_ENDPOINT_URL");
    let key = variable("AWS_ACCESS_KEY_ID");
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={key}/20260101/eu-west-1/sqs/aws4_request, SignedHeaders=host, Signature=0"
    );
    let headers = [
        ("X-Amz-Target", "AmazonSQS.SendMessage"),
        ("Content-Type", "application/x-amz-json-1.0"),
        ("Authorization", &authorization),
    ];
    let message = json!({"QueueUrl": queue, "MessageBody": body}).to_string();
    let mut connection = Connection::open(endpoint.trim_start_matches("http://"));
    connection.call("POST", "/", &headers, &message);
}

/// The least that HTTP needs.
struct Connection {
    host: String,
    stream: BufReader<TcpStream>,
}

impl Connection {
    fn open(host: &str) -> Self {
        let stream = TcpStream::connect(host).expect("the engine listens");
        stream.set_nodelay(true).expect("it is TCP");
        Self { host: host.to_owned(), stream: BufReader::new(stream) }
    }

    /// Returns the request id, if there is one, and the body. Ends the process when the engine is
    /// gone, as a function does.
    fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (String, String) {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.host);
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        let sent = self.stream.get_mut().write_all(request.as_bytes());
        let (mut id, mut length, mut line) = (String::new(), 0, String::new());
        loop {
            line.clear();
            if sent.is_err() || self.stream.read_line(&mut line).unwrap_or(0) == 0 {
                std::process::exit(2);
            }
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().expect("a number");
                }
                Some((name, value))
                    if name.eq_ignore_ascii_case("lambda-runtime-aws-request-id") =>
                {
                    id = value.to_owned();
                }
                _ if line == "\r\n" => break,
                _ => {}
            }
        }
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).expect("the whole body");
        (id, String::from_utf8(bytes).expect("text"))
    }
}
