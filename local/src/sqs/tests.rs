use super::*;
use crate::principals::{Kind, Principals};
use crate::wire::JsonService;
use serde_json::{Value, json};

const SECOND: Duration = Duration::from_secs(1);

struct World {
    dir: tempfile::TempDir,
    sqs: Arc<Sqs>,
    sender: Principal,
}

fn clock() -> Clock {
    Clock::on_tokio("2026-01-01T00:00:00Z".parse().unwrap())
}

/// Two queues: `work`, whose messages go to `dead` after two receives.
fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let principals = Principals::open(dir.path()).unwrap();
    let sender = principals.mint(Kind::Job, "task", Some("AROAJOBS")).unwrap();
    let sqs = Sqs::open(&dir.path().join("sqs"), clock(), "http://localhost").unwrap();
    sqs.create_queue(QueueSpec::new("dead")).unwrap();
    let redrive = Some(Redrive { dead_letter: "dead".to_owned(), max_receive_count: 2 });
    sqs.create_queue(QueueSpec { visibility: 10 * SECOND, redrive, ..QueueSpec::new("work") })
        .unwrap();
    World { dir, sqs, sender }
}

impl World {
    async fn send(&self, body: &str, delay: Duration) -> String {
        let attributes = BTreeMap::from([("why".to_owned(), Attribute::string("because"))]);
        self.sqs.send("work", body.to_owned(), attributes, &self.sender, delay).await.unwrap()
    }

    async fn receive(&self, queue: &str) -> Message {
        self.sqs.receive_wait(queue, 1).await.unwrap().remove(0)
    }

    fn restart(self) -> Self {
        let sqs = Sqs::open(&self.dir.path().join("sqs"), clock(), "http://localhost").unwrap();
        Self { sqs, ..self }
    }

    async fn call(&self, operation: &str, body: Value) -> Result<Value, WireError> {
        JsonService::call(&*self.sqs, &self.sender, operation, body).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_received_message_is_hidden_until_its_visibility_ends() {
    let world = world();
    world.send("hello", Duration::ZERO).await;
    let first = world.receive("work").await;
    assert_eq!(first.system_attributes["SenderId"], "AROAJOBS:task");
    let began = tokio::time::Instant::now();
    let second = world.receive("work").await;
    let waited = began.elapsed();
    assert!(waited >= 10 * SECOND && waited < 11 * SECOND, "{waited:?}");
    assert_eq!(second.system_attributes["ApproximateReceiveCount"], "2");
    assert_ne!(first.receipt_handle, second.receipt_handle);
}

#[tokio::test(start_paused = true)]
async fn a_message_received_too_often_moves_to_the_dead_letters_as_it_was() {
    let world = world();
    let id = world.send("poison", Duration::ZERO).await;
    for _ in 0..2 {
        let message = world.receive("work").await;
        world.sqs.change_visibility("work", &message.receipt_handle, Duration::ZERO).await.unwrap();
    }
    tokio::select! {
        _ = world.sqs.receive_wait("work", 1) => panic!("the message should have left"),
        () = tokio::time::sleep(SECOND) => {}
    }
    let world = world.restart();
    assert_eq!(world.sqs.depth("work").unwrap(), Depth::default());
    let dead = world.receive("dead").await;
    assert_eq!((dead.id, dead.body.as_str()), (id, "poison"));
    assert_eq!(dead.attributes["why"].value, "because");
    assert_eq!(dead.system_attributes["SenderId"], "AROAJOBS:task");
}

#[tokio::test(start_paused = true)]
async fn a_message_stays_when_there_are_no_dead_letters_to_go_to() {
    let world = world();
    let redrive = Some(Redrive { dead_letter: "nowhere".to_owned(), max_receive_count: 1 });
    world.sqs.create_queue(QueueSpec { redrive, ..QueueSpec::new("work") }).unwrap();
    world.send("kept", Duration::ZERO).await;
    world.receive("work").await;
    assert_eq!(world.receive("work").await.body, "kept");
}

#[tokio::test(start_paused = true)]
async fn messages_and_receive_counts_outlive_a_restart_and_deletions_too() {
    let world = world();
    world.send("stays", Duration::ZERO).await;
    world.send("goes", Duration::ZERO).await;
    let all = world.sqs.receive_wait("work", 10).await.unwrap();
    for message in all.iter().filter(|message| message.body == "goes") {
        world.sqs.delete("work", &message.receipt_handle).await.unwrap();
    }
    let world = world.restart();
    let again = world.sqs.receive_wait("work", 10).await.unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].body, "stays");
    assert_eq!(again[0].system_attributes["ApproximateReceiveCount"], "2");
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_woken_by_a_message_and_by_its_delay() {
    let world = world();
    let (message, ()) = tokio::join!(world.receive("work"), async {
        world.send("late", 5 * SECOND).await;
    });
    assert_eq!(message.body, "late");
}

#[tokio::test(start_paused = true)]
async fn the_receipt_of_an_earlier_receive_deletes_nothing() {
    let world = world();
    world.send("hello", Duration::ZERO).await;
    let first = world.receive("work").await;
    let second = world.receive("work").await;
    world.sqs.delete("work", &first.receipt_handle).await.unwrap();
    assert_eq!(world.sqs.depth("work").unwrap().in_flight, 1);
    world.sqs.delete("work", &second.receipt_handle).await.unwrap();
    world.sqs.delete("work", &second.receipt_handle).await.unwrap();
    assert_eq!(world.sqs.depth("work").unwrap(), Depth::default());
}

#[tokio::test(start_paused = true)]
async fn a_message_is_dropped_when_its_retention_ends() {
    let world = world();
    world.send("old", Duration::ZERO).await;
    tokio::time::sleep(5 * 24 * 3600 * SECOND).await;
    world.send("new", Duration::ZERO).await;
    assert_eq!(world.receive("work").await.body, "new");
}

#[tokio::test(start_paused = true)]
async fn a_receive_without_messages_ends_after_its_wait() {
    let world = world();
    let began = tokio::time::Instant::now();
    let url = world.sqs.url("work");
    let answer =
        world.call("ReceiveMessage", json!({ "QueueUrl": url, "WaitTimeSeconds": 20 })).await;
    assert_eq!(answer.unwrap(), json!({}));
    assert!(began.elapsed() >= 20 * SECOND && began.elapsed() < 21 * SECOND);
}

#[tokio::test]
async fn a_batch_fails_by_the_entry_but_not_when_it_is_too_long() {
    let world = world();
    let url = world.sqs.url("work");
    let entries = json!([{ "Id": "a", "MessageBody": "x" }, { "Id": "b", "MessageBody": "" }]);
    let answer = world
        .call("SendMessageBatch", json!({ "QueueUrl": url, "Entries": entries }))
        .await
        .unwrap();
    assert_eq!(answer["Successful"][0]["Id"], "a");
    assert_eq!(answer["Failed"][0]["Code"], "MissingParameter");
    let half = "x".repeat(spec::LARGEST / 2 + 1);
    let entries = json!([{ "Id": "a", "MessageBody": half }, { "Id": "b", "MessageBody": half }]);
    let error =
        world.call("SendMessageBatch", json!({ "QueueUrl": url, "Entries": entries })).await;
    let error = error.unwrap_err();
    assert_eq!(query_error(&error), "AWS.SimpleQueueService.BatchRequestTooLong;Sender");
    assert_eq!(error_type(&error.code), "com.amazonaws.sqs#BatchRequestTooLong");
}

#[tokio::test]
async fn a_message_may_have_one_mebibyte_and_no_byte_more() {
    let world = world();
    let body = "x".repeat(spec::LARGEST);
    let none = BTreeMap::new;
    let sent = world.sqs.send("work", body.clone(), none(), &world.sender, Duration::ZERO).await;
    assert!(sent.is_ok());
    let refused = world.sqs.send("work", body + "x", none(), &world.sender, Duration::ZERO).await;
    assert_eq!(refused.unwrap_err().code, "InvalidParameterValue");
}

#[test]
fn the_md5_of_attributes_is_that_of_aws() {
    let attribute = Attribute { data_type: "Number".to_owned(), value: "1493147359900".to_owned() };
    let md5 = message::md5_of_attributes([(&"timestamp".to_owned(), &attribute)]).unwrap();
    assert_eq!(md5.as_deref(), Some("235c5c510d26fb653d073faed50ae77c"));
}
