//! A line per stage, rewritten in place.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use jiff::Timestamp;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::state::Stage;

use super::{Shown, jobs, mark, stage_took};

/// How often a spinner turns.
const TURN: Duration = Duration::from_millis(100);

/// The lines, by stage.
pub(crate) struct Live {
    all: MultiProgress,
    lines: BTreeMap<String, (ProgressBar, Phase)>,
    shown: Shown,
    /// Whether there are lines below the last end.
    drawn: bool,
}

impl Live {
    pub(super) fn new(shown: Shown) -> Self {
        Self { all: lines(), lines: BTreeMap::new(), shown, drawn: false }
    }

    pub(super) fn show(&mut self, run: &Run, now: Timestamp) {
        for stage in run.state.stages.iter().filter(|stage| self.shown.holds(stage)) {
            let line = self.lines.entry(stage.name.to_string());
            let (line, phase) = line.or_insert_with(|| {
                self.drawn = true;
                let line = self.all.add(ProgressBar::new_spinner().with_style(still()));
                (line, Phase::Skipped)
            });
            let begun = stage.phase == Phase::Running && *phase != Phase::Running;
            if begun {
                line.set_style(turning());
                line.set_prefix(stage.name.to_string());
                line.reset_elapsed();
                line.enable_steady_tick(TURN);
            }
            match stage.phase {
                Phase::Running => line.set_message(open(stage)),
                _ if stage.phase == *phase => {}
                phase => {
                    let (mark, took) = (mark(phase), stage_took(stage, now));
                    let (name, jobs) = (stage.name.as_str(), jobs(stage));
                    let text = format!("{mark} {name:<18} {took:>8}   {jobs}");
                    line.set_style(still());
                    line.disable_steady_tick();
                    line.set_message(text.trim_end().to_owned());
                    if phase.is_terminal() {
                        line.finish();
                    } else {
                        line.tick();
                    }
                }
            }
            *phase = stage.phase;
        }
    }

    /// Leaves the lines as they are; what comes next has lines below.
    pub(super) fn end(&mut self) {
        if !std::mem::take(&mut self.drawn) {
            return;
        }
        for (line, _) in self.lines.values().filter(|(line, _)| !line.is_finished()) {
            line.abandon();
        }
        self.lines.retain(|_, (_, phase)| phase.is_terminal());
        self.all = lines();
        // The cursor stands at the end of the last line.
        println!();
    }
}

fn lines() -> MultiProgress {
    MultiProgress::with_draw_target(ProgressDrawTarget::stdout())
}

/// The jobs that are under way, and how many have ended.
fn open(stage: &Stage) -> String {
    let left: Vec<&str> = stage
        .jobs
        .iter()
        .filter(|job| !job.phase.is_terminal())
        .map(|job| job.name.as_str())
        .collect();
    match (stage.jobs.len(), left.len()) {
        (0 | 1, _) => String::new(),
        (all, open) => format!("{} of {all} done, waits for {}", all - open, left.join(", ")),
    }
}

fn still() -> ProgressStyle {
    template("  {msg}")
}

/// A line that turns and counts the time.
pub(crate) fn turning() -> ProgressStyle {
    let took = |state: &ProgressState, line: &mut dyn std::fmt::Write| {
        // Nothing is to be done where a line cannot be drawn.
        let _ = write!(line, "{:.1} s", state.elapsed().as_secs_f64());
    };
    template("  {spinner:.cyan} {prefix:<18} {took:>8}   {wide_msg}").with_key("took", took)
}

fn template(text: &str) -> ProgressStyle {
    // The texts above are templates.
    ProgressStyle::with_template(text).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
