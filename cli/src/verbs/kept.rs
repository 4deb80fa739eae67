//! A document of ops of which every version is kept under its digest: settings of an environment,
//! and who may decide.

use serde::Serialize;

use crate::connect::{Connection, Read, Written};
use crate::exit::Exit;

/// How often a document is tried while others change it.
const TRIES: u32 = 5;

/// What came, or would come, of one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// There was none.
    Added,
    /// There was another.
    Changed,
    /// This one held already.
    Unchanged,
}

impl Outcome {
    /// The one of the words for added, changed and unchanged.
    pub(super) fn word(self, [added, changed, unchanged]: [&str; 3]) -> &str {
        match self {
            Self::Added => added,
            Self::Changed => changed,
            Self::Unchanged => unchanged,
        }
    }
}

/// Keeps `body` under `version`, and makes it what holds under `key`. Returns what held before,
/// where that was something else.
pub(super) async fn keep(
    connection: &Connection,
    version: &str,
    key: &str,
    body: &str,
) -> anyhow::Result<(Outcome, Option<Vec<u8>>)> {
    let state = connection.state();
    // Whatever comes of this: either it is there now, or it was, or the next write fails as well.
    state.write(version, body.to_owned(), None).await?;
    let mut decided = None;
    for _ in 0..TRIES {
        let (before, etag) = match state.read(key, None).await? {
            Read::Found { bytes, .. } if bytes == body.as_bytes() => {
                // A write of ours whose answer was lost has landed, or there was nothing to do.
                return Ok(decided.unwrap_or((Outcome::Unchanged, None)));
            }
            Read::Found { bytes, etag } => (Some(bytes), Some(etag)),
            Read::Absent | Read::Unchanged => (None, None),
        };
        let outcome = if before.is_some() { Outcome::Changed } else { Outcome::Added };
        match state.write(key, body.to_owned(), etag.as_deref()).await? {
            Written::Done => return Ok((outcome, before)),
            Written::ReadAgain => decided = Some((outcome, before)),
        }
    }
    Err(Exit::Errored.because(format!("others changed {key} {TRIES} times in a row; try again")))
}

/// What is otherwise in `after`, a line each.
pub(super) fn differences(before: &[(String, String)], after: &[(String, String)]) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, old) in before {
        match after.iter().find(|(other, _)| other == name) {
            Some((_, new)) if new == old => {}
            Some((_, new)) => lines.push(format!("{name}: {old} -> {new}")),
            None => lines.push(format!("{name}: {old} -> (gone)")),
        }
    }
    let new = after.iter().filter(|(name, _)| !before.iter().any(|(other, _)| other == name));
    lines.extend(new.map(|(name, value)| format!("{name}: (new) {value}")));
    lines
}
