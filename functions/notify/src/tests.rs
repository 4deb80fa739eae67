use std::process::Command;

use aws_lambda_events::sqs::SqsEvent;
use serde_json::{Value, json};
use signalbox_cloud::config::from_env;
use signalbox_testkit::{Answer, Script, Seen, fixture, json_error, messages, ok, variable};

use super::*;

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:signalbox-releases";
const KEY: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

fn shell(script: &Script) -> Shell<Notify> {
    type Groups = (Account, Notifications, DeadLetters);
    let (account, Notifications(own), DeadLetters(dead)) = from_env::<Groups>(variable).unwrap();
    let clients = Clients::over(account, signalbox_testkit::http(script.clone()));
    let notices = Notices::new(clients.sqs(), &own);
    let queue = Queue::new(clients.sqs(), &dead, Chance::system());
    let now: jiff::Timestamp = "2026-11-20T09:24:00Z".parse().unwrap();
    Shell::new(Notify { clients, notices, clock: Clock::new(move || now) }, queue)
}

fn notice(targets: &Value) -> Value {
    let event: Value = serde_json::from_str(&fixture("sqs-notice.json")).unwrap();
    let body = event["Records"][0]["body"].as_str().unwrap();
    let mut notice: Value = serde_json::from_str(body).unwrap();
    notice["targets"] = targets.clone();
    notice
}

/// What went out while `notices` were told with these `answers`, and which of them come again.
async fn told(notices: &[Value], answers: Vec<Answer>) -> (Vec<Seen>, Vec<String>) {
    let script = Script::new(answers);
    let bodies: Vec<String> = notices.iter().map(Value::to_string).collect();
    let event: SqsEvent = serde_json::from_value(messages(&bodies)).unwrap();
    let response = shell(&script).handle(event).await;
    let again = response.batch_item_failures.into_iter().map(|failed| failed.item_identifier);
    (script.done(), again.collect())
}

fn secret(value: &Value) -> Answer {
    ok(json!({ "SecretString": value.to_string() }).to_string())
}

fn hook() -> Answer {
    secret(&json!({ "url": "https://chat.example.com/hook?a=b", "key": KEY }))
}

fn refused(status: u16) -> Answer {
    Answer::Http(status, vec![], "no\u{7} such\nhook".to_owned())
}

#[tokio::test]
async fn a_topic_is_told_in_words_and_by_attributes_to_filter_by() {
    let (seen, again) =
        told(&[notice(&json!([{ "sns": TOPIC }]))], vec![ok("<PublishResponse/>")]).await;
    assert_eq!(again, [""; 0]);
    let form: std::collections::BTreeMap<String, String> = seen[0]
        .body
        .split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert_eq!((form["Action"].as_str(), form["Version"].as_str()), ("Publish", "2010-03-31"));
    assert_eq!(form["TopicArn"], TOPIC.replace(':', "%3A"));
    assert!(form["Message"].contains("checks%2Funit%20failed"), "{}", form["Message"]);
    assert_eq!(form["MessageAttributes.entry.2.Name"], "kind");
    assert_eq!(form["MessageAttributes.entry.2.Value.StringValue"], "finished");
    assert!(seen[0].header("authorization").unwrap().contains("/eu-west-1/sns/aws4_request"));
}

#[tokio::test]
async fn python_verifies_the_signature_of_a_webhook() {
    let to_chat = notice(&json!([{ "webhook": "secret:signalbox/chat" }]));
    let (seen, again) = told(&[to_chat], vec![hook(), ok("")]).await;
    assert_eq!(again, [""; 0]);
    let post = &seen[1];
    assert_eq!(post.uri, "https://chat.example.com/hook?a=b");
    assert_eq!(post.header("idempotency-key"), post.header("webhook-id"));
    assert_eq!(post.header("webhook-timestamp"), Some("1795166640"));
    let verify = "\
import base64, hashlib, hmac, sys
key, identity, timestamp, signature, body = sys.argv[1:]
signed = f'{identity}.{timestamp}.{body}'.encode()
mac = hmac.new(base64.b64decode(key.removeprefix('whsec_')), signed, hashlib.sha256).digest()
sys.exit(0 if hmac.compare_digest('v1,' + base64.b64encode(mac).decode(), signature) else 1)";
    let header = |name: &str| post.header(name).unwrap().to_owned();
    let verified = |body: &str| {
        let signed =
            [header("webhook-id"), header("webhook-timestamp"), header("webhook-signature")];
        let python =
            Command::new("python3").args(["-c", verify, KEY]).args(signed).arg(body).status();
        python.unwrap().success()
    };
    assert!(verified(&post.body));
    assert!(!verified(&post.body.replace("finished", "fallback")));
}

#[tokio::test]
async fn a_receiver_is_not_told_who_else_there_is_nor_any_secret() {
    let (seen, _) =
        told(&[notice(&json!([{ "webhook": "secret:signalbox/chat" }]))], vec![hook(), ok("")])
            .await;
    let body: Value = serde_json::from_str(&seen[1].body).unwrap();
    assert!(body.get("targets").is_none() && !seen[1].body.contains("whsec"), "{body}");
    assert_eq!(seen[0].header("x-amz-target"), Some("secretsmanager.GetSecretValue"));
    assert_eq!(seen[0].body, r#"{"SecretId":"signalbox/chat"}"#);
    assert_eq!(
        seen[1].header("authorization"),
        None,
        "the account's keys sign nothing that goes out"
    );
}

#[tokio::test]
async fn a_webhook_that_cannot_be_called_safely_is_not_called() {
    for hook in [
        json!({ "url": "http://chat.example.com/", "key": KEY }),
        json!({ "url": "https://chat.example.com/", "key": "whsec_c2hvcnQ=" }),
        json!({ "url": "https://chat.example.com/", "key": "0123456789abcdef0123456789abcdef" }),
        json!({ "url": "https://chat.example.com/" }),
        json!("https://chat.example.com/"),
    ] {
        let to_chat = notice(&json!([{ "webhook": "secret:signalbox/chat" }]));
        let (seen, again) = told(&[to_chat], vec![secret(&hook)]).await;
        assert_eq!((seen.len(), again.as_slice()), (1, &["m0".to_owned()][..]), "{hook}");
    }
}

#[test]
fn no_fault_repeats_a_part_of_a_secret() {
    let name: signalbox_pipeline::notice::SecretName = "secret:signalbox/chat".parse().unwrap();
    let text = secret::wrong(&name, "{…}").chain();
    assert!(text.contains("secret:signalbox/chat is not as it has to be; make it {…}"), "{text}");
}

#[tokio::test]
async fn a_status_of_github_tells_the_end_of_a_run_on_its_commit() {
    let mut ended = notice(&json!([{ "github": "secret:signalbox/github" }]));
    ended["commit"]["host"] = json!("github.com");
    ended["commit"]["repository"] = json!("weather/rain");
    let token = secret(&json!({ "token": "t0ken" }));
    let (seen, again) =
        told(&[ended.clone()], vec![token, Answer::Http(201, vec![], "{}".to_owned())]).await;
    assert_eq!(again, [""; 0]);
    let commit = ended["commit"]["commit"].as_str().unwrap();
    assert_eq!(seen[1].uri, format!("https://api.github.com/repos/weather/rain/statuses/{commit}"));
    assert_eq!(seen[1].header("authorization"), Some("Bearer t0ken"));
    let status: Value = serde_json::from_str(&seen[1].body).unwrap();
    assert_eq!(
        (&status["state"], &status["context"]),
        (&json!("failure"), &json!("signalbox/rain"))
    );

    // A status that came late would hide the end.
    ended["kind"] = json!("approval");
    let (seen, again) = told(&[ended], vec![]).await;
    assert_eq!((seen.len(), again.len()), (0, 0));
}

#[tokio::test]
async fn a_comment_of_codecommit_lies_on_the_comparison_with_the_commit_before() {
    let to_commit = notice(&json!([{ "codecommit": "comment" }]));
    let parent = "1".repeat(40);
    let commit = ok(json!({ "commit": { "commitId": "2", "parents": [parent] } }).to_string());
    let (seen, again) = told(std::slice::from_ref(&to_commit), vec![commit, ok("{}")]).await;
    assert_eq!(again, [""; 0]);
    assert_eq!(
        seen[1].header("x-amz-target"),
        Some("CodeCommit_20150413.PostCommentForComparedCommit")
    );
    let comment: Value = serde_json::from_str(&seen[1].body).unwrap();
    assert_eq!(comment["beforeCommitId"], parent);
    assert_eq!(comment["afterCommitId"], to_commit["commit"]["commit"]);
    assert_eq!(comment["clientRequestToken"], to_commit["id"]);

    let first = ok(json!({ "commit": { "parents": [] } }).to_string());
    let said = json_error(400, "IdempotencyParameterMismatchException", "said already");
    let (seen, again) = told(&[to_commit], vec![first, said]).await;
    let comment: Value = serde_json::from_str(&seen[1].body).unwrap();
    assert!(comment.get("beforeCommitId").is_none() && again.is_empty());
}

#[tokio::test]
async fn a_target_of_another_host_is_left_alone() {
    let mut of_github = notice(&json!([{ "codecommit": "comment" }]));
    of_github["commit"]["host"] = json!("github.com");
    assert_eq!(told(&[of_github], vec![]).await.1, [""; 0]);
    let of_codecommit = notice(&json!([{ "github": "secret:signalbox/github" }]));
    assert_eq!(told(&[of_codecommit], vec![]).await.1, [""; 0]);
}

#[tokio::test]
async fn of_several_targets_the_one_that_failed_goes_on_alone() {
    let targets = json!([{ "webhook": "secret:signalbox/chat" }, { "sns": TOPIC }]);
    // The secret that the webhook needs is none.
    let sent = json!({ "MessageId": "m", "MD5OfMessageBody": "d41d8cd98f00b204e9800998ecf8427e" });
    let answers = vec![secret(&json!({})), ok("<PublishResponse/>"), ok(sent.to_string())];
    let script = Script::new(answers);
    let event = serde_json::from_value(messages(&[notice(&targets).to_string()])).unwrap();
    let response = shell(&script).handle(event).await;
    let seen = script.done();
    let alone: Value = serde_json::from_str(&seen[2].body).unwrap();
    let body: Value = serde_json::from_str(alone["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!(body["targets"], json!([{ "webhook": "secret:signalbox/chat" }]));
    assert_eq!(body["id"], notice(&targets)["id"]);
    assert_eq!(alone["QueueUrl"], "http://127.0.0.1:1/123456789012/notifications");
    assert!(response.batch_item_failures.is_empty(), "{response:?}");
}

#[tokio::test]
async fn a_place_that_does_not_answer_is_tried_again_and_one_that_refuses_is_told_of() {
    let to_chat = [notice(&json!([{ "webhook": "secret:signalbox/chat" }]))];
    let broken = vec![hook(), refused(503), refused(503), refused(503)];
    assert_eq!(told(&to_chat, broken).await.1, ["m0"]);
    assert_eq!(told(&to_chat, vec![hook(), refused(410)]).await.1, ["m0"]);
}

#[tokio::test]
async fn the_same_notice_twice_in_one_batch_is_told_once() {
    let twice = [notice(&json!([{ "sns": TOPIC }])), notice(&json!([{ "sns": TOPIC }]))];
    let (seen, again) = told(&twice, vec![ok("<PublishResponse/>")]).await;
    assert_eq!((seen.len(), again.len()), (1, 0));
}

#[tokio::test]
async fn what_is_no_notice_is_set_aside_with_its_reason() {
    for (edit, reason) in [
        (json!({ "schema": 2 }), "schema 2"),
        (json!({ "targets": [{ "webhook": "https://example.com" }] }), "a secret that can be read"),
        (json!({ "kind": "gossip" }), "unknown variant"),
    ] {
        let mut wrong = notice(&json!([{ "sns": TOPIC }]));
        for (key, value) in edit.as_object().unwrap() {
            wrong[key] = value.clone();
        }
        let sent = json!({ "MessageId": "m" }).to_string();
        let (seen, again) = told(&[wrong], vec![ok(sent)]).await;
        assert_eq!(again, [""; 0]);
        assert!(seen[0].body.contains(reason), "{}", seen[0].body);
    }
}
