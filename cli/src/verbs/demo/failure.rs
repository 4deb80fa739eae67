//! What there is to see after a run that did not succeed.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use signalbox_local::engine::Engine;
use signalbox_pipeline::gate::Verdict;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::state::{Attempt, Job, Stage};

use super::story::Story;
use crate::called::called;
use crate::laptop::example::Break;
use crate::output::{Output, styled};
use crate::progress::job_took;
use crate::view::{job as view, safe};
use crate::wrap::{WIDTH, folded};

/// As many lines of a log as are shown.
const LINES: usize = 12;
/// As many pieces of one line.
const PIECES: usize = 4;

/// Tells what failed, why, and where to look.
pub(super) fn tell(story: &Story<'_>, run: &Run) {
    let Story { engine, dir, output, .. } = *story;
    let state = &run.state;
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
    if story.args.broken != Some(Break::Production) {
        whereabouts(dir, output);
    }
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
    let gates = gates(attempt);
    let by_gates =
        gates.iter().all(|gate| job.reason.as_ref().is_some_and(|all| all.contains(gate)));
    if !gates.is_empty() && by_gates {
        for gate in gates {
            say_block(output, gate);
        }
    } else if let Some(reason) = &job.reason {
        say_block(output, reason);
    }
    let Some(log) = log(engine, attempt) else { return };
    let reason = job.reason.as_deref().unwrap_or_default();
    let lines = telling(&log.text, reason);
    if lines.is_empty() {
        return;
    }
    output
        .say(format!("  its log, {}:", log.file.strip_prefix(dir).unwrap_or(&log.file).display()));
    // The job's own folder says nothing, and much of it.
    let folder = format!("{}/", log.file.with_file_name("work").display());
    for line in lines {
        for piece in folded(&line.replace(&folder, ""), WIDTH).into_iter().take(PIECES) {
            output.say(styled(anstyle::Style::new().dimmed(), format!("  │ {piece}")));
        }
    }
}

/// The conditions that do not hold, each with what it read.
fn gates(attempt: &Attempt) -> Vec<&str> {
    let failed = attempt.verdicts.iter().filter_map(|gated| match &gated.verdict {
        Verdict::Failed { reason } => Some(reason.as_str()),
        Verdict::Passed { .. } => None,
    });
    failed.collect()
}

/// What a job wrote.
struct Log {
    text: String,
    file: PathBuf,
}

/// The log of an attempt whose command failed; where it did not, its log says nothing of it.
fn log(engine: &Engine, attempt: &Attempt) -> Option<Log> {
    let report = view::report(attempt);
    if report.is_some_and(|report| report.exit_code == 0) {
        return None;
    }
    let placement = attempt.placement.as_ref()?;
    let file = engine.job_folder(placement.job_id.as_str()).join("log.txt");
    let text = safe::block(&String::from_utf8_lossy(&std::fs::read(&file).ok()?));
    Some(Log { text, file })
}

/// The lines of a log that say what went wrong and are not said yet: from the first that sounds
/// like it, or else the last.
fn telling<'a>(log: &'a str, told: &str) -> Vec<&'a str> {
    let is_ours = |line: &str| line.starts_with("signalbox: ") || line.starts_with("[batch] ");
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| !line.trim().is_empty() && !is_ours(line))
        .filter(|line| !told.contains(line.trim()) && !line.starts_with("====="))
        .collect();
    let words = ["FAIL:", "ERROR:", "Traceback", "Error:", "error:"];
    let first = lines.iter().position(|line| words.iter().any(|word| line.contains(word)));
    let first = first.unwrap_or_else(|| lines.len().saturating_sub(LINES));
    lines.into_iter().skip(first).filter(|line| !line.starts_with("-----")).take(LINES).collect()
}

fn whereabouts(dir: &Path, output: &Output) {
    let (dir, signalbox) = (dir.display(), called());
    output.say("");
    output.say("Where to look:");
    output.say(format!("  {dir}/run.json  the run's document, as the functions left it"));
    output.say(format!("  {dir}/rain      the repository"));
    output.say("Start the engine again, ask it, mend the repository and push:");
    output.say(format!("  {signalbox} local --dir {dir} &"));
    output.say(format!("  {signalbox} logs latest --dir {dir}"));
    output.say(format!("  git -C {dir}/rain commit --all --message=Mend"));
    output.say(format!("  git -C {dir}/rain push"));
    output.say(format!("  {signalbox} watch latest --dir {dir}"));
}

fn say_block(output: &Output, text: &str) {
    for line in safe::block(text).lines() {
        for (index, piece) in folded(line, WIDTH).iter().enumerate() {
            output.say(format!("  {}{piece}", if index == 0 { "" } else { "  " }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_shown_from_the_first_line_that_sounds_wrong() {
        let log =
            "signalbox: source unpacked\ntest_a ... ok\n\n=====\nERROR: test_b\n-----\nBoom\n";
        assert_eq!(telling(log, "1 of 2 tests failed"), ["ERROR: test_b", "Boom"]);
    }

    #[test]
    fn a_log_that_sounds_well_is_shown_at_its_end() {
        let log: String = (0..20).map(|number| format!("line {number}\n")).collect();
        let lines = telling(&log, "");
        assert_eq!((lines.len(), lines[LINES - 1]), (LINES, "line 19"));
    }

    #[test]
    fn what_the_reason_says_is_not_said_again() {
        assert!(telling("no such file\n", "line 7: no such file").is_empty());
    }
}
