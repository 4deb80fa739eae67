//! What jobs measured, what their conditions said of it, and where their results lie.

use signalbox_pipeline::gate::Verdict;
use signalbox_pipeline::order::files;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::fact::Evidence;
use signalbox_pipeline::run::state::Attempt;

use super::page::Page;
use crate::output::{of_phase, styled};
use crate::view::{job, safe};

/// More metrics of one job are not listed; `result.json` holds all.
const MOST_METRICS: usize = 40;

/// A paragraph for each job whose last attempt left something to tell.
pub(super) fn lines(page: &Page<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for stage in &page.run.state.stages {
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
