//! What went wrong in the engine's wiring, told so that the reader can mend it.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast;

/// Something that would fail on AWS as well, or an engine that cannot go on as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incident {
    /// An event that has to reach a queue matched no rule.
    Unrouted {
        /// The event's detail type.
        event: String,
        /// The rule that came nearest, and the first field that differs.
        explanation: String,
    },
    /// A function's process ended before it asked for its first event.
    Init {
        /// The function's logical id.
        function: String,
        /// How it ended.
        ended: String,
        /// The last lines that it wrote.
        last_lines: Vec<String>,
    },
    /// A function's process ended in the middle of an invocation.
    Crashed {
        /// The function's logical id.
        function: String,
        /// How it ended.
        ended: String,
        /// The last lines that it wrote.
        last_lines: Vec<String>,
    },
    /// An invocation took longer than the function's timeout, and its process was killed.
    TimedOut {
        /// The function's logical id.
        function: String,
        /// The timeout.
        timeout: Duration,
    },
    /// A function answered what Lambda takes for the failure of the whole batch.
    BadResponse {
        /// The function's logical id.
        function: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// Something of the engine itself failed, and it goes on without.
    Engine {
        /// What was to be done.
        what: String,
        /// Why it failed.
        error: String,
    },
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unrouted { event, explanation } => {
                write!(f, "event `{event}` matched no rule; {explanation}")
            }
            Self::Init { function, ended, last_lines } => {
                write!(f, "{function} did not start ({ended}){}", Lines(last_lines))
            }
            Self::Crashed { function, ended, last_lines } => {
                write!(f, "{function} ended while it worked ({ended}){}", Lines(last_lines))
            }
            Self::TimedOut { function, timeout } => {
                write!(f, "{function} took longer than its timeout of {} s", timeout.as_secs_f64())
            }
            Self::BadResponse { function, reason } => {
                write!(f, "{function} answered in a way that fails its whole batch: {reason}")
            }
            Self::Engine { what, error } => write!(f, "the local engine could not {what}: {error}"),
        }
    }
}

/// Output lines behind a sentence.
struct Lines<'a>(&'a [String]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(" and wrote nothing");
        }
        self.0.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

/// Where incidents are reported and read. An incident that repeats itself is told once.
#[derive(Debug)]
pub struct Incidents {
    told: Mutex<Vec<Incident>>,
    sender: broadcast::Sender<Incident>,
}

impl Default for Incidents {
    fn default() -> Self {
        Self { told: Mutex::default(), sender: broadcast::Sender::new(256) }
    }
}

impl Incidents {
    /// Tells everybody who listens, and keeps the incident for those who ask later.
    pub fn report(&self, incident: Incident) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.contains(&incident) {
            return;
        }
        tracing::error!("{incident}");
        told.push(incident.clone());
        // Nobody has to listen.
        let _ = self.sender.send(incident);
    }

    /// The incidents from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Incident> {
        self.sender.subscribe()
    }

    /// The incidents so far.
    #[must_use]
    pub fn all(&self) -> Vec<Incident> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
