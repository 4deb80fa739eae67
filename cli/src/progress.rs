//! How a run comes along: lines that live on a terminal, lines that stay elsewhere.

use jiff::Timestamp;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::state::{Job, Stage};

use crate::output::{Output, of_phase, styled};
use crate::view::{job as view, time};

mod counting;
mod live;
mod plain;

pub(crate) use counting::Counting;
use live::Live;
use plain::Plain;

/// Shows a run as it comes along.
pub(crate) enum Progress {
    /// A line per stage, rewritten in place.
    Live(Live),
    /// A line whenever something ended.
    Plain(Plain),
}

/// Which stages have a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    All,
    /// Those whose jobs have begun: what is only recorded, or waited for, is told otherwise.
    Work,
}

impl Shown {
    fn holds(self, stage: &Stage) -> bool {
        self == Self::All || (!stage.jobs.is_empty() && stage.phase != Phase::Pending)
    }
}

impl Progress {
    /// Lines that live where standard output is a terminal.
    pub(crate) fn new(output: &Output) -> Self {
        Self::of(output, Shown::All)
    }

    /// The same for stages with jobs alone, each from its beginning on.
    pub(crate) fn of_work(output: &Output) -> Self {
        Self::of(output, Shown::Work)
    }

    fn of(output: &Output, shown: Shown) -> Self {
        if output.terminal {
            Self::Live(Live::new(shown))
        } else {
            Self::Plain(Plain::new(*output, shown))
        }
    }

    /// Shows what is new in `run`.
    pub(crate) fn show(&mut self, run: &Run, now: Timestamp) {
        match self {
            Self::Live(live) => live.show(run, now),
            Self::Plain(plain) => plain.show(run, now),
        }
    }

    /// Leaves the lines as they are; what is shown after that has lines below.
    pub(crate) fn end(&mut self) {
        if let Self::Live(live) = self {
            live.end();
        }
    }
}

/// A phase as one character.
pub(crate) fn mark(phase: Phase) -> String {
    let mark = match phase {
        Phase::Succeeded => "✓",
        Phase::Failed => "✗",
        Phase::Errored => "!",
        Phase::Running => "›",
        Phase::Pending => "·",
        Phase::Cancelled | Phase::Superseded | Phase::Skipped => "-",
    };
    styled(of_phase(phase), mark)
}

/// How long the stage took; nothing for one that has not begun.
pub(crate) fn stage_took(stage: &Stage, now: Timestamp) -> String {
    view::stage_seconds(stage, now).map(time::took).unwrap_or_default()
}

/// How long the last attempt of the job took, and its tests.
pub(crate) fn job_took(job: &Job, now: Timestamp) -> (String, String) {
    let Some(attempt) = job.attempts.last() else { return Default::default() };
    let took = view::seconds(attempt, now).map(time::took).unwrap_or_default();
    let tests = view::report(attempt).and_then(|report| report.tests.as_ref());
    (took, tests.map(view::tests).unwrap_or_default())
}

/// The jobs of a stage that has several, in a few words.
fn jobs(stage: &Stage) -> String {
    let told = stage.jobs.iter().map(|job| match job.phase {
        Phase::Succeeded => job.name.to_string(),
        phase => format!("{} {phase}", job.name),
    });
    if stage.jobs.len() < 2 { String::new() } else { told.collect::<Vec<_>>().join(", ") }
}
