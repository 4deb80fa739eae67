//! How an ended attempt is judged, and in which words.

use super::fact::{Cause, Ending, Evidence, Gated, ImageFound};
use crate::gate::Verdict;
use crate::names::ImageRepository;
use crate::order::{EXIT_RUNNER, EXIT_TIMEOUT};
use crate::phase::Phase;
use crate::report::{Built, FailureClass, Report, Tests};

/// The phase of an attempt that ended so and left this behind, and the reason where it is not well.
pub(super) fn of(
    ending: &Ending,
    evidence: &Evidence,
    verdicts: &[Gated],
) -> (Phase, Option<String>) {
    let report = match evidence {
        Evidence::Read(found) => Some(&found.report),
        Evidence::Missing { .. } => None,
    };
    match (ending.exit_code, report) {
        _ if ending.cause == Some(Cause::Reclaimed) => (Phase::Errored, Some(reclaimed(ending))),
        _ if ending.cause == Some(Cause::TimedOut) => (Phase::Failed, Some(timed_out(ending))),
        (None, _) => (Phase::Errored, Some(never_ran(ending))),
        (Some(EXIT_RUNNER), report) if !is_the_commands(report) => {
            (Phase::Errored, Some(runner_fault(ending, report)))
        }
        (Some(0), _) if !ending.succeeded => (Phase::Errored, Some(given_up(ending))),
        (Some(_), _) if ending.cause == Some(Cause::OutOfMemory) => {
            (Phase::Failed, Some(out_of_memory(ending)))
        }
        (Some(0), None) => (Phase::Errored, Some(missing(evidence))),
        (Some(0), Some(report)) if report.exit_code != 0 => {
            let said = report.exit_code;
            let reason = format!("the job ended with exit code 0, its result.json says {said}");
            (Phase::Errored, Some(reason))
        }
        (Some(0), Some(_)) => gated(verdicts),
        (Some(code), report) => (Phase::Failed, Some(failure(code, report))),
    }
}

/// The image that a build attempt says it pushed.
pub(super) fn built(evidence: &Evidence) -> Option<&Built> {
    match evidence {
        Evidence::Read(found) => found.report.image.as_ref(),
        Evidence::Missing { .. } => None,
    }
}

/// The reason of a job that ended without having run.
pub(super) fn never_ran(ending: &Ending) -> String {
    let reason = ending.reason.as_deref().unwrap_or("AWS Batch gave no reason");
    match ending.cause {
        Some(Cause::Reclaimed) => reclaimed(ending),
        Some(Cause::ImagePull) => format!("its image could not be pulled: {reason}"),
        Some(Cause::NoCapacity) => format!("no machine was to be had for it: {reason}"),
        _ => format!("the job never ran: {reason}"),
    }
}

/// The reason of a job whose machine was taken away, whatever its command made of that.
fn reclaimed(ending: &Ending) -> String {
    let reason = ending.reason.as_deref().unwrap_or("AWS Batch gave no reason");
    format!("its machine was taken away: {reason}")
}

/// The reason of a job that Batch ended in the middle of its work: the runner, which has less time,
/// usually says so first.
fn timed_out(ending: &Ending) -> String {
    let reason = ending.reason.as_deref().unwrap_or("AWS Batch gave no reason");
    format!("it took longer than it may (`timeout`): {reason}")
}

fn out_of_memory(ending: &Ending) -> String {
    let reason = ending.reason.as_deref().unwrap_or("AWS Batch gave no reason");
    format!("it used more memory than it had asked for (`compute.memory`): {reason}")
}

/// The reason of a job that Batch ended, or gave up, and whose command took that well.
fn given_up(ending: &Ending) -> String {
    let reason = ending.reason.as_deref().unwrap_or("AWS Batch gave no reason");
    format!("the job ended with exit code 0, but AWS Batch counts it as failed: {reason}")
}

/// The reason of a build whose image the registry does not confirm.
pub(super) fn swapped(repository: &ImageRepository, built: &Built, fact: &ImageFound) -> String {
    let Built { tag, digest } = built;
    match &fact.digest {
        Some(found) => format!(
            "the build reported {digest}, and {repository}:{tag} is {found} in the registry: \
             somebody else pushed under this tag"
        ),
        None => format!(
            "the build reported {digest}, and the registry holds nothing under {repository}:{tag}"
        ),
    }
}

fn gated(verdicts: &[Gated]) -> (Phase, Option<String>) {
    let failed = verdicts.iter().filter_map(|gated| match &gated.verdict {
        Verdict::Failed { reason } => Some(reason.as_str()),
        Verdict::Passed { .. } => None,
    });
    let failed: Vec<&str> = failed.collect();
    if failed.is_empty() {
        (Phase::Succeeded, None)
    } else {
        (Phase::Failed, Some(failed.join("; ")))
    }
}

/// Whether the exit code is one that the user's own command chose, 125 included.
fn is_the_commands(report: Option<&Report>) -> bool {
    let class = report.and_then(|report| report.failure.as_ref()).map(|failure| failure.class);
    matches!(class, Some(FailureClass::Exit | FailureClass::Dependency))
}

fn runner_fault(ending: &Ending, report: Option<&Report>) -> String {
    let said = report.and_then(|report| report.failure.as_ref()).map(|f| f.message.as_str());
    let said = said.or(ending.reason.as_deref()).unwrap_or("it left no word; see the job's log");
    format!("the runner could not do its work: {}", cut(said))
}

fn missing(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Missing { reason } => format!("the job ended with exit code 0, but {reason}"),
        Evidence::Read(_) => "the job ended with exit code 0".to_owned(),
    }
}

fn failure(code: i32, report: Option<&Report>) -> String {
    if let Some(Tests { total, failed, errored, .. }) = report.and_then(|report| report.tests)
        && failed + errored > 0
    {
        return format!("{} of {total} tests failed", failed + errored);
    }
    match report.and_then(|report| report.failure.as_ref()) {
        Some(failure) => cut(&failure.message),
        None if code == EXIT_TIMEOUT => "the time was over (exit code 124)".to_owned(),
        None => format!("exit code {code}"),
    }
}

/// As much of other people's words as is repeated: a job's, a person's, Batch's. They stand in the
/// attempt, its job, its stage and the run.
const LONGEST_WORDS: usize = 500;

pub(super) fn cut(words: &str) -> String {
    words.chars().take(LONGEST_WORDS).collect()
}
