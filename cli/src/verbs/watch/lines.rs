//! What changed between two versions of a run, a line each.

use jiff::Timestamp;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::state::{Job, Stage};

use crate::output::{of_phase, styled};
use crate::view::{job, safe, time};

/// The lines that tell what is otherwise in `after`.
pub(super) fn changes(before: Option<&Run>, after: &Run, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    if before.is_none() {
        let trigger = &after.state.trigger;
        lines.push(format!(
            "run {} of pipeline {}: {} on {}",
            after.id,
            after.pipeline,
            trigger.commit.short(),
            trigger.branch
        ));
    }
    for stage in &after.state.stages {
        let known = before.and_then(|run| stage_of(run, stage));
        let was = known.map_or(Phase::Pending, |stage| stage.phase);
        if stage.phase == Phase::Running && was == Phase::Pending {
            lines.push(format!("{}: running", stage.name));
        }
        for job in &stage.jobs {
            let known = known.and_then(|stage| stage.jobs.iter().find(|k| k.name == job.name));
            lines.extend(of_job(stage, known, job, now));
        }
        if stage.phase != was && stage.phase != Phase::Running {
            lines.push(of_stage(stage, now));
        }
    }
    lines
}

/// A stage in one line.
pub(super) fn of_stage(stage: &Stage, now: Timestamp) -> String {
    let phase = styled(of_phase(stage.phase), stage.phase);
    let took =
        job::stage_seconds(stage, now).map(|seconds| format!(" after {}", time::took(seconds)));
    format!("{}: {phase}{}", stage.name, took.unwrap_or_default())
}

fn stage_of<'r>(run: &'r Run, stage: &Stage) -> Option<&'r Stage> {
    run.state.stages.iter().find(|known| known.name == stage.name)
}

/// A job that is the stage's only one and called like it is told by the stage's own lines, unless
/// there is more to say.
fn of_job(stage: &Stage, known: Option<&Job>, job: &Job, now: Timestamp) -> Vec<String> {
    let own = stage.jobs.len() == 1 && job.name.as_str() == stage.name.as_str();
    let mut lines = Vec::new();
    for attempt in &job.attempts {
        let of = |job: &Job| job.attempts.iter().find(|k| k.number == attempt.number).cloned();
        let was = known.and_then(of).map_or(Phase::Pending, |attempt| attempt.phase);
        if attempt.phase == was || (own && attempt.reason.is_none()) {
            continue;
        }
        let phase = styled(of_phase(attempt.phase), attempt.phase);
        let mut line = format!("  {}: {phase}", job.name);
        if attempt.number > 1 {
            line.push_str(&format!(" (attempt {})", attempt.number));
        }
        if attempt.phase.is_terminal() {
            if let Some(seconds) = job::seconds(attempt, now) {
                line.push_str(&format!(" after {}", time::took(seconds)));
            }
            if let Some(tests) = job::report(attempt).and_then(|report| report.tests.as_ref()) {
                line.push_str(&format!(", tests: {}", job::tests(tests)));
            }
            if let Some(reason) = &attempt.reason {
                line.push_str(&format!(": {}", safe::line(reason)));
            }
        }
        lines.push(line);
    }
    lines
}
