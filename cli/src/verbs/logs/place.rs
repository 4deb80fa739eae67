//! Where an attempt's log lies.

use signalbox_pipeline::keys;
use signalbox_pipeline::names::TaskId;
use signalbox_pipeline::order::files;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::state::Attempt;

use super::wanted::Wanted;
use crate::connect::{Objects, Read};
use crate::view::{job, safe};

/// What jobs wrote lies below this, by role and task.
const INCOMING: &str = "incoming/";

/// What the document says of a log's place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LogPlace {
    /// Beside the result that was read.
    Key(String),
    /// Below this task, of whatever role.
    OfTask(TaskId),
    /// Nothing is known of a task yet.
    Nowhere,
}

/// Where the log of `attempt` is: below the task that is believed, never another.
pub(super) fn of(attempt: &Attempt) -> LogPlace {
    if let Some(folder) =
        job::found(attempt).and_then(|found| found.key.strip_suffix(files::RESULT))
    {
        return LogPlace::Key(format!("{folder}{}", files::LOG));
    }
    match attempt.ending.as_ref().and_then(|ending| ending.task.clone()) {
        Some(task) => LogPlace::OfTask(task),
        None => LogPlace::Nowhere,
    }
}

/// The log of `task`, whose result was not read, so that its role is not known.
pub(super) async fn search(artifacts: &Objects, task: &TaskId) -> anyhow::Result<Option<String>> {
    for role in artifacts.parts(INCOMING, ":").await? {
        let role = role.trim_end_matches(':');
        let key = keys::artifacts::delivered(role, task, files::LOG);
        if matches!(artifacts.read(&key, None).await?, Read::Found { .. }) {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// Why there is no log.
pub(super) fn why_not(run: &Run, wanted: &Wanted<'_>, key: Option<&str>, flag: &str) -> String {
    let attempt = wanted.attempt;
    let ended = attempt.ending.is_some() || attempt.phase.is_terminal();
    match (key, attempt.phase) {
        (Some(key), _) => format!("{wanted}: there is no {key}; it may have expired"),
        (None, Phase::Pending | Phase::Running) if !ended => format!(
            "{wanted} has not ended; its log is there when it has: `signalbox watch {}{flag}`",
            run.id
        ),
        _ => {
            let reason = attempt.reason.as_deref().unwrap_or("it never wrote one");
            format!("{wanted} left no log: {}", safe::line(reason))
        }
    }
}
