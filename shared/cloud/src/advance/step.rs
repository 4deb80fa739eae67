//! From a document and news to the next document: decided by the core, its questions answered.

use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::{Decision, Fact, Rejection, Run};

use super::{Telling, question};
use crate::fault::Fault;

/// How many answers one step may need: a check's result, then perhaps an environment.
const ANSWERS: usize = 64;
/// Who answers the core's questions.
pub(super) const ACTOR: &str = "signalbox";

pub(super) struct Step {
    /// The run as it will be.
    pub run: Run,
    /// Whether that differs from what was read.
    pub changed: bool,
    /// What cannot be.
    pub rejections: Vec<Rejection>,
}

impl Telling<'_> {
    pub(super) async fn decide(&self, base: Option<&Run>) -> Result<Step, Fault> {
        let mut step = self.apply_news(base)?;
        for _ in 0..ANSWERS {
            let Some(question) = question::first(&step.run) else { return Ok(step) };
            let fact = self.answer(&step.run, &question).await?;
            let occurrence = self.ours(fact);
            match step.run.decide(&occurrence, &self.runs.platform, self.runs.clock.now()) {
                Decision::Advance(next) => {
                    step.run = *next;
                    step.changed = true;
                }
                refused => {
                    let message = format!("the answer to {question:?} was not taken: {refused:?}");
                    return Err(Fault::page(message, "this is a bug: please report it"));
                }
            }
        }
        Err(Fault::page("a run asks without end", "this is a bug: please report it"))
    }

    fn apply_news(&self, base: Option<&Run>) -> Result<Step, Fault> {
        let (platform, now) = (&self.runs.platform, self.runs.clock.now());
        let mut news = self.news.iter();
        let mut step = match base {
            Some(run) => Step { run: run.clone(), changed: false, rejections: Vec::new() },
            None => {
                let first = news.next().filter(|first| matches!(first.fact, Fact::Triggered(_)));
                let Some(first) = first.cloned() else {
                    return Err(Fault::NotOurs(format!("there is no run {}", self.key)));
                };
                let (id, pipeline) = (self.key.run.clone(), self.key.pipeline.clone());
                let run = Run::begin(id, pipeline, first, platform, now)
                    .map_err(|error| Fault::page(error, "this is a bug: please report it"))?;
                Step { run, changed: true, rejections: Vec::new() }
            }
        };
        for occurrence in news {
            // A run is begun once; the same trigger again only finds it.
            if base.is_some() && matches!(occurrence.fact, Fact::Triggered(_)) {
                continue;
            }
            match step.run.decide(occurrence, platform, now) {
                Decision::Advance(next) => {
                    step.run = *next;
                    step.changed = true;
                }
                Decision::AlreadyApplied => {}
                Decision::Rejected(rejection) => step.rejections.push(rejection),
            }
        }
        Ok(step)
    }

    /// A fact that we found out ourselves.
    pub(super) fn ours(&self, fact: Fact) -> Occurrence {
        Occurrence { event: self.cause.clone(), actor: ACTOR.to_owned(), fact }
    }
}
