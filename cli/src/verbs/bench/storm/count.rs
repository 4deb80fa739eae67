//! What the engine's own log and queues say afterwards.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::Context as _;
use aws_sdk_sqs::types::Message;
use serde::{Deserialize, Serialize};
use signalbox_local::engine::Engine;

use crate::laptop::clients;

/// What the functions set aside messages with.
const REASON: &str = "signalbox-reason";

/// What lies in the dead-letter queues.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct DeadLetters {
    pub(super) messages: usize,
    /// Received too often, without anybody having said why.
    pub(super) without_reason: usize,
}

/// Looks into every queue that takes what another one gives up.
pub(super) async fn dead_letters(engine: &Engine) -> anyhow::Result<DeadLetters> {
    let sqs = clients(engine).sqs().patient;
    let queues = &engine.stack().queues;
    let targets = queues.iter().filter_map(|queue| queue.redrive.as_ref());
    let mut dead = DeadLetters::default();
    for target in targets {
        let url = engine.url_of_queue(&target.target);
        loop {
            let receive = sqs.receive_message().queue_url(&url).max_number_of_messages(10);
            let receive = receive.message_attribute_names(REASON).visibility_timeout(3600);
            let got = receive.send().await.context("cannot look into the dead letters")?;
            let messages = got.messages.unwrap_or_default();
            if messages.is_empty() {
                break;
            }
            dead.messages += messages.len();
            dead.without_reason += messages.iter().filter(|message| !has_reason(message)).count();
        }
    }
    Ok(dead)
}

fn has_reason(message: &Message) -> bool {
    message.message_attributes.as_ref().is_some_and(|attributes| attributes.contains_key(REASON))
}

#[derive(Deserialize)]
struct Line {
    operation: String,
    status: u16,
    detail: String,
}

/// How often Batch took each job name, by the engine's log of requests.
pub(super) fn submissions(dir: &Path) -> anyhow::Result<BTreeMap<String, u64>> {
    let file = dir.join("requests.jsonl");
    let read = || format!("cannot read {}", file.display());
    let mut taken = BTreeMap::new();
    for line in BufReader::new(File::open(&file).with_context(read)?).lines() {
        let line: Line = serde_json::from_str(&line.with_context(read)?).with_context(read)?;
        if line.operation == "SubmitJob" && line.status == 200 {
            *taken.entry(line.detail).or_insert(0) += 1;
        }
    }
    Ok(taken)
}
