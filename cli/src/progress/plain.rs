//! A line whenever something ended.

use std::collections::BTreeSet;

use jiff::Timestamp;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;

use super::{job_took, mark, stage_took};
use crate::output::Output;

/// Prints each end once.
pub(crate) struct Plain {
    output: Output,
    told: BTreeSet<String>,
}

impl Plain {
    pub(super) fn new(output: Output) -> Self {
        Self { output, told: BTreeSet::new() }
    }

    pub(super) fn show(&mut self, run: &Run, now: Timestamp) {
        for stage in &run.state.stages {
            for job in &stage.jobs {
                let (took, tests) = job_took(job, now);
                let name = format!("  {}", job.name);
                self.once(&format!("{}/{}", stage.name, job.name), job.phase, &name, &took, &tests);
            }
            let took = stage_took(stage, now);
            self.once(stage.name.as_str(), stage.phase, stage.name.as_str(), &took, "");
        }
    }

    fn once(&mut self, id: &str, phase: Phase, name: &str, took: &str, more: &str) {
        if phase.is_terminal() && phase != Phase::Skipped && self.told.insert(id.to_owned()) {
            let line = format!("{} {name:<18} {phase:<10} {took:>8}  {more}", mark(phase));
            self.output.say(line.trim_end());
        }
    }
}
