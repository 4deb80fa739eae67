//! From a document and news to the next document: decided by the core, its questions answered.

use futures_util::future::try_join_all;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::{Decision, Fact, Question, Rejection, Run};

use super::report::fitting;
use super::telling::{Grounds, Telling};
use crate::fault::Fault;

/// How many rounds of questions one step may need: a result, what it proves, an environment.
const ROUNDS: usize = 64;
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
    pub(super) async fn decide(&mut self, base: Option<&Run>) -> Result<Step, Fault> {
        let mut step = self.apply_news(base)?;
        for _ in 0..ROUNDS {
            let questions = step.run.questions();
            if questions.is_empty() {
                return Ok(step);
            }
            let answers = self.look_up(&step.run, questions).await?;
            self.answered.extend(answers.clone());
            for ((question, _), fact) in answers {
                let occurrence = self.ours(fitting(&step.run, fact));
                let now = self.runs.clock.now();
                match step.run.decide(&occurrence, &self.runs.platform, now) {
                    Decision::Advance(next) => {
                        step.run = *next;
                        step.changed = true;
                    }
                    // Another answer of this round ended the run.
                    Decision::AlreadyApplied => {}
                    Decision::Rejected(rejection) => {
                        let message = format!("the answer to {question:?} is refused: {rejection}");
                        return Err(Fault::page(message, "this is a bug: please report it"));
                    }
                }
            }
        }
        Err(Fault::page("a run asks without end", "this is a bug: please report it"))
    }

    /// The answers to `questions`, looked up side by side. One that was given before in this
    /// telling on the same grounds is not looked up again: the put that it was for was lost, not
    /// the answer.
    pub(super) async fn look_up(
        &self,
        run: &Run,
        questions: Vec<Question>,
    ) -> Result<Vec<(Grounds, Fact)>, Fault> {
        let looked_up = questions.into_iter().map(|question| async move {
            let grounds = grounds(run, question);
            let fact = match self.answered.get(&grounds) {
                Some(fact) => fact.clone(),
                None => self.answer(run, &grounds.0).await?,
            };
            Ok::<_, Fault>((grounds, fact))
        });
        try_join_all(looked_up).await
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

fn grounds(run: &Run, question: Question) -> Grounds {
    let attempt = match &question {
        Question::Report(id) | Question::Definition(id) | Question::Image(id) => {
            run.state.attempt(id)
        }
        Question::Environment(_) | Question::Inspection(..) => None,
    };
    let believed = attempt.and_then(|attempt| attempt.placement.as_ref());
    let job = believed.map(|placement| placement.job_id.clone());
    (question, job)
}
