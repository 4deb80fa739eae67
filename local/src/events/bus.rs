//! The bus itself.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::pending::Pending;
use super::{EventSink, Knobs, Mailbox, Pattern, nearest};
use crate::clock::Clock;
use crate::durable::Tasks;
use crate::incident::{Incident, Incidents};
use crate::template::Rule;

/// Routes events by the template's rules.
pub struct Bus {
    rules: Vec<Rule>,
    /// Events that have to match a rule: one that does not is an incident.
    expected: Vec<Pattern>,
    knobs: Knobs,
    /// How many deliveries there were.
    deliveries: AtomicU64,
    clock: Clock,
    mailbox: Arc<dyn Mailbox>,
    incidents: Arc<Incidents>,
    pending: Arc<Pending>,
    tasks: Tasks,
}

impl Bus {
    /// A bus whose held-back deliveries lie in `dir`. Must be called within a runtime.
    ///
    /// # Errors
    /// When the folder cannot be written or holds what this engine did not write.
    pub fn open(
        dir: &Path,
        clock: Clock,
        rules: Vec<Rule>,
        expected: Vec<Pattern>,
        knobs: Knobs,
        mailbox: Arc<dyn Mailbox>,
        incidents: Arc<Incidents>,
    ) -> anyhow::Result<Self> {
        let pending = Arc::new(Pending::open(&dir.join("pending"))?);
        let tasks = Tasks::new();
        let own =
            (Arc::clone(&pending), clock.clone(), Arc::clone(&mailbox), Arc::clone(&incidents));
        tasks.spawn(async move {
            let (pending, clock, mailbox, incidents) = own;
            pending.run(&clock, &*mailbox, &incidents).await;
        });
        let deliveries = AtomicU64::new(0);
        Ok(Self { rules, expected, knobs, deliveries, clock, mailbox, incidents, pending, tasks })
    }

    /// How many deliveries there were, lost ones among them.
    #[must_use]
    pub fn deliveries(&self) -> u64 {
        self.deliveries.load(Ordering::Relaxed)
    }

    /// How many deliveries are held back just now.
    #[must_use]
    pub fn held_back(&self) -> usize {
        self.pending.len()
    }

    /// Ends the deliveries; those held back are taken up by the next engine.
    pub async fn close(&self) {
        self.tasks.close().await;
    }

    async fn route(&self, event: Value) -> anyhow::Result<()> {
        let matching: Vec<_> =
            self.rules.iter().filter(|rule| rule.pattern.matches(&event)).collect();
        if matching.is_empty() {
            self.unrouted(&event);
            return Ok(());
        }
        let id = event["id"].as_str().unwrap_or_default();
        let body = event.to_string();
        for target in matching.iter().flat_map(|rule| &rule.targets) {
            let number = self.deliveries.fetch_add(1, Ordering::Relaxed) + 1;
            for wait in self.knobs.copies(number, id, target) {
                if wait.is_zero() {
                    self.mailbox.send(target, body.clone()).await?;
                } else {
                    self.pending.hold(self.clock.now() + wait, target, &body)?;
                }
            }
        }
        Ok(())
    }

    fn unrouted(&self, event: &Value) {
        if self.expected.iter().any(|pattern| pattern.matches(event)) {
            self.incidents.report(Incident::Unrouted {
                event: event["detail-type"].as_str().unwrap_or_default().to_owned(),
                explanation: nearest::explain(&self.rules, event),
            });
        }
    }
}

impl EventSink for Bus {
    fn put(&self, event: Value) -> BoxFuture<'_, anyhow::Result<()>> {
        Box::pin(self.route(event))
    }
}
