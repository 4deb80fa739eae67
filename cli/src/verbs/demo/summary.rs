//! What there is to see after a run that succeeded.

use std::path::Path;

use jiff::Timestamp;
use signalbox_local::engine::Engine;
use signalbox_pipeline::report::Metric;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::state::{Job, Stage};

use crate::called::called;
use crate::laptop::product_requests;
use crate::output::{Output, of_phase, styled};
use crate::progress::{job_took, mark};
use crate::view::{job as view, time};
use crate::wrap::{WIDTH, listed};

/// Tells what ran, what it measured, and where everything lies.
pub(super) fn tell(engine: &Engine, dir: &Path, run: &Run, output: &Output) {
    let state = &run.state;
    let ended = state.ended_at.unwrap_or(state.started_at);
    output.say("");
    for stage in &state.stages {
        for job in &stage.jobs {
            tell_job(stage, job, ended, output);
        }
    }
    let took = time::took(time::between(state.started_at, ended));
    output.say("");
    output.say(format!(
        "  run {} {} in {took}",
        run.id,
        styled(of_phase(state.phase), state.phase)
    ));
    if let Some(image) = &state.image {
        output.say(format!("  image {}", image.repository));
        output.say(format!("        @{}", image.digest));
    }
    requests(engine, output);
    whereabouts(dir, output);
}

fn tell_job(stage: &Stage, job: &Job, now: Timestamp, output: &Output) {
    let (took, tests) = job_took(job, now);
    let name = format!("{}/{}", stage.name, job.name);
    output.say(format!("  {} {name:<24} {took:>7}  {tests}", mark(job.phase)).trim_end());
    let Some(attempt) = job.attempts.last() else { return };
    let Some(report) = view::report(attempt) else { return };
    // What the gates have read says the most; the rest is in the document.
    let read = |name: &str| {
        attempt.verdicts.iter().any(|gated| gated.condition.contains(&format!("metrics.{name}")))
    };
    let told = report.metrics.iter().filter(|(name, _)| read(name));
    let told: Vec<String> = told.map(|(name, value)| format!("{name} {}", number(value))).collect();
    for line in listed(&told, WIDTH - 6) {
        output.say(styled(anstyle::Style::new().dimmed(), format!("      {line}")));
    }
}

fn number(metric: &Metric) -> String {
    match metric {
        Metric::Number(value) if value.fract() == 0.0 || value.abs() >= 1000.0 => {
            format!("{value:.0}")
        }
        Metric::Number(value) => format!("{value:.4}"),
        Metric::Flag(flag) => flag.to_string(),
        Metric::NaN => "NaN".to_owned(),
        Metric::Infinity => "Infinity".to_owned(),
        Metric::NegativeInfinity => "-Infinity".to_owned(),
    }
}

fn requests(engine: &Engine, output: &Output) {
    let counts = product_requests(engine);
    let all: u64 = counts.values().sum();
    let told: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    output.say(format!("  {all} requests of the functions and jobs:"));
    for line in listed(&told, WIDTH - 6) {
        output.say(styled(anstyle::Style::new().dimmed(), format!("      {line}")));
    }
}

/// Where the documents are, and how to look at them.
fn whereabouts(dir: &Path, output: &Output) {
    let (dir, signalbox) = (dir.display(), called());
    output.say("");
    output.say("Everything is kept. The run's document, as the functions left it:");
    output.say(format!("  python3 -m json.tool {dir}/run.json"));
    output.say("Start the engine again and look around:");
    output.say(format!("  {signalbox} local --dir {dir} &"));
    output.say(format!("  {signalbox} show latest --dir {dir}"));
    output.say(format!("  {signalbox} logs latest model --dir {dir}"));
    output.say("What the developer of a bad push sees:");
    output.say(format!("  {signalbox} demo --break model"));
}
