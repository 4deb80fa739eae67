//! The page about one run.

use jiff::Timestamp;
use signalbox_pipeline::explain::explain;
use signalbox_pipeline::keys;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::fact::Origin;
use signalbox_pipeline::run::state::{Attempt, Job, Stage};

use super::detail;
use crate::output::{Cell, Output, of_phase, styled};
use crate::view::{job, safe, time};

/// What the page is made of.
pub(super) struct Page<'r> {
    /// The run.
    pub(super) run: &'r Run,
    /// The time of reading.
    pub(super) now: Timestamp,
    /// Where the run's document lies.
    pub(super) document: String,
    /// Where an artifact lies.
    pub(super) artifact: &'r dyn Fn(&str) -> String,
    /// Why nobody can approve of what waits, where that is so.
    pub(super) held_up: Option<String>,
    /// What to add to commands.
    pub(super) flag: String,
}

impl Page<'_> {
    /// Prints the page.
    pub(super) fn print(&self, output: &Output) -> anyhow::Result<()> {
        for (name, value) in self.head() {
            output.line(format!("{name:9} {value}"))?;
        }
        output.line("")?;
        output.table(&["STAGE", "PHASE", "TRY", "TIME", "TESTS", "WHY"], &self.rows())?;
        for line in detail::lines(self) {
            output.line(line)?;
        }
        if let Some(hint) = self.hint() {
            output.line(format!("\n{hint}"))?;
        }
        Ok(())
    }

    /// The facts about the run as a whole.
    pub(super) fn head(&self) -> Vec<(&'static str, String)> {
        let Run { id, pipeline, state, .. } = self.run;
        let trigger = &state.trigger;
        let took = time::took(time::between(state.started_at, state.ended_at.unwrap_or(self.now)));
        let phase = styled(of_phase(state.phase), state.phase);
        let mut head = vec![
            ("run", format!("{id} of pipeline {pipeline}")),
            ("phase", format!("{phase} after {took}")),
            (
                if state.is_from_outside() { "follows" } else { "commit" },
                format!(
                    "{} on {} of {}/{}, pushed {:.0}",
                    trigger.commit,
                    trigger.branch,
                    trigger.host,
                    trigger.repository,
                    trigger.pushed_at
                ),
            ),
        ];
        match &trigger.origin {
            Origin::Push => {}
            Origin::Found => head.push(("found", "at its branch: no event had come".to_owned())),
            Origin::Replay { of } => head.push(("replay", format!("of the event {of}"))),
            Origin::Retry { of } => head.push(("retry", format!("of {of}"))),
            Origin::Image { repository, tag, follows, .. } => {
                let what =
                    format!("{repository}:{tag}, from outside, by the definition of {follows}");
                head.push(("pushed", what));
            }
        }
        match &state.reason {
            Some(reason) => head.push(("why", indented(reason))),
            None if state.phase.is_terminal() => {}
            None => head.push(("now", safe::line(&explain(self.run, self.now)))),
        }
        if let Some(why) = &self.held_up {
            head.push(("held up", safe::line(why)));
        }
        if let Some(image) = &state.image {
            let size = image.bytes.map(|bytes| format!(", {}", size(bytes)));
            let size = size.unwrap_or_default();
            head.push(("image", format!("{}@{}{size}", image.repository, image.digest)));
        }
        if let Some(source) = &state.source {
            head.push(("source", (self.artifact)(&source.key)));
        }
        for package in &state.packages {
            let key = keys::artifacts::package(&self.run.pipeline, &package.sha256, &package.name);
            let size = size(package.bytes);
            head.push(("package", format!("{}, {size}: {}", package.name, (self.artifact)(&key))));
        }
        head.push(("document", self.document.clone()));
        head
    }

    /// A row per stage, and one per job below it.
    fn rows(&self) -> Vec<Vec<Cell>> {
        let stages = self.run.state.stages.iter();
        stages.flat_map(|stage| self.of_stage(stage)).collect()
    }

    fn of_stage(&self, stage: &Stage) -> Vec<Vec<Cell>> {
        let seconds = job::stage_seconds(stage, self.now).map(time::took).unwrap_or_default();
        // What its jobs say is not said twice.
        let said = stage.jobs.iter().any(|job| job.reason.is_some());
        let why = stage.reason.as_deref().filter(|_| !said).unwrap_or_default();
        let taken = stage.taken_from.as_ref().map(|run| format!("taken over from {run}"));
        let mut rows = vec![vec![
            Cell::from(stage.name.as_str()),
            Cell::phase(stage.phase),
            Cell::from(""),
            Cell::from(seconds),
            Cell::from(""),
            taken.map_or_else(|| Cell::from(safe::first_line(why)), Cell::dim),
        ]];
        rows.extend(stage.jobs.iter().flat_map(|job| self.of_job(job)));
        rows
    }

    fn of_job(&self, job: &Job) -> Vec<Vec<Cell>> {
        let optional = if job.optional { " (optional)" } else { "" };
        let name = format!("  {}{optional}", job.name);
        if job.attempts.is_empty() {
            return vec![vec![Cell::from(name), Cell::phase(job.phase)]];
        }
        let mut rows: Vec<_> =
            job.attempts.iter().map(|attempt| self.of_attempt(&name, attempt)).collect();
        if let (Some(row), Some(last)) = (rows.last_mut(), job.attempts.last())
            && last.reason.is_none()
            && let (Some(cell), Some(reason)) = (row.last_mut(), &job.reason)
        {
            *cell = Cell::from(safe::first_line(reason));
        }
        rows
    }

    fn of_attempt(&self, name: &str, attempt: &Attempt) -> Vec<Cell> {
        let report = job::report(attempt);
        let seconds = job::seconds(attempt, self.now).map(time::took).unwrap_or_default();
        let tests = report.and_then(|report| report.tests.as_ref()).map(job::tests);
        vec![
            Cell::from(name),
            Cell::phase(attempt.phase),
            Cell::from(attempt.number.to_string()),
            Cell::from(seconds),
            Cell::from(tests.unwrap_or_default()),
            Cell::from(safe::first_line(attempt.reason.as_deref().unwrap_or_default())),
        ]
    }

    fn hint(&self) -> Option<String> {
        let Self { run, flag, .. } = self;
        match run.state.phase {
            Phase::Failed | Phase::Errored => {
                let stages = &run.state.stages;
                let ran = stages
                    .iter()
                    .flat_map(|stage| &stage.jobs)
                    .any(|job| job.phase != Phase::Succeeded && !job.attempts.is_empty());
                ran.then(|| format!("What the failed jobs wrote: signalbox logs {}{flag}", run.id))
            }
            phase if !phase.is_terminal() => {
                Some(format!("Follow it: signalbox watch {}{flag}", run.id))
            }
            _ => None,
        }
    }
}

/// A reason of several lines, each below the first.
fn indented(reason: &str) -> String {
    safe::block(reason).trim_end().replace('\n', &format!("\n{:10}", ""))
}

/// A size with one digit, in KiB where it is small.
#[expect(clippy::cast_precision_loss, reason = "it is shown with one digit")]
fn size(bytes: u64) -> String {
    let kibibytes = bytes as f64 / 1024.0;
    if kibibytes < 1024.0 {
        format!("{kibibytes:.1} KiB")
    } else {
        format!("{:.1} MiB", kibibytes / 1024.0)
    }
}
