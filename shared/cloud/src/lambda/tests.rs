use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lambda_events::sqs::SqsEvent;
use serde_json::json;

use super::*;
use crate::testing::no_chance;
use signalbox_testkit::{Answer, Script, json_error, ok};

/// Understands `key:word`, and does what the word says.
#[derive(Default)]
struct Words {
    calls: Mutex<Vec<(String, Vec<String>)>>,
    done: AtomicUsize,
}

impl Handler for &Words {
    type Key = String;
    type Input = String;

    fn parse(&self, message: &Message) -> Result<Parsed<String, String>, Malformed> {
        let Some((key, word)) = message.body.split_once(':') else {
            return Err(Malformed::new("no colon\nin it", "body", "write key:word"));
        };
        if word == "trap" {
            panic!("caught in a trap");
        }
        if key == "other" {
            return Ok(Parsed::Ignored("somebody else's".to_owned()));
        }
        let event = EventId::parse(message.id.as_str()).unwrap();
        Ok(Parsed::Ours { key: key.to_owned(), event, input: word.to_owned() })
    }

    async fn handle(&self, key: &String, words: Vec<String>) -> Result<(), Fault> {
        self.calls.lock().unwrap().push((key.clone(), words.clone()));
        tokio::task::yield_now().await;
        for word in words {
            match word.as_str() {
                "panic" => panic!("the word was panic"),
                "soon" => return Err(Fault::Soon("lost a race".to_owned())),
                "retry" => return Err(Fault::Retry { message: "s3".to_owned(), source: None }),
                "page" => return Err(Fault::page("wrong", "mend it")),
                "bad" => return Err(Malformed::new("bad", "word", "mend it").into()),
                "foreign" => return Err(Fault::NotOurs("not a run of ours".to_owned())),
                _ => {}
            }
        }
        self.done.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

fn event(bodies: &[&str]) -> SqsEvent {
    let records = bodies.iter().enumerate().map(|(at, body)| {
        json!({
            "messageId": format!("m{at}"), "receiptHandle": format!("r{at}"), "body": body,
            "attributes": { "SenderId": "AIDA1" }, "messageAttributes": {},
            "eventSource": "aws:sqs", "awsRegion": "eu-west-1",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:commits",
        })
    });
    serde_json::from_value(json!({ "Records": records.collect::<Vec<_>>() })).unwrap()
}

async fn failures(words: &Words, script: &Script, bodies: &[&str]) -> Vec<String> {
    let queue = Queue::new(
        crate::testing::clients(script.clone()).sqs(),
        "http://127.0.0.1:1/1/dead",
        no_chance(),
    );
    let response = Shell::new(words, queue).handle(event(bodies)).await;
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

fn sent() -> Answer {
    ok(json!({ "MessageId": "m", "MD5OfMessageBody": "", "MD5OfMessageAttributes": "" })
        .to_string())
}

#[tokio::test]
async fn messages_of_one_document_are_one_call_and_others_are_untouched() {
    let (words, script) = (Words::default(), Script::new([]));
    let failed = failures(&words, &script, &["a:1", "b:retry", "a:2", "c:1"]).await;
    assert_eq!(failed, ["m1"]);
    let calls = words.calls.into_inner().unwrap();
    let call = |key: &str, words: &[&str]| {
        (key.to_owned(), words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(calls, [call("a", &["1", "2"]), call("b", &["retry"]), call("c", &["1"])]);
}

#[tokio::test]
async fn a_batch_is_not_answered_before_all_that_it_says_is_done() {
    let (words, script) = (Words::default(), Script::new([]));
    assert_eq!(failures(&words, &script, &["a:1", "b:1", "c:1"]).await, [""; 0]);
    assert_eq!(words.done.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn messages_of_one_document_fail_together() {
    let (words, script) = (Words::default(), Script::new([]));
    assert_eq!(failures(&words, &script, &["a:1", "b:1", "a:page"]).await, ["m0", "m2"]);
}

#[tokio::test]
async fn a_panic_costs_one_message() {
    let (words, script) = (Words::default(), Script::new([]));
    let failed = failures(&words, &script, &["a:1", "a:panic", "a:2", "b:1", "c:trap"]).await;
    assert_eq!(failed, ["m4", "m1"]);
}

#[tokio::test]
async fn what_is_not_ours_is_acknowledged() {
    let (words, script) = (Words::default(), Script::new([]));
    assert_eq!(failures(&words, &script, &["other:1", "a:foreign"]).await, [""; 0]);
}

#[tokio::test]
async fn a_message_that_can_never_be_read_is_set_aside_with_its_reason() {
    let (words, script) = (Words::default(), Script::new([sent(), sent()]));
    assert_eq!(failures(&words, &script, &["no colon", "a:bad", "b:1"]).await, [""; 0]);
    let seen = script.done();
    let body: serde_json::Value = serde_json::from_str(&seen[0].body).unwrap();
    assert_eq!(body["QueueUrl"], "http://127.0.0.1:1/1/dead");
    assert_eq!(body["MessageBody"], "no colon");
    let reason = body["MessageAttributes"]["signalbox-reason"]["StringValue"].as_str().unwrap();
    assert_eq!(reason, "no colon in it (body): write key:word");
}

#[tokio::test]
async fn a_message_as_large_as_sqs_takes_leaves_room_for_its_reason() {
    let (words, script) = (Words::default(), Script::new([sent()]));
    let largest = "ü".repeat(512 * 1024);
    assert_eq!(failures(&words, &script, &[&largest]).await, [""; 0]);
    let body: serde_json::Value = serde_json::from_str(&script.done()[0].body).unwrap();
    let kept = body["MessageBody"].as_str().unwrap();
    assert_eq!(kept.len(), 1024 * 1024 - 8 * 1024);
    assert!(largest.starts_with(kept));
}

#[tokio::test]
async fn a_message_that_the_dead_letters_do_not_take_comes_again() {
    let refused = json_error(403, "AccessDenied", "no");
    let (words, script) = (Words::default(), Script::new([refused]));
    assert_eq!(failures(&words, &script, &["garbage"]).await, ["m0"]);
}

#[tokio::test]
async fn a_lost_race_comes_again_within_seconds() {
    let (words, script) = (Words::default(), Script::new([ok("{}")]));
    assert_eq!(failures(&words, &script, &["a:soon"]).await, ["m0"]);
    let body: serde_json::Value = serde_json::from_str(&script.done()[0].body).unwrap();
    assert_eq!(body["QueueUrl"], "http://127.0.0.1:1/1/commits");
    assert_eq!((&body["ReceiptHandle"], &body["VisibilityTimeout"]), (&json!("r0"), &json!(1)));
}

#[tokio::test]
async fn an_empty_batch_is_a_success() {
    let (words, script) = (Words::default(), Script::new([]));
    assert_eq!(failures(&words, &script, &[]).await, [""; 0]);
}
