//! What there is to see after a run that did not succeed.

use std::path::Path;

use jiff::Timestamp;
use signalbox_local::engine::Engine;
use signalbox_pipeline::gate::Verdict;
use signalbox_pipeline::keys;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::state::{Attempt, Job, Stage};

use crate::laptop::buckets;
use crate::output::{Output, of_phase, styled};
use crate::progress::job_took;
use crate::view::{job as view, safe};

/// As many lines of a log as are shown.
const LINES: usize = 12;

/// Tells what failed, why, and where to look.
pub(super) fn tell(engine: &Engine, dir: &Path, run: &Run, output: &Output) {
    let state = &run.state;
    output.say("");
    output.say(format!("run {} {}", run.id, styled(of_phase(state.phase), state.phase)));
    let mut shown = false;
    for stage in state.stages.iter().filter(|stage| is_bad(stage.phase)) {
        for job in stage.jobs.iter().filter(|job| is_bad(job.phase)) {
            tell_job(engine, dir, stage, job, output);
            shown = true;
        }
        if !shown && let Some(reason) = &stage.reason {
            say_block(output, &format!("{}: {reason}", stage.name));
            shown = true;
        }
    }
    if !shown && let Some(reason) = &state.reason {
        say_block(output, reason);
    }
    whereabouts(engine, dir, run, output);
}

fn is_bad(phase: Phase) -> bool {
    matches!(phase, Phase::Failed | Phase::Errored)
}

fn tell_job(engine: &Engine, dir: &Path, stage: &Stage, job: &Job, output: &Output) {
    let (_, tests) = job_took(job, Timestamp::UNIX_EPOCH);
    let name = styled(anstyle::Style::new().bold(), format!("{}/{}", stage.name, job.name));
    let tests = if tests.is_empty() { String::new() } else { format!(" ({tests})") };
    let optional = if job.optional { ", which is optional" } else { "" };
    output.say("");
    output.say(format!("{name} {}{tests}{optional}", job.phase));
    let Some(attempt) = job.attempts.last() else { return };
    if let Some(reason) = &job.reason {
        say_block(output, reason);
    }
    let gates = gates(attempt);
    for gate in &gates {
        let told = job.reason.as_ref().is_some_and(|reason| reason.contains(gate.as_str()));
        if !told {
            say_block(output, gate);
        }
    }
    let by_gate = !gates.is_empty() && view::report(attempt).is_some_and(|one| one.exit_code == 0);
    if by_gate {
        return;
    }
    let Some((log, at)) = log(engine, dir, attempt) else { return };
    output.say(format!("  its log ({at}):"));
    for line in telling(&safe::block(&log)) {
        output.say(styled(anstyle::Style::new().dimmed(), format!("  │ {line}")));
    }
}

/// The conditions that do not hold.
fn gates(attempt: &Attempt) -> Vec<String> {
    let failed = attempt.verdicts.iter().filter_map(|gated| match &gated.verdict {
        Verdict::Failed { reason } => Some(reason.clone()),
        Verdict::Passed { .. } => None,
    });
    failed.collect()
}

/// The attempt's log and where it lies, short of the engine's folder.
fn log(engine: &Engine, dir: &Path, attempt: &Attempt) -> Option<(String, String)> {
    let artifacts = buckets(engine).ok()?.artifacts;
    let delivered = view::found(attempt).and_then(|found| {
        engine.s3().file(&artifacts, &found.key.replace("result.json", "log.txt"))
    });
    let placed = || {
        let placement = attempt.placement.as_ref()?;
        Some(engine.job_folder(placement.job_id.as_str()).join("log.txt"))
    };
    let file = delivered.or_else(placed)?;
    let text = String::from_utf8_lossy(&std::fs::read(&file).ok()?).into_owned();
    let short = file.strip_prefix(dir).unwrap_or(&file).display().to_string();
    Some((text, short))
}

/// The lines of a log that say what went wrong: from the first that sounds like it.
fn telling(log: &str) -> Vec<&str> {
    let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    let words = ["FAIL:", "ERROR:", "Traceback", "Error:", "error:", "signalbox:"];
    let sounds = |line: &&str| words.iter().any(|word| line.contains(word));
    let first = lines.iter().position(|line| sounds(&line));
    let first = first.unwrap_or_else(|| lines.len().saturating_sub(LINES));
    lines.into_iter().skip(first).take(LINES).collect()
}

fn whereabouts(engine: &Engine, dir: &Path, run: &Run, output: &Output) {
    let key = keys::state::run(&run.pipeline, &run.id);
    let state = buckets(engine).map(|buckets| buckets.state).unwrap_or_default();
    let shown = dir.display();
    output.say("");
    output.say("Where to look:");
    output.say(format!("  the repository  {shown}/rain"));
    if let Some(file) = engine.s3().file(&state, &key) {
        output.say(format!("  the run         {}", file.display()));
    }
    output.say(format!("  or start the engine, `signalbox local --dir {shown}`, and ask it:"));
    output.say(format!("  signalbox show latest --dir {shown}"));
    output.say(format!("  signalbox logs latest --dir {shown}"));
}

fn say_block(output: &Output, text: &str) {
    for line in safe::block(text).lines() {
        output.say(format!("  {line}"));
    }
}
