//! The keeper: a process beside the engine that starts the jobs' processes and outlives it.
//!
//! It is the parent of every job, so it knows how each ended, whether or not an engine was there to
//! hear it. What it knows of a task is on disk before it acts on it: a task that is marked was
//! started, or never will be. It has a session of its own, and so have its jobs: none of them can
//! ask its questions on a terminal. Without jobs and without an engine it ends.

mod child;
mod client;
mod serve;

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::executor::Launch;
pub(crate) use client::{Keeper, Process};
pub use serve::keep;

/// What is reported for a process whose end nobody saw: it was killed with its keeper.
pub(crate) const KILLED: i32 = 137;

/// Where it listens, in Batch's folder.
const SOCKET: &str = "keeper.sock";
/// What it knows of its tasks, in the same folder.
pub(crate) const MARKS: &str = "marks.jsonl";

/// What a keeper says first to each engine.
const GREETING: &[u8] = b"{}\n";

/// What the engine wants, a line of JSON each.
#[derive(Serialize, Deserialize)]
enum Request {
    /// Start a task, unless it is marked; what it prints goes to the end of `log`.
    Start { task: String, launch: Launch, log: PathBuf },
    /// Say what became of a task, and never start it if it was not started.
    Adopt { task: String },
    /// Send a signal to a task and all that it started.
    Signal { task: String, signal: i32 },
    /// The engine has written down how the task ended.
    Forget { task: String },
}

/// What the keeper says of a task, a line of JSON each.
#[derive(Serialize, Deserialize)]
struct News {
    task: String,
    stage: Stage,
}

/// How far a task is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Running,
    /// It was not started, for this reason.
    Refused(String),
    /// It was not started, and will not be.
    Never,
    Ended(i32),
}

/// What is on disk of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mark {
    /// It is about to be started.
    Starting,
    Running {
        pid: i32,
        /// When it began, by which it is told from a later process of the same id.
        began: Option<String>,
    },
    Never,
    Ended(i32),
}

/// `message` as it is sent.
fn line(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}
