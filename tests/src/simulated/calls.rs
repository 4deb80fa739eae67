//! The calls that functions make, and what happens to them.

use std::collections::BTreeMap;
use std::fmt;

use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use signalbox_local::http::{Fault, When, is_conditional_write};

/// One call of a function to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Counted from 1, in the order in which they went out.
    pub number: u64,
    /// The function, such as `job`.
    pub function: String,
    /// What was asked of which service, in short.
    pub what: String,
    /// Whether it writes on a condition.
    pub is_conditional: bool,
}

impl Call {
    pub(super) fn of(number: u64, function: &str, request: &Parts) -> Self {
        let (function, what) = (function.to_owned(), what(request));
        Self { number, function, what, is_conditional: is_conditional_write(request) }
    }
}

impl Call {
    /// Whether it submits a job.
    #[must_use]
    pub fn is_submission(&self) -> bool {
        self.what == "batch submitjob"
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {} ({}: {})", self.number, self.function, self.what)
    }
}

/// Services with JSON documents name the operation in a header or the path, S3 by method and key.
fn what(request: &Parts) -> String {
    let (method, path) = (&request.method, request.uri.path());
    if let Some(target) = request.headers.get("x-amz-target").and_then(|value| value.to_str().ok())
    {
        return target.to_owned();
    }
    if let Some(operation) = path.strip_prefix("/v1/") {
        return format!("batch {operation}");
    }
    let condition = if is_conditional_write(request) { " on a condition" } else { "" };
    format!("{method} {}{condition}", without_task(path.trim_start_matches('/')))
}

/// The key without the id of a task: ids are drawn in the order in which the machine's own threads
/// come to it, and tell nothing.
fn without_task(key: &str) -> String {
    match key.split_once("%3A").and_then(|(before, rest)| Some((before, rest.split_once('/')?))) {
        Some((before, (_task, file))) => format!("{before}:<task>/{file}"),
        None => key.to_owned(),
    }
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blow {
    /// The request meets a fault.
    Fault(Fault),
    /// The process that calls dies.
    Dies(When),
    /// The process that calls stands still for so many milliseconds, with all of its clocks but the
    /// one that tells the time, as on a machine that is paused.
    Sleeps(When, u64),
}

impl Blow {
    /// Whether it can happen to `call`: 409 and 412 answer conditional writes only.
    #[must_use]
    pub fn fits(&self, request: &Parts) -> bool {
        match self {
            Self::Fault(fault) => fault.fits(request),
            Self::Dies(_) | Self::Sleeps(..) => true,
        }
    }
}

/// Which calls are hit, and by what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blows {
    /// By the number of the call.
    pub calls: BTreeMap<u64, Blow>,
    /// By the number of the submission, counted among the submissions alone: what happens there is
    /// the hardest to tell afterwards.
    pub submissions: BTreeMap<u64, Blow>,
}
