//! Which run is meant: its id, a part of it, its commit, or `latest`.

use std::fmt;

use signalbox_pipeline::keys;
use signalbox_pipeline::names::{PipelineName, RunId};

use super::newest::{newest_of, pipelines};
use super::{Connection, Read};
use crate::exit::Exit;
use crate::view::safe;

#[cfg(test)]
mod tests;

/// A part of an id is looked for among so many of the newest runs of each pipeline.
const NEWEST: usize = 200;
/// How many candidates an error names.
const NAMED: usize = 8;

/// A run, and the pipeline that it is a run of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunRef {
    /// The pipeline.
    pub(crate) pipeline: PipelineName,
    /// The run.
    pub(crate) id: RunId,
}

impl RunRef {
    /// Where its document lies.
    pub(crate) fn key(&self) -> String {
        keys::state::run(&self.pipeline, &self.id)
    }
}

impl fmt::Display for RunRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (pipeline {})", self.id, self.pipeline)
    }
}

impl Connection {
    /// The run that `wanted` means.
    pub(crate) async fn find_run(&self, wanted: &str) -> anyhow::Result<RunRef> {
        let state = self.state();
        if let Ok(id) = RunId::parse(wanted) {
            for pipeline in pipelines(&state).await? {
                let run = RunRef { pipeline, id: id.clone() };
                if !matches!(state.read(&run.key(), None).await?, Read::Absent) {
                    return Ok(run);
                }
            }
            let flag = self.flag();
            return Err(Exit::NotFound.because(format!(
                "there is no run {id}; `signalbox runs{flag}` lists the newest"
            )));
        }
        let latest = wanted == "latest";
        let runs = newest_of(&state, None, if latest { 1 } else { NEWEST }).await?;
        match if latest { runs.first().ok_or(Unresolved::NoRuns) } else { pick(wanted, &runs) } {
            Ok(run) => Ok(run.clone()),
            Err(unresolved) => Err(self.unresolved(wanted, &unresolved)),
        }
    }

    fn unresolved(&self, wanted: &str, unresolved: &Unresolved) -> anyhow::Error {
        let (wanted, flag) = (safe::line(wanted), self.flag());
        let (exit, message) = match unresolved {
            Unresolved::NoRuns => (Exit::NotFound, "there are no runs yet; push a commit to a repository that `signalbox repo list` names".to_owned()),
            Unresolved::Unknown => (
                Exit::NotFound,
                format!("no run among the newest {NEWEST} begins or ends with {wanted:?}, and none is of such a commit; `signalbox runs{flag}` lists the newest"),
            ),
            Unresolved::Ambiguous(runs) => {
                let named: String =
                    runs.iter().take(NAMED).map(|run| format!("\n  {run}")).collect();
                let count = runs.len();
                (Exit::Usage, format!("{wanted:?} fits {count} runs; write more of the id:{named}"))
            }
        };
        exit.because(message)
    }
}

/// Why a text means no one run.
#[derive(Debug, PartialEq, Eq)]
enum Unresolved {
    NoRuns,
    Unknown,
    Ambiguous(Vec<RunRef>),
}

/// The only one of `runs` whose id begins or ends with `part`, or whose commit `part` names.
fn pick<'r>(part: &str, runs: &'r [RunRef]) -> Result<&'r RunRef, Unresolved> {
    if runs.is_empty() {
        return Err(Unresolved::NoRuns);
    }
    let part = part.to_ascii_lowercase();
    let fits = |run: &&RunRef| {
        let id = run.id.as_str();
        let commit = id.split('-').nth(1).unwrap_or_default();
        id.starts_with(&part)
            || id.ends_with(&part)
            || (part.len() >= 4 && (commit.starts_with(&part) || is_of(&part, commit)))
    };
    let found: Vec<&RunRef> = runs.iter().filter(fits).collect();
    match found.as_slice() {
        [] => Err(Unresolved::Unknown),
        [run] => Ok(run),
        several => Err(Unresolved::Ambiguous(several.iter().map(|run| (*run).clone()).collect())),
    }
}

/// Whether `sha` is a longer way to write the commit `short`.
fn is_of(sha: &str, short: &str) -> bool {
    sha.len() > short.len() && sha.starts_with(short) && sha.bytes().all(|b| b.is_ascii_hexdigit())
}
