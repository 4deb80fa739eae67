//! One process of a function, from its start to its end.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc, oneshot, watch};

use super::api::{Api, Invocation};
use super::leftover;
use super::outcome::{Failure, Outcome};
use super::process::{Log, Program};
use crate::clock::Clock;
use crate::random;

/// Lambda gives a function ten seconds to start.
const START: Duration = Duration::from_secs(10);

/// A process that has started and takes one event at a time.
pub(super) struct Instance {
    pub(super) pid: i32,
    events: mpsc::Sender<Invocation>,
    api: Arc<Api>,
    /// How the process ended, once it has.
    ended: watch::Receiver<Option<String>>,
    kill: Arc<Notify>,
    log: Log,
    /// The place in the pool that this process takes.
    _place: OwnedSemaphorePermit,
}

/// Why a process did not start.
pub(super) struct NotStarted {
    pub(super) pid: Option<i32>,
    pub(super) ended: String,
    pub(super) last_lines: Vec<String>,
}

impl Instance {
    /// Starts a process and returns when it asks for its first event.
    pub(super) async fn start(
        program: &Program,
        place: OwnedSemaphorePermit,
        started: impl FnOnce(i32),
    ) -> Result<Self, NotStarted> {
        let refused = |error: std::io::Error| NotStarted {
            pid: None,
            ended: error.to_string(),
            last_lines: Vec::new(),
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?.to_string();
        let (child, log) = program.spawn(&address).map_err(refused)?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).unwrap_or_default();
        started(pid);
        let (events, receiver) = mpsc::channel(1);
        let api = Api::new(&program.arn, receiver);
        let kill = Arc::new(Notify::new());
        let (sender, mut ended) = watch::channel(None);
        tokio::spawn(supervise(Supervised {
            child,
            note: leftover::note(&program.dir, &program.logical_id, pid).ok(),
            server: (listener, Arc::clone(&api)),
            kill: Arc::clone(&kill),
            ended: sender,
        }));

        let mut ready = api.ready();
        let ended_early = tokio::select! {
            _ = ready.wait_for(|ready| *ready) => None,
            how = ended.wait_for(Option::is_some) => Some(told(how.ok().as_deref())),
            () = tokio::time::sleep(START) => {
                kill.notify_one();
                Some(format!("it asked for no event within {} s", START.as_secs()))
            }
        };
        match ended_early {
            None => Ok(Self { pid, events, api, ended, kill, log, _place: place }),
            Some(ended) => Err(NotStarted { pid: Some(pid), ended, last_lines: log.last_lines() }),
        }
    }

    /// Whether the process has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// Returns when the process has ended.
    #[cfg(test)]
    pub(super) async fn gone(&mut self) {
        // A supervisor that is gone has ended its process as well.
        let _ = self.ended.wait_for(Option::is_some).await;
    }

    /// The last lines that the process wrote.
    pub(super) fn last_lines(&self) -> Vec<String> {
        self.log.last_lines()
    }

    /// Gives the process an event and waits for its answer, no longer than `timeout`.
    pub(super) async fn invoke(
        &mut self,
        payload: Bytes,
        timeout: Duration,
        clock: &Clock,
    ) -> Outcome {
        let (reply, answer) = oneshot::channel();
        let deadline = clock.now() + timeout;
        let invocation = Invocation { id: random::uuid(), payload, deadline, reply };
        if self.has_ended() || self.events.try_send(invocation).is_err() {
            return Err(Failure::NotTaken);
        }
        tokio::select! {
            // An answer counts even if the process ended right after it.
            biased;
            Ok(outcome) = answer => outcome,
            how = self.ended.wait_for(Option::is_some) => {
                let how = told(how.ok().as_deref());
                Err(if self.api.abandon() { Failure::Ended(how) } else { Failure::NotTaken })
            }
            () = clock.until(deadline) => {
                self.kill.notify_one();
                Err(Failure::TimedOut)
            }
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.kill.notify_one();
    }
}

fn told(how: Option<&Option<String>>) -> String {
    how.and_then(Clone::clone).unwrap_or_else(|| "the engine stops".to_owned())
}

/// What the supervisor of a process looks after.
struct Supervised {
    child: Child,
    note: Option<PathBuf>,
    server: (TcpListener, Arc<Api>),
    kill: Arc<Notify>,
    ended: watch::Sender<Option<String>>,
}

/// Serves the process until it ends, and makes its end known.
async fn supervise(supervised: Supervised) {
    let Supervised { mut child, note, server: (listener, api), kill, ended } = supervised;
    let served = async {
        // Small answers, one at a time: waiting for more to send would only cost time.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection stays slow");
            }
        });
        if let Err(error) = axum::serve(listener, api.router()).await {
            tracing::error!(%error, "the Runtime API of a function ended");
        }
        std::future::pending::<Infallible>().await
    };
    let status = tokio::select! {
        status = child.wait() => status,
        () = kill.notified() => {
            // It may have ended in this moment, which the wait tells.
            let _ = child.start_kill();
            child.wait().await
        }
        never = served => match never {},
    };
    if let Some(note) = note {
        // Gone already when somebody cleaned the folder up.
        let _ = std::fs::remove_file(note);
    }
    let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    ended.send_replace(Some(how));
}
