use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{Bus, EventSink, Knobs, Mailbox, Pattern};
use crate::clock::Clock;
use crate::incident::Incidents;
use crate::template::Rule;

/// A mailbox that remembers, and refuses while it is broken.
#[derive(Default)]
struct Memory {
    sent: Mutex<Vec<(String, Value)>>,
    broken: bool,
    arrived: Notify,
}

impl Memory {
    fn sent(&self) -> Vec<(String, Value)> {
        self.sent.lock().expect("nobody panicked").clone()
    }

    async fn until(&self, count: usize) {
        loop {
            let arrived = self.arrived.notified();
            if self.sent().len() >= count {
                return;
            }
            arrived.await;
        }
    }
}

impl Mailbox for Memory {
    fn send<'a>(&'a self, queue: &'a str, body: String) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            anyhow::ensure!(!self.broken, "the disk is full");
            let body = serde_json::from_str(&body)?;
            self.sent.lock().expect("nobody panicked").push((queue.to_owned(), body));
            self.arrived.notify_one();
            Ok(())
        })
    }
}

fn rule(logical_id: &str, pattern: &Value, target: &str) -> Rule {
    Rule {
        logical_id: logical_id.to_owned(),
        pattern: Pattern::parse(pattern).expect("the pattern is known"),
        targets: vec![target.to_owned()],
    }
}

fn rules() -> Vec<Rule> {
    let commits = json!({"source": ["aws.codecomit"], "detail": {"event": ["referenceUpdated"]}});
    let jobs = json!({"source": ["aws.batch"], "detail": {"status": ["FAILED"]}});
    vec![rule("CommitRule", &commits, "commits"), rule("JobRule", &jobs, "jobs")]
}

fn event(id: u32, status: &str) -> Value {
    json!({"id": id.to_string(), "source": "aws.batch", "detail-type": "Batch Job State Change", "detail": {"status": status}})
}

fn bus(dir: &Path, knobs: Knobs, mailbox: &Arc<Memory>, incidents: &Arc<Incidents>) -> Bus {
    let expected = json!({"source": ["aws.codecommit"]});
    let expected = vec![Pattern::parse(&expected).expect("the pattern is known")];
    let mailbox: Arc<dyn Mailbox> = mailbox.clone();
    Bus::open(dir, Clock::default(), rules(), expected, knobs, mailbox, incidents.clone())
        .expect("a bus")
}

#[tokio::test]
async fn an_event_reaches_the_queue_of_each_rule_that_it_matches_before_put_returns() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mailbox, incidents) = (Arc::new(Memory::default()), Arc::default());
    let bus = bus(dir.path(), Knobs::default(), &mailbox, &incidents);
    bus.put(event(1, "FAILED")).await.expect("it is put");
    bus.put(event(2, "RUNNABLE")).await.expect("it is put");
    assert_eq!(mailbox.sent(), [("jobs".to_owned(), event(1, "FAILED"))]);
    assert_eq!(incidents.all(), [], "nobody asked for RUNNABLE");
}

#[tokio::test]
async fn an_event_that_cannot_be_kept_is_refused_so_that_its_source_tries_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let mailbox = Arc::new(Memory { broken: true, ..Memory::default() });
    let bus = bus(dir.path(), Knobs::default(), &mailbox, &Arc::default());
    assert!(bus.put(event(1, "FAILED")).await.is_err());
}

#[tokio::test]
async fn an_expected_event_without_a_rule_is_told_with_the_field_that_differs() {
    let dir = tempfile::tempdir().expect("a folder");
    let incidents = Arc::default();
    let bus = bus(dir.path(), Knobs::default(), &Arc::default(), &incidents);
    let push = json!({"id": "1", "source": "aws.codecommit", "detail-type": "CodeCommit Repository State Change", "detail": {"event": "referenceUpdated"}});
    bus.put(push.clone()).await.expect("it is put");
    bus.put(push).await.expect("it is put");
    let told: Vec<_> = incidents.all().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            r#"event `CodeCommit Repository State Change` matched no rule; nearest is CommitRule, where `source` wants one of ["aws.codecomit"] and the event has "aws.codecommit""#
        ]
    );
}

#[tokio::test]
async fn duplicates_and_late_ones_arrive_in_the_end() {
    let dir = tempfile::tempdir().expect("a folder");
    let mailbox = Arc::new(Memory::default());
    let delay = Duration::from_millis(40);
    let knobs = Knobs { seed: 7, duplicate: 1.0, reorder: 0.5, delay, ..Knobs::default() };
    let bus = bus(dir.path(), knobs, &mailbox, &Arc::default());
    for id in 0..20 {
        bus.put(event(id, "FAILED")).await.expect("it is put");
    }
    mailbox.until(40).await;
    let order: Vec<_> = mailbox.sent().iter().map(|(_, event)| event["id"].clone()).collect();
    let mut sorted = order.clone();
    sorted.sort_by_key(|id| id.as_str().and_then(|id| id.parse::<u32>().ok()));
    assert_ne!(order, sorted, "some were overtaken");
    assert!(sorted.chunks(2).all(|pair| pair[0] == pair[1]), "each came twice");
}

#[tokio::test]
async fn some_never_arrive() {
    let dir = tempfile::tempdir().expect("a folder");
    let mailbox = Arc::new(Memory::default());
    let knobs = Knobs { seed: 7, lose: 0.5, ..Knobs::default() };
    let bus = bus(dir.path(), knobs, &mailbox, &Arc::default());
    for id in 0..20 {
        bus.put(event(id, "FAILED")).await.expect("it is put");
    }
    let arrived = mailbox.sent().len();
    assert!((1..20).contains(&arrived), "{arrived} of 20 arrived");
}

#[tokio::test]
async fn a_delivery_meets_the_fate_that_its_number_was_given() {
    let dir = tempfile::tempdir().expect("a folder");
    let mailbox = Arc::new(Memory::default());
    let at = [(1, vec![]), (2, vec![Duration::ZERO; 3])].into();
    let knobs = Knobs { at, ..Knobs::default() };
    let bus = bus(dir.path(), knobs, &mailbox, &Arc::default());
    for id in 1..=3 {
        bus.put(event(id, "FAILED")).await.expect("it is put");
    }
    let ids: Vec<_> = mailbox.sent().iter().map(|(_, event)| event["id"].clone()).collect();
    assert_eq!(ids, ["2", "2", "2", "3"]);
    assert_eq!(bus.deliveries(), 3);
}

#[tokio::test]
async fn what_is_held_back_is_delivered_by_the_next_engine() {
    let dir = tempfile::tempdir().expect("a folder");
    let knobs = Knobs { reorder: 1.0, delay: Duration::from_millis(30), ..Knobs::default() };
    let broken = Arc::new(Memory { broken: true, ..Memory::default() });
    let before = bus(dir.path(), knobs.clone(), &broken, &Arc::default());
    before.put(event(1, "FAILED")).await.expect("it is held");
    before.close().await;

    let mailbox = Arc::new(Memory::default());
    let _after = bus(dir.path(), knobs, &mailbox, &Arc::default());
    mailbox.until(1).await;
    assert_eq!(mailbox.sent(), [("jobs".to_owned(), event(1, "FAILED"))]);
}
