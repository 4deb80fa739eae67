//! Which run is meant: its id, a part of it, its commit, or `latest`.

use std::fmt;
use std::time::Duration;

use signalbox_pipeline::keys;
use signalbox_pipeline::names::{PipelineName, RunId};

use super::Connection;
use super::newest::{Lister, newest_of, pipelines};
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
        find_run(&self.state(), wanted, &self.flag()).await
    }

    /// The same, but the run of a commit may be about to begin: it is looked for again after each
    /// of `waits`, the first of which `waiting` is told of.
    pub(crate) async fn await_run(
        &self,
        wanted: &str,
        waits: impl IntoIterator<Item = Duration>,
        waiting: impl Fn(),
    ) -> anyhow::Result<RunRef> {
        let state = self.state();
        let mut found = resolve(&state, wanted).await?;
        let mut told = false;
        for wait in waits.into_iter().take_while(|_| is_commit(wanted)) {
            if !matches!(found, Err(Unresolved::NoRuns | Unresolved::Unknown)) {
                break;
            }
            if !std::mem::replace(&mut told, true) {
                waiting();
            }
            tokio::time::sleep(wait).await;
            found = resolve(&state, wanted).await?;
        }
        found.map_err(|unresolved| unresolved.told(wanted, &self.flag()))
    }
}

/// The run that `wanted` means among those that `lister` lists; `flag` is what suggested commands
/// need to look in the same place.
pub(crate) async fn find_run(
    lister: &impl Lister,
    wanted: &str,
    flag: &str,
) -> anyhow::Result<RunRef> {
    resolve(lister, wanted).await?.map_err(|unresolved| unresolved.told(wanted, flag))
}

async fn resolve(lister: &impl Lister, wanted: &str) -> anyhow::Result<Result<RunRef, Unresolved>> {
    if let Ok(id) = RunId::parse(wanted) {
        for pipeline in pipelines(lister).await? {
            let run = RunRef { pipeline, id: id.clone() };
            if lister.has(&run.key()).await? {
                return Ok(Ok(run));
            }
        }
        return Ok(Err(Unresolved::Absent));
    }
    let latest = wanted == "latest";
    let runs = newest_of(lister, None, if latest { 1 } else { NEWEST }).await?;
    let found = if latest { runs.first().ok_or(Unresolved::NoRuns) } else { pick(wanted, &runs) };
    Ok(found.cloned())
}

/// Why a text means no one run.
#[derive(Debug, PartialEq, Eq)]
enum Unresolved {
    /// There are none at all.
    NoRuns,
    /// There is none of that id.
    Absent,
    /// None of the newest fits.
    Unknown,
    /// Several fit.
    Ambiguous(Vec<RunRef>),
}

impl Unresolved {
    fn told(&self, wanted: &str, flag: &str) -> anyhow::Error {
        let wanted = safe::line(wanted);
        let (exit, message) = match self {
            Self::NoRuns => (
                Exit::NotFound,
                format!(
                    "there are no runs yet; push a commit to a repository that \
                     `signalbox repo list{flag}` names"
                ),
            ),
            Self::Absent => (
                Exit::NotFound,
                format!("there is no run {wanted}; `signalbox runs{flag}` lists the newest"),
            ),
            Self::Unknown => (
                Exit::NotFound,
                format!(
                    "no run among the newest {NEWEST} begins or ends with {wanted:?}, and none is of such a commit; `signalbox runs{flag}` lists the newest"
                ),
            ),
            Self::Ambiguous(runs) => {
                let named: String =
                    runs.iter().take(NAMED).map(|run| format!("\n  {run}")).collect();
                let count = runs.len();
                (Exit::Usage, format!("{wanted:?} fits {count} runs; write more of the id:{named}"))
            }
        };
        exit.because(message)
    }
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

/// Whether `wanted` can only be a commit: seven hex digits or more.
fn is_commit(wanted: &str) -> bool {
    (7..=64).contains(&wanted.len()) && wanted.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether `sha` is a longer way to write the commit `short`.
fn is_of(sha: &str, short: &str) -> bool {
    sha.len() > short.len() && sha.starts_with(short) && sha.bytes().all(|b| b.is_ascii_hexdigit())
}
