//! A line whenever something ended.

use std::collections::BTreeSet;

use jiff::Timestamp;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;

use super::{Shown, job_took, jobs, mark, stage_took};
use crate::output::Output;

/// Prints the end of each stage once, and of each job that did not end well.
pub(crate) struct Plain {
    output: Output,
    told: BTreeSet<String>,
    shown: Shown,
}

impl Plain {
    pub(super) fn new(output: Output, shown: Shown) -> Self {
        Self { output, told: BTreeSet::new(), shown }
    }

    pub(super) fn show(&mut self, run: &Run, now: Timestamp) {
        let shown = self.shown;
        for stage in run.state.stages.iter().filter(|stage| shown.holds(stage)) {
            for job in stage.jobs.iter().filter(|job| job.phase != Phase::Succeeded) {
                let (took, tests) = job_took(job, now);
                let name = format!("{}/{}", stage.name, job.name);
                self.once(&name, job.phase, &took, &tests);
            }
            let took = stage_took(stage, now);
            self.once(stage.name.as_str(), stage.phase, &took, &jobs(stage));
        }
    }

    fn once(&mut self, name: &str, phase: Phase, took: &str, more: &str) {
        if phase.is_terminal() && phase != Phase::Skipped && self.told.insert(name.to_owned()) {
            let line = format!("  {} {name:<18} {phase:<10} {took:>8}  {more}", mark(phase));
            self.output.say(line.trim_end());
        }
    }
}
