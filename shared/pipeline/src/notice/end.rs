//! What is told of a run that is over.

use super::{Kind, Notice, Target, Words};
use crate::phase::Phase;
use crate::run::Run;
use crate::run::fact::Evidence;
use crate::run::state::{Job, Stage, StageWork, State};

/// As many failed jobs as are named.
const MOST_JOBS: usize = 8;

impl Notice {
    /// What `targets` are told of the end of `run`. Nothing where it is not over, or where nobody
    /// has to know: a newer push took its place, or its definition had nothing to do for it.
    #[must_use]
    pub fn of_end(run: &Run, targets: Vec<Target>) -> Option<Self> {
        let state = &run.state;
        let kind = match state.phase {
            Phase::Failed if fell_back(state) => Kind::FellBack,
            Phase::Succeeded | Phase::Failed | Phase::Cancelled => Kind::Finished,
            Phase::Errored => Kind::Errored,
            Phase::Pending | Phase::Running | Phase::Superseded | Phase::Skipped => return None,
        };
        let bad = || state.stages.iter().filter(|stage| is_bad(stage.phase));
        let place = bad().next().map(|stage| format!(" in {}", stage.name)).unwrap_or_default();
        let (pipeline, id, of) = (&run.pipeline, &run.id, state.subject());
        let phase = state.phase;
        let mut lines = vec![format!("{pipeline} {phase}{place}: run {id} of {of}")];
        let failed = bad().flat_map(|stage| stage.jobs.iter().map(move |job| (stage, job)));
        let failed = failed.filter(|(_, job)| is_bad(job.phase)).take(MOST_JOBS);
        lines.extend(failed.flat_map(|(stage, job)| told(stage, job)));
        if lines.len() == 1 {
            lines.extend(state.reason.clone());
        }
        let words = Words {
            kind,
            what: "end".to_owned(),
            at: state.ended_at.unwrap_or(state.started_at),
            environment: bad().next().and_then(|stage| stage.work.environment()).cloned(),
            subject: format!("{pipeline} {phase}{place}: {of}"),
            lines,
            command: format!("signalbox show {id}"),
        };
        // The id is made of names that are shorter than it may be, so that it always parses.
        Self::of(run, words, targets).ok()
    }
}

/// Whether its verified release did not come to be live.
fn fell_back(state: &State) -> bool {
    let of_release = |stage: &&Stage| matches!(stage.work, StageWork::Release { .. });
    state.stages.iter().filter(of_release).any(|stage| is_bad(stage.phase))
}

fn is_bad(phase: Phase) -> bool {
    matches!(phase, Phase::Failed | Phase::Errored)
}

/// What a failed job came to: its reason, and what its runner said of it where that is more.
fn told(stage: &Stage, job: &Job) -> Vec<String> {
    let reason = job.reason.as_deref().unwrap_or("it left no reason");
    let mut lines = vec![format!("{}/{} {}: {reason}", stage.name, job.name, job.phase)];
    let evidence = job.attempts.last().and_then(|attempt| attempt.evidence.as_ref());
    if let Some(Evidence::Read(found)) = evidence
        && let Some(failure) = &found.report.failure
        && !reason.contains(&failure.message)
    {
        lines.push(format!("  {}", failure.message));
    }
    lines
}
