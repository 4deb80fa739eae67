//! Which logs are meant.

use std::fmt;

use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::state::{Attempt, Job, Stage};

use crate::exit::Exit;
use crate::view::safe;

/// An attempt whose log is wanted.
#[derive(Debug)]
pub(super) struct Wanted<'r> {
    /// Its stage.
    pub(super) stage: &'r Stage,
    /// Its job.
    pub(super) job: &'r Job,
    /// The attempt.
    pub(super) attempt: &'r Attempt,
}

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stage, job, attempt } = self;
        write!(f, "{}/{} attempt {}", stage.name, job.name, attempt.number)
    }
}

/// The attempts that are meant: of the named job, or of all that failed.
pub(super) fn choose<'r>(
    run: &'r Run,
    job: Option<&str>,
    number: Option<u32>,
) -> anyhow::Result<Vec<Wanted<'r>>> {
    let Some(name) = job else {
        let last = |(stage, job): (&'r Stage, &'r Job)| {
            let attempt = job.attempts.last()?;
            Some(Wanted { stage, job, attempt })
        };
        let bad = |(_, job): &(&Stage, &Job)| matches!(job.phase, Phase::Failed | Phase::Errored);
        return Ok(jobs(run).filter(bad).filter_map(last).collect());
    };
    let found: Vec<_> = jobs(run).filter(|(stage, job)| is_called(name, stage, job)).collect();
    let (stage, job) = match found.as_slice() {
        [one] => *one,
        [] => {
            let (name, names) = (safe::line(name), names(run));
            return Err(Exit::NotFound
                .because(format!("run {} has no job {name:?} yet; it has: {names}", run.id)));
        }
        several => {
            let names: Vec<_> =
                several.iter().map(|(stage, job)| format!("{}/{}", stage.name, job.name)).collect();
            return Err(Exit::Usage
                .because(format!("several jobs are called so; say which: {}", names.join(", "))));
        }
    };
    let attempt = match number {
        Some(number) => job.attempts.iter().find(|attempt| attempt.number == number),
        None => job.attempts.last(),
    };
    let Some(attempt) = attempt else {
        let (name, tried) = (&job.name, job.attempts.len());
        return Err(Exit::NotFound.because(match number {
            Some(number) => format!("{name} has no attempt {number}; it was tried {tried} times"),
            None => format!("{name} was not started"),
        }));
    };
    Ok(vec![Wanted { stage, job, attempt }])
}

/// The names of all jobs that there are so far.
pub(super) fn names(run: &Run) -> String {
    let names = jobs(run).map(|(stage, job)| format!("{}/{}", stage.name, job.name));
    names.collect::<Vec<_>>().join(", ")
}

fn jobs(run: &Run) -> impl Iterator<Item = (&Stage, &Job)> {
    run.state.stages.iter().flat_map(|stage| stage.jobs.iter().map(move |job| (stage, job)))
}

fn is_called(name: &str, stage: &Stage, job: &Job) -> bool {
    match name.split_once('/') {
        Some((of, name)) => stage.name.as_str() == of && job.name.as_str() == name,
        None => job.name.as_str() == name,
    }
}
