//! What jobs measured, what their conditions said of it, and where their results lie.

use signalbox_pipeline::gate::Verdict;
use signalbox_pipeline::inspection::{Finding, Outcome};
use signalbox_pipeline::names::GroupName;
use signalbox_pipeline::order::files;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::fact::Evidence;
use signalbox_pipeline::run::state::{Attempt, Stage, StageWork, State};

use super::page::Page;
use crate::output::{of_phase, styled};
use crate::verbs::approve;
use crate::view::{job, safe};

/// More metrics of one job are not listed; `result.json` holds all.
const MOST_METRICS: usize = 40;

/// A paragraph for each job whose last attempt left something to tell.
pub(super) fn lines(page: &Page<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for stage in &page.run.state.stages {
        let mut said = of_findings(&page.run.state, stage);
        said.extend(of_approval(&page.run.state, stage));
        if !said.is_empty() {
            lines.extend([String::new(), stage.name.to_string()]);
            lines.extend(said.into_iter().map(|line| format!("  {line}")));
        }
        for job in &stage.jobs {
            let Some(attempt) = job.attempts.last() else { continue };
            let told = of_attempt(page, attempt);
            if !told.is_empty() {
                lines.push(String::new());
                lines.push(format!("{}/{}", stage.name, job.name));
                lines.extend(told.into_iter().map(|line| format!("  {line}")));
            }
        }
    }
    lines
}

/// What was looked at before anything ran in the environment.
fn of_findings(state: &State, stage: &Stage) -> Vec<String> {
    let StageWork::Validate { .. } = stage.work else { return Vec::new() };
    let line = |Finding { check, outcome, evidence }: Finding| {
        let (phase, word) = match outcome {
            Outcome::Passed => (Phase::Succeeded, "passed"),
            Outcome::Failed => (Phase::Failed, "failed"),
            Outcome::Open => (Phase::Running, "open"),
        };
        let word = styled(of_phase(phase), word);
        format!("{:9}{word}  {}", check.to_string(), safe::line(&evidence))
    };
    state.findings(stage).into_iter().map(line).collect()
}

/// Whom the stage asks, about what, and what was said.
fn of_approval(state: &State, stage: &Stage) -> Vec<String> {
    let StageWork::Approve { .. } = stage.work else { return Vec::new() };
    let (Some(asked), Some(release)) = (state.approvals(stage), state.release(stage)) else {
        return Vec::new();
    };
    let groups: Vec<&str> = asked.from.iter().map(GroupName::as_str).collect();
    let mut lines = vec![
        format!("asked    {} of {}", asked.required, groups.join(", ")),
        format!("release  {release}"),
    ];
    for decided in stage.approving.iter().flat_map(|approving| &approving.decisions) {
        let void = if decided.release == release { "" } else { " (of another release: void)" };
        lines.push(format!("said     {}{void}", safe::line(&approve::told(decided))));
    }
    lines
}

fn of_attempt(page: &Page<'_>, attempt: &Attempt) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(report) = job::report(attempt) {
        let metrics = report.metrics.iter().take(MOST_METRICS);
        let metrics = metrics.map(|(name, value)| format!("{}={value}", safe::line(name)));
        let metrics = metrics.collect::<Vec<_>>().join("  ");
        if !metrics.is_empty() {
            let more = report.metrics.len().saturating_sub(MOST_METRICS);
            let more = if more > 0 { format!("  and {more} more") } else { String::new() };
            lines.push(format!("metrics  {metrics}{more}"));
        }
    }
    for gated in &attempt.verdicts {
        lines.push(of_verdict(&gated.condition, &gated.verdict));
    }
    if let Some(report) = job::report(attempt) {
        lines.extend(report.notes.iter().map(|note| format!("note     {}", safe::line(note))));
    }
    match &attempt.evidence {
        Some(Evidence::Read(found)) => {
            let folder = found.key.strip_suffix(files::RESULT).unwrap_or(&found.key);
            lines.push(format!("results  {}", (page.artifact)(folder)));
        }
        Some(Evidence::Missing { reason }) => {
            lines.push(format!("results  none: {}", safe::line(reason)));
        }
        None => {}
    }
    lines
}

fn of_verdict(condition: &str, verdict: &Verdict) -> String {
    let condition = safe::line(condition);
    let (phase, word, said) = match verdict {
        Verdict::Passed { note } => (Phase::Succeeded, "passed", note.as_deref()),
        Verdict::Failed { reason } => (Phase::Failed, "failed", Some(reason.as_str())),
    };
    let word = styled(of_phase(phase), word);
    match said.map(safe::line) {
        // What the gate says begins with its condition.
        Some(said) if said.starts_with(&condition) => format!("gate     {word}  {said}"),
        Some(said) => format!("gate     {word}  {condition}: {said}"),
        None => format!("gate     {word}  {condition}"),
    }
}
