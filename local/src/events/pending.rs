//! Deliveries that are held back: kept in files until their time has come, so that a restart
//! delivers them as well.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use super::Mailbox;
use crate::clock::Clock;
use crate::durable::{read_json, write_json};
use crate::incident::{Incident, Incidents};
use crate::random;

/// One delivery, as it lies on disk.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Delivery {
    due: Timestamp,
    queue: String,
    body: String,
}

/// The deliveries that wait for their time.
pub(super) struct Pending {
    dir: PathBuf,
    waiting: Mutex<BinaryHeap<Reverse<(Timestamp, PathBuf)>>>,
    changed: Notify,
}

impl Pending {
    /// Takes up what an earlier engine left in `dir`.
    pub(super) fn open(dir: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let mut waiting = BinaryHeap::new();
        for entry in std::fs::read_dir(dir)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let delivery: Delivery = read_json(&path)?;
                waiting.push(Reverse((delivery.due, path)));
            }
        }
        let waiting = Mutex::new(waiting);
        Ok(Self { dir: dir.to_owned(), waiting, changed: Notify::new() })
    }

    /// Keeps a delivery until `due`; returns when it is on disk.
    pub(super) fn hold(&self, due: Timestamp, queue: &str, body: &str) -> io::Result<()> {
        let path = self.dir.join(format!("{}.json", random::uuid()));
        write_json(&path, &Delivery { due, queue: queue.to_owned(), body: body.to_owned() })?;
        self.push(due, path);
        Ok(())
    }

    /// How many deliveries wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Delivers whatever is due, for ever.
    pub(super) async fn run(&self, clock: &Clock, mailbox: &dyn Mailbox, incidents: &Incidents) {
        loop {
            // Made before the look, so that what is put in after the look is not missed.
            let changed = self.changed.notified();
            let Some((due, path)) = self.next() else {
                changed.await;
                continue;
            };
            if due > clock.now() {
                tokio::select! {
                    () = clock.until(due) => {}
                    () = changed => {}
                }
                continue;
            }
            self.pop();
            if let Err(error) = deliver(&path, mailbox).await {
                let (what, error) = ("deliver an event held back".to_owned(), format!("{error:#}"));
                incidents.report(Incident::Engine { what, error });
                self.push(clock.now() + Duration::from_secs(1), path);
            }
        }
    }

    fn next(&self) -> Option<(Timestamp, PathBuf)> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.peek().map(|Reverse(next)| next.clone())
    }

    fn pop(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
    }

    fn push(&self, due: Timestamp, path: PathBuf) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(Reverse((due, path)));
        drop(waiting);
        self.changed.notify_one();
    }
}

/// Sends, then forgets: a crash between the two delivers twice, never not at all.
async fn deliver(path: &Path, mailbox: &dyn Mailbox) -> anyhow::Result<()> {
    let delivery: Delivery = read_json(path)?;
    mailbox.send(&delivery.queue, delivery.body).await?;
    std::fs::remove_file(path)?;
    Ok(())
}
