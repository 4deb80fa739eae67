//! Queues that start functions: an event source mapping.
//!
//! Messages go to the function as soon as they are there; a batching window, which is the longest
//! that Lambda *may* wait, is not waited out.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;

use super::instance::Instance;
use super::outcome::Failure;
use super::pool::Pool;
use super::{Setup, payload};
use crate::durable::Tasks;
use crate::incident::Incident;
use crate::sqs::Message;
use crate::template::QueueSource;

/// Reads the queue for ever.
pub(super) async fn run(setup: &Setup, pool: &Arc<Pool>, source: &QueueSource) {
    let batches = Tasks::new();
    loop {
        match setup.sqs.receive_wait(&source.queue, source.batch_size as usize).await {
            Ok(messages) => {
                // One batch in hand while others are under way: the pool decides when it is taken.
                let process = pool.acquire().await;
                let (setup, pool, source) = (setup.clone(), Arc::clone(pool), source.clone());
                batches.spawn(async move {
                    let batch = Batch { setup: &setup, pool: &pool, source: &source };
                    batch.carry_out(process, messages).await;
                });
            }
            Err(error) => {
                let (what, error) = (format!("read queue {}", source.queue), error.to_string());
                setup.incidents.report(Incident::Engine { what, error });
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Messages that are carried out together.
pub(super) struct Batch<'a> {
    pub(super) setup: &'a Setup,
    pub(super) pool: &'a Arc<Pool>,
    pub(super) source: &'a QueueSource,
}

impl Batch<'_> {
    /// Gives the messages to `process` and deletes those that are done with.
    pub(super) async fn carry_out(&self, process: Instance, messages: Vec<Message>) {
        let event = payload::batch(&self.source.queue, &messages);
        let answer = match self.pool.invoke_on(process, Bytes::from(event.to_string())).await {
            Ok(answer) => answer,
            Err(failure) => {
                // Told by the pool where it is not the function's own doing.
                if let Failure::Function(error) = failure {
                    let function = &self.pool.program.logical_id;
                    tracing::warn!(function, error, "a function failed; its messages come again");
                }
                return;
            }
        };
        let done = if self.source.report_batch_item_failures {
            match payload::failed(&answer, &messages) {
                Ok(failed) => {
                    messages.iter().filter(|one| !failed.contains(one.id.as_str())).collect()
                }
                Err(reason) => {
                    let function = self.pool.program.logical_id.clone();
                    self.setup.incidents.report(Incident::BadResponse { function, reason });
                    Vec::new()
                }
            }
        } else {
            messages.iter().collect()
        };
        join_all(done.into_iter().map(|message| self.delete(message))).await;
    }

    async fn delete(&self, message: &Message) {
        let queue = &self.source.queue;
        if let Err(error) = self.setup.sqs.delete(queue, &message.receipt_handle).await {
            let (what, error) = (format!("delete a message of {queue}"), error.to_string());
            self.setup.incidents.report(Incident::Engine { what, error });
        }
    }
}
