//! Every request, numbered, counted and written down.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Clock;
use crate::principals::Kind;

/// How long the file may lag behind: many requests become one write.
const PACE: Duration = Duration::from_millis(5);

/// A request that was answered, as a line of `requests.jsonl` holds it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Request<'a> {
    /// The service, such as `s3`.
    pub service: &'a str,
    /// The operation, such as `PutObject`.
    pub operation: &'a str,
    /// The caller's name.
    pub caller: &'a str,
    /// What the caller is; `None` when nobody known.
    pub kind: Option<Kind>,
    /// The answer's HTTP status.
    pub status: u16,
    /// What it was about: a bucket and key, a queue, a job's name.
    pub detail: &'a str,
}

#[derive(serde::Serialize)]
struct Line<'a> {
    number: u64,
    at: Timestamp,
    #[serde(flatten)]
    request: &'a Request<'a>,
}

type Counts = BTreeMap<String, u64>;

/// Every request that the engine received since it started.
#[derive(Debug)]
pub struct RequestLog {
    clock: Clock,
    kill_at: Option<u64>,
    received: AtomicU64,
    by_caller: Mutex<BTreeMap<String, Counts>>,
    lines: Mutex<Option<Sender<Vec<u8>>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl RequestLog {
    /// Opens `requests.jsonl` in `dir`. With `kill_at` the process kills itself at that request's
    /// number: an even one before it is carried out, an odd one after it was, before the answer.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(dir: &Path, clock: Clock, kill_at: Option<u64>) -> io::Result<Arc<Self>> {
        std::fs::create_dir_all(dir)?;
        let file = OpenOptions::new().create(true).append(true).open(dir.join("requests.jsonl"))?;
        let (sender, receiver) = mpsc::channel();
        let writer = std::thread::Builder::new()
            .name("requests".to_owned())
            .spawn(move || write(file, &receiver))?;
        Ok(Arc::new(Self {
            clock,
            kill_at,
            received: AtomicU64::new(0),
            by_caller: Mutex::default(),
            lines: Mutex::new(Some(sender)),
            writer: Mutex::new(Some(writer)),
        }))
    }

    /// A request came in: its number.
    pub fn received(&self) -> u64 {
        let number = self.received.fetch_add(1, Ordering::Relaxed) + 1;
        if number.is_multiple_of(2) && self.kill_at == Some(number) {
            self.kill();
        }
        number
    }

    /// A request was carried out; its answer goes out when this returns.
    pub fn answered(&self, number: u64, request: &Request<'_>) {
        let operation = format!("{}.{}", request.service, request.operation);
        let mut by_caller = self.by_caller.lock().unwrap_or_else(PoisonError::into_inner);
        *by_caller.entry(request.caller.to_owned()).or_default().entry(operation).or_default() += 1;
        drop(by_caller);
        let line = Line { number, at: self.clock.now(), request };
        if let Ok(mut text) = serde_json::to_vec(&line) {
            text.push(b'\n');
            if let Some(lines) = &*self.lines.lock().unwrap_or_else(PoisonError::into_inner) {
                // The writer is gone only when the file could not be written, which it said.
                let _ = lines.send(text);
            }
        }
        if !number.is_multiple_of(2) && self.kill_at == Some(number) {
            self.kill();
        }
    }

    /// How often each operation was called, such as `s3.PutObject`.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let mut all = Counts::new();
        for counts in self.counts_by_caller().into_values() {
            for (operation, count) in counts {
                *all.entry(operation).or_default() += count;
            }
        }
        all
    }

    /// The same per caller's name.
    #[must_use]
    pub fn counts_by_caller(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        self.by_caller.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests came in.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Writes what is still to be written, and ends the writer.
    fn close(&self) {
        drop(self.lines.lock().unwrap_or_else(PoisonError::into_inner).take());
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // A panic of the writer costs lines of the log, no more.
            let _ = writer.join();
        }
    }

    /// Dies as in a power cut: nothing is tidied up but the log.
    fn kill(&self) {
        self.close();
        let this = rustix::process::getpid();
        if let Err(error) = rustix::process::kill_process(this, rustix::process::Signal::KILL) {
            tracing::error!(%error, "the engine could not kill itself");
        }
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        self.close();
    }
}

fn write(mut file: File, lines: &Receiver<Vec<u8>>) {
    while let Ok(mut text) = lines.recv() {
        for more in lines.try_iter() {
            text.extend_from_slice(&more);
        }
        if let Err(error) = file.write_all(&text) {
            tracing::error!(%error, "requests.jsonl cannot be written; the engine goes on without it");
            return;
        }
        std::thread::sleep(PACE);
    }
}
