//! What is released in an environment now, of each pipeline.

use serde::Serialize;
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EnvironmentName, PipelineName, RunId};

use crate::connect::{Connection, refused};
use crate::output::{Cell, Output};
use crate::view::safe;

/// What is released of one pipeline.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Released {
    pipeline: PipelineName,
    /// The run whose release is live.
    live: Option<RunId>,
    /// The one that was live before.
    previous: Option<RunId>,
    /// What is being rolled out.
    candidate: Option<Rolled>,
    /// Why releases are kept out, where they are.
    hold: Option<String>,
    /// The run whose place it is.
    holder: Option<RunId>,
    /// The runs that wait for it, the first in front.
    queue: Vec<RunId>,
}

/// A release on its way.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Rolled {
    run: RunId,
    /// How many of 100 launches it gets.
    weight: u32,
    /// How its launches have ended so far.
    launches: String,
}

impl Released {
    fn of(found: Environment) -> Self {
        let candidate = found.candidate.map(|candidate| Rolled {
            run: candidate.release.run,
            weight: candidate.ramp.weight(),
            launches: candidate.ramp.on_candidate.to_string(),
        });
        Self {
            pipeline: found.pipeline,
            live: found.current.map(|release| release.run),
            previous: found.previous.map(|release| release.run),
            candidate,
            hold: found.hold.map(|hold| hold.to_string()),
            holder: found.holder,
            queue: found.queue,
        }
    }

    /// What there is to say beside what is live, a sentence each.
    fn remarks(&self) -> Vec<String> {
        let candidate = self.candidate.iter().map(|Rolled { run, weight, launches }| {
            format!("{run} is rolled out: {weight} of 100 launches, {launches}")
        });
        let holder = self.holder.iter().map(|run| format!("{run} is there"));
        let waiting = match self.queue.as_slice() {
            [] => None,
            [only] => Some(format!("{only} waits")),
            [first, rest @ ..] => Some(format!("{first} and {} more wait", rest.len())),
        };
        candidate.chain(self.hold.clone()).chain(holder).chain(waiting).collect()
    }
}

/// What is released in `environment` of each of `pipelines` that ever came so far: one request for
/// each.
pub(super) async fn of(
    connection: &Connection,
    pipelines: &[PipelineName],
    environment: &EnvironmentName,
) -> anyhow::Result<Vec<Released>> {
    let mut released = Vec::new();
    for pipeline in pipelines {
        let key = keys::state::environment(pipeline, environment);
        let found = connection.documents().load::<Environment>(&key).await.map_err(refused)?;
        released.extend(found.map(|found| Released::of(found.document)));
    }
    Ok(released)
}

pub(super) fn tell(released: &[Released], output: &Output) -> anyhow::Result<()> {
    if released.is_empty() {
        output.line("  nothing was ever released there")?;
        return Ok(());
    }
    let name = |run: &Option<RunId>| run.as_ref().map_or("-".to_owned(), RunId::to_string);
    let rows: Vec<Vec<Cell>> = released
        .iter()
        .map(|one| {
            let remarks = safe::line(&one.remarks().join("; "));
            let texts = [format!("  {}", one.pipeline), name(&one.live), name(&one.previous)];
            texts.into_iter().chain([remarks]).map(Cell::from).collect()
        })
        .collect();
    output.table(&["  PIPELINE", "LIVE", "BEFORE", ""], &rows)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_keeps_a_release_from_being_live_stands_beside_what_is() {
        let found = serde_json::from_value(json!({
            "schema": 3, "revision": 4, "write_id": "w", "pipeline": "rain",
            "environment": "production", "current": null,
            "holder": "20261120t091427z-9a2d57f-53c2ec4d",
            "queue": ["20261120t091428z-9a2d57f-53c2ec4d", "20261120t091429z-9a2d57f-53c2ec4d"],
            "hold": { "number": 2, "at": "2026-11-20T09:00:00Z", "by": "ada", "reason": "audit" },
        }));
        let released = Released::of(found.unwrap());
        assert_eq!(
            released.remarks(),
            [
                "releases are on hold (number 2, by ada): audit",
                "20261120t091427z-9a2d57f-53c2ec4d is there",
                "20261120t091428z-9a2d57f-53c2ec4d and 1 more wait",
            ]
        );
    }
}
