use aws_sdk_sqs::types::{Message, MessageAttributeValue};

use super::*;
use crate::connect::testing::{self, Buckets};
use crate::connect::{Connection, Pair};

const TEMPLATE: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  State: { Type: AWS::S3::Bucket, Properties: { BucketName: signalbox-t-state-1 } }
  Index: { Type: AWS::S3::Bucket, Properties: { BucketName: signalbox-t-index-1 } }
  Artifacts: { Type: AWS::S3::Bucket, Properties: { BucketName: signalbox-t-artifacts-1 } }
  JobsLetters: { Type: AWS::SQS::Queue, Properties: { QueueName: signalbox-t-jobs-dead-letters } }
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: signalbox-t-jobs
      RedrivePolicy: { deadLetterTargetArn: !GetAtt JobsLetters.Arn, maxReceiveCount: 1 }
  DecisionsLetters:
    { Type: AWS::SQS::Queue, Properties: { QueueName: signalbox-t-decisions-dead-letters } }
  Decisions:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: signalbox-t-decisions
      RedrivePolicy: { deadLetterTargetArn: !GetAtt DecisionsLetters.Arn, maxReceiveCount: 1 }
  Stray: { Type: AWS::SQS::Queue, Properties: { QueueName: signalbox-t-images } }
  StrayLetters: { Type: AWS::SQS::Queue, Properties: { QueueName: signalbox-t-images-dead-letters } }
";

async fn started() -> (Buckets, Pair) {
    let engine = testing::engine(TEMPLATE).await;
    let pair = engine.connection.queue_pair("jobs").await.unwrap();
    (engine, pair)
}

fn text(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
}

async fn send(connection: &Connection, url: &str, body: &str, attributes: &[(&str, &str)]) {
    let mut send = connection.sqs().once.send_message().queue_url(url).message_body(body);
    for (name, value) in attributes {
        send = send.message_attributes(*name, text(value));
    }
    send.send().await.unwrap();
}

/// What lies in a queue, hidden from nobody afterwards.
async fn inside(connection: &Connection, url: &str) -> Vec<Message> {
    let mut all = Vec::new();
    loop {
        let receive = connection.sqs().once.receive_message().queue_url(url);
        let receive = receive.max_number_of_messages(10).message_attribute_names("All");
        let got = receive.send().await.unwrap().messages.unwrap_or_default();
        if got.is_empty() {
            return all;
        }
        all.extend(got);
    }
}

/// Carries an order out from now on, as the verb does.
async fn carried(connection: &Connection, order: Order, pair: &Pair) -> Groups {
    let mut mailbox = Mailbox::new(connection.sqs(), pair.clone());
    let output = Output { json: true, color: false, terminal: false };
    let groups = carry(&mut mailbox, order, &tell::Counter::new(&output)).await.unwrap();
    mailbox.release().await;
    tell::tell(&groups, order, pair, &output).unwrap();
    groups
}

fn order() -> Order {
    let began = jiff::Timestamp::now().as_millisecond() + 1;
    Order { queue: Queue::Jobs, malformed: false, dry_run: false, began }
}

/// Two that were tried too often, one that EventBridge could not deliver, one that is malformed.
async fn filled(connection: &Connection, pair: &Pair) {
    send(connection, &pair.dead, "tried 1", &[]).await;
    send(connection, &pair.dead, "tried 2", &[("colour", "red")]).await;
    let undelivered = [("ERROR_CODE", "NO_PERMISSIONS"), ("RULE_ARN", "arn")];
    send(connection, &pair.dead, "undelivered", &undelivered).await;
    let reason = [(signalbox_cloud::lambda::REASON, "not an event: line 1")];
    send(connection, &pair.dead, "{", &reason).await;
}

#[tokio::test]
async fn what_can_be_handled_moves_and_what_is_malformed_stays() {
    let (engine, pair) = started().await;
    filled(&engine.connection, &pair).await;
    let groups = carried(&engine.connection, order(), &pair).await;
    assert_eq!((groups.count(Fate::Moves), groups.count(Fate::Malformed)), (3, 1));

    let moved = inside(&engine.connection, &pair.home).await;
    let mut bodies: Vec<_> = moved.iter().filter_map(|one| one.body.as_deref()).collect();
    bodies.sort_unstable();
    assert_eq!(bodies, ["tried 1", "tried 2", "undelivered"]);
    for message in &moved {
        let attributes = message.message_attributes.clone().unwrap_or_default();
        let names: Vec<_> = attributes.keys().map(String::as_str).collect();
        let sent: &[&str] = if message.body() == Some("tried 2") { &["colour"] } else { &[] };
        assert_eq!(names, sent, "only what its sender attached");
    }
    let left = inside(&engine.connection, &pair.dead).await;
    assert_eq!(left.len(), 1, "it is to be seen again at once");
    assert_eq!(left[0].body(), Some("{"));
}

#[tokio::test]
async fn a_dry_run_moves_nothing_and_hides_nothing() {
    let (engine, pair) = started().await;
    filled(&engine.connection, &pair).await;
    let groups = carried(&engine.connection, Order { dry_run: true, ..order() }, &pair).await;
    assert_eq!((groups.count(Fate::Moves), groups.total()), (3, 4));
    assert_eq!(inside(&engine.connection, &pair.home).await.len(), 0);
    assert_eq!(inside(&engine.connection, &pair.dead).await.len(), 4);
}

#[tokio::test]
async fn what_is_malformed_moves_when_that_is_asked_for() {
    let (engine, pair) = started().await;
    filled(&engine.connection, &pair).await;
    let groups = carried(&engine.connection, Order { malformed: true, ..order() }, &pair).await;
    assert_eq!((groups.count(Fate::Moves), groups.refused()), (4, 0));
    assert_eq!(inside(&engine.connection, &pair.dead).await.len(), 0);
}

#[tokio::test]
async fn a_letter_that_came_after_the_beginning_does_not_go_round_for_ever() {
    let (engine, pair) = started().await;
    filled(&engine.connection, &pair).await;
    let groups = carried(&engine.connection, Order { began: 0, ..order() }, &pair).await;
    assert_eq!((groups.count(Fate::Late), groups.count(Fate::Moves)), (4, 0));
    assert_eq!(inside(&engine.connection, &pair.dead).await.len(), 4);
}

#[tokio::test]
async fn decisions_are_shown_and_never_moved() {
    let (engine, _) = started().await;
    let pair = engine.connection.queue_pair("decisions").await.unwrap();
    filled(&engine.connection, &pair).await;
    let order = Order { queue: Queue::Decisions, malformed: true, ..order() };
    let groups = carried(&engine.connection, order, &pair).await;
    assert_eq!((groups.count(Fate::Decision), groups.total()), (4, 4));
    assert_eq!(inside(&engine.connection, &pair.home).await.len(), 0);
}

#[tokio::test]
async fn many_letters_move_each_once() {
    let (engine, pair) = started().await;
    for number in 0..34 {
        send(&engine.connection, &pair.dead, &format!("letter {number}"), &[]).await;
    }
    let groups = carried(&engine.connection, order(), &pair).await;
    assert_eq!(groups.count(Fate::Moves), 34);
    assert_eq!(groups.all().count(), 1, "one reason, one group");
    assert_eq!(inside(&engine.connection, &pair.home).await.len(), 34);
}

#[tokio::test]
async fn a_queue_that_sets_nothing_aside_there_or_is_not_there_is_refused() {
    let (engine, _) = started().await;
    let stray = engine.connection.queue_pair("images").await.unwrap_err();
    assert!(stray.to_string().contains("is not where"), "{stray}");
    let missing = engine.connection.queue_pair("commits").await.unwrap_err();
    assert_eq!(crate::exit::of(&missing), Exit::NotFound, "{missing}");
}
