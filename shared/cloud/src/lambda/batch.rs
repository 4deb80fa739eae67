//! A batch of messages, lifted into partial failures.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tracing::Instrument as _;

use super::{Fate, Handler, Message, Parsed, Queue, fate};
use crate::fault::Fault;

/// A [`Handler`] behind a queue.
#[derive(Debug)]
pub struct Shell<H> {
    handler: H,
    queue: Queue,
}

/// Messages of one batch about one document.
struct Group<I> {
    messages: Vec<Message>,
    events: Vec<String>,
    inputs: Vec<I>,
}

impl<H: Handler> Shell<H> {
    /// `handler` behind `queue`.
    #[must_use]
    pub fn new(handler: H, queue: Queue) -> Self {
        Self { handler, queue }
    }

    /// Handles a batch; the answer names the messages that have to come again.
    pub async fn handle(&self, event: SqsEvent) -> SqsBatchResponse {
        let mut groups: BTreeMap<H::Key, Group<H::Input>> = BTreeMap::new();
        let mut failed = Vec::new();
        for message in event.records.into_iter().map(Message::from) {
            let span = tracing::info_span!("message", message.id = %message.id);
            let fault = match span.in_scope(|| self.read(&message)) {
                Ok(Parsed::Ours { key, event, input }) => {
                    let group = groups.entry(key).or_insert_with(Group::empty);
                    group.messages.push(message);
                    group.events.push(event.to_string());
                    group.inputs.push(input);
                    continue;
                }
                Ok(Parsed::Ignored(reason)) => Fault::NotOurs(reason),
                Err(fault) => fault,
            };
            failed.extend(self.settle(message, &Err(fault)).instrument(span).await);
        }
        let handled = groups.iter().map(|(key, group)| self.handle_group(key, group));
        failed.extend(join_all(handled).await.into_iter().flatten());
        let mut response = SqsBatchResponse::default();
        failed.into_iter().for_each(|id| response.add_failure(id));
        response
    }

    fn read(&self, message: &Message) -> Result<Parsed<H::Key, H::Input>, Fault> {
        let read = std::panic::catch_unwind(AssertUnwindSafe(|| self.handler.parse(message)));
        match read {
            Ok(read) => Ok(read?),
            Err(panic) => Err(panicked(panic.as_ref())),
        }
    }

    /// One call for all; where that panics, one call for each, so that only the guilty one fails.
    async fn handle_group(&self, key: &H::Key, group: &Group<H::Input>) -> Vec<String> {
        let span = tracing::info_span!(
            "messages",
            message.id = %ids(&group.messages),
            event.id = %group.events.join(","),
            key = %key,
        );
        async {
            let outcome = self.call(key, group.inputs.clone()).await;
            if !matches!(outcome, Err(Broken::Panic(_))) || group.messages.len() == 1 {
                return self.settle_all(&group.messages, &outcome.map_err(Broken::fault)).await;
            }
            tracing::warn!("several messages at once made the handler panic: one at a time now");
            let mut failed = Vec::new();
            for (message, input) in group.messages.iter().zip(&group.inputs) {
                let outcome = self.call(key, vec![input.clone()]).await.map_err(Broken::fault);
                failed.extend(self.settle(message.clone(), &outcome).await);
            }
            failed
        }
        .instrument(span)
        .await
    }

    async fn call(&self, key: &H::Key, inputs: Vec<H::Input>) -> Result<(), Broken> {
        match AssertUnwindSafe(self.handler.handle(key, inputs)).catch_unwind().await {
            Ok(outcome) => outcome.map_err(Broken::Fault),
            Err(panic) => Err(Broken::Panic(panicked(panic.as_ref()))),
        }
    }

    async fn settle(&self, message: Message, outcome: &Result<(), Fault>) -> Vec<String> {
        self.settle_all(&[message], outcome).await
    }

    /// What becomes of the messages: the ids of those that have to come again.
    async fn settle_all(&self, messages: &[Message], outcome: &Result<(), Fault>) -> Vec<String> {
        let fate = fate(outcome);
        let mut failed = Vec::new();
        for message in messages {
            let gone = match fate {
                Fate::Acknowledged => true,
                Fate::Later => false,
                Fate::Soon => {
                    // Where this fails the message still comes, only later.
                    if let Err(trouble) = self.queue.hasten(message).await {
                        tracing::warn!(reason = %trouble, "the visibility was not shortened");
                    }
                    false
                }
                Fate::DeadLetter => self.bury(message, outcome).await,
            };
            if !gone {
                failed.push(message.id.clone());
            }
        }
        failed
    }

    async fn bury(&self, message: &Message, outcome: &Result<(), Fault>) -> bool {
        let reason = outcome.as_ref().err().map(Fault::chain).unwrap_or_default();
        match self.queue.bury(message, &reason).await {
            Ok(()) => true,
            // SQS itself sets the message aside once it has come too often.
            Err(trouble) => {
                tracing::error!(reason = %trouble, "the dead letters did not take the message");
                false
            }
        }
    }
}

impl<I> Group<I> {
    fn empty() -> Self {
        Self { messages: Vec::new(), events: Vec::new(), inputs: Vec::new() }
    }
}

enum Broken {
    Fault(Fault),
    Panic(Fault),
}

impl Broken {
    fn fault(self) -> Fault {
        match self {
            Self::Fault(fault) | Self::Panic(fault) => fault,
        }
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Fault {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Fault::page(
        format!("the function panicked: {}", text.unwrap_or("it did not say why")),
        "this is a bug: please report it with this line",
    )
}

fn ids(messages: &[Message]) -> String {
    messages.iter().map(|message| message.id.as_str()).collect::<Vec<_>>().join(",")
}
