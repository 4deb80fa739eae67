//! How changes are shown: lines above one live line on a terminal, lines alone elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::state::{Job, Stage};

use super::lines::changes;
use crate::output::Output;
use crate::view::{job, time};

/// How often the spinner turns.
const TURN: Duration = Duration::from_millis(120);

/// What the watcher looks at.
pub(super) struct View<'o> {
    output: &'o Output,
    live: Option<ProgressBar>,
}

impl<'o> View<'o> {
    /// A view on `output`.
    pub(super) fn new(output: &'o Output) -> Self {
        let live = output.terminal.then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner:.cyan} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TURN);
            bar
        });
        Self { output, live }
    }

    /// Tells what is otherwise in `after`.
    pub(super) fn show(&self, before: Option<&Run>, after: &Run) -> anyhow::Result<()> {
        if self.output.json {
            return Ok(());
        }
        for line in changes(before, after, Timestamp::now()) {
            match &self.live {
                Some(bar) => bar.suspend(|| self.output.line(line))?,
                None => self.output.line(line)?,
            }
        }
        Ok(())
    }

    /// Time has passed: the live line says how much.
    pub(super) fn pass(&self, run: &Run, now: Timestamp) {
        if let Some(bar) = &self.live {
            bar.set_message(run.state.stage().map(|stage| live(stage, now)).unwrap_or_default());
        }
    }

    /// Something by the way.
    pub(super) fn note(&self, text: &str) {
        match &self.live {
            Some(bar) => bar.suspend(|| self.output.note(text)),
            None => self.output.note(text),
        }
    }

    /// The run is over: the live line goes.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.live {
            bar.finish_and_clear();
        }
    }
}

/// The stage under way, with its jobs and their times.
pub(super) fn live(stage: &Stage, now: Timestamp) -> String {
    let took = job::stage_seconds(stage, now).map(time::took).unwrap_or_default();
    let jobs: Vec<_> = stage.jobs.iter().map(|job| of_job(job, now)).collect();
    format!("{} {took}  {}", stage.name, jobs.join("  "))
}

fn of_job(job: &Job, now: Timestamp) -> String {
    let Some(attempt) = job.attempts.last() else { return format!("{} waits", job.name) };
    let mark = match attempt.phase {
        Phase::Succeeded => "✔".to_owned(),
        Phase::Failed | Phase::Errored => "✘".to_owned(),
        Phase::Running => job::seconds(attempt, now).map(time::took).unwrap_or_default(),
        _ => "…".to_owned(),
    };
    format!("{} {mark}", job.name)
}
