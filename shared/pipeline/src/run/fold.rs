//! The fold: how one fact changes the state. Applying a fact twice changes nothing.

use jiff::Timestamp;

use super::fact::{
    Cancelled, Defined, DefinitionOutcome, Fact, ImageFound, ImagePushed, Reported, Trigger,
};
use super::state::{self, Attempt, Image, Stage, StageWork, State};
use super::{progress, verdict};
use crate::attempt::{self, AttemptId};
use crate::definition::Concurrency;
use crate::names::RunId;
use crate::phase::Phase;
use crate::shared::Shared;
use crate::stage;

mod environment;
pub(super) mod job;

pub(crate) use environment::places;
use job::conclude;

/// Whether a fact told anything new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applied {
    /// The state is another one now.
    Changed,
    /// It was known, or nothing depends on it any more.
    Unchanged,
}

use Applied::{Changed, Unchanged};

/// A fact that cannot be, given the state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// A run is begun once.
    #[error("the run was begun already: a trigger is only ever its first fact")]
    BegunAlready,
    /// The run never asked for such an attempt.
    #[error("the run has no {attempt}: the job is not one that it submitted")]
    UnknownAttempt {
        /// The attempt that the fact names.
        attempt: Box<AttemptId>,
    },
    /// The job bears the attempt's name and is somebody else's.
    #[error("{attempt} was submitted as {expected}, and the job is {found}: it is somebody else's")]
    NotOurs {
        /// The attempt that the job poses as.
        attempt: Box<AttemptId>,
        /// Definition and queue of the submission.
        expected: String,
        /// Definition and queue of the job.
        found: String,
    },
    /// The fact answers a question that the state does not ask.
    #[error("{fact} is not what the run waits for: {state}")]
    Unasked {
        /// What the fact says.
        fact: &'static str,
        /// Where the run stands.
        state: String,
    },
}

/// The state that the first fact folds to. A retry begins behind the stages that it takes over.
pub(super) fn begin(trigger: &Trigger, at: Timestamp) -> State {
    let mut trigger = trigger.clone();
    let taken = trigger.taken.take();
    let mut state = State {
        phase: Phase::Running,
        reason: None,
        trigger,
        source: None,
        definition: None,
        image: None,
        packages: Vec::new(),
        announced: Vec::new(),
        told: Vec::new(),
        stages: vec![Stage::new(StageWork::Checkout)],
        superseded_by: None,
        overtook: false,
        started_at: at,
        ended_at: None,
    };
    if let Some(taken) = taken {
        let content = &taken.definition.content;
        let all = match taken.source {
            Some(_) => stage::all(content, taken.flow),
            None => stage::of_environments(content, taken.flow),
        };
        let ahead = all.into_iter().skip(taken.stages.len());
        state.stages = taken.stages.into_iter().chain(ahead).collect();
        state.source = taken.source;
        state.definition = Some(taken.definition);
        state.image = taken.image;
        state.packages = taken.packages;
    }
    progress::settle(&mut state, at);
    state
}

/// Applies a fact that is not the first.
pub(super) fn apply(state: &mut State, fact: &Fact, at: Timestamp) -> Result<Applied, Rejection> {
    let applied = match fact {
        Fact::Triggered(_) => return Err(Rejection::BegunAlready),
        Fact::JobFound(fact) => {
            job::place(attempt_of(state, &fact.attempt)?, &fact.placement, false)
        }
        Fact::JobStarted(fact) => {
            let attempt = attempt_of(state, &fact.attempt)?;
            job::started(attempt, &fact.placement, fact.started_at)
        }
        Fact::JobEnded(fact) => job::ended(attempt_of(state, &fact.attempt)?, fact),
        Fact::JobRefused(fact) => job::refused(attempt_of(state, &fact.attempt)?, fact),
        Fact::Reported(fact) => reported(state, fact)?,
        Fact::Defined(fact) => defined(state, fact, at)?,
        Fact::ImagePushed(fact) => image_pushed(state, fact),
        Fact::ImageFound(fact) => image_found(state, fact)?,
        Fact::Entered(fact) => environment::entered(state, fact)?,
        Fact::Inspected(fact) => environment::inspected(state, fact, at)?,
        Fact::Decided(fact) => environment::decided(state, fact)?,
        Fact::Expired(fact) => environment::expired(state, fact, at)?,
        Fact::Released(fact) => environment::released(state, fact, at)?,
        Fact::Left(fact) => environment::left(state, fact)?,
        Fact::Notified(fact) if state.tell(&fact.notice) => Changed,
        Fact::Notified(_) => Unchanged,
        Fact::RollingOut(fact) => environment::rolling_out(state, fact)?,
        Fact::Terminated(fact) => job::terminated(attempt_of(state, &fact.attempt)?, fact),
        Fact::Cancelled(fact) => cancelled(state, fact, at),
        Fact::Superseded(fact) => superseded(state, &fact.by, at),
        Fact::Overtaken(fact) => overtaken(state, &fact.run),
        Fact::Withdrawn(fact) => job::withdrawn(attempt_of(state, &fact.attempt)?),
        Fact::Waiting(fact) => job::waiting(attempt_of(state, &fact.attempt)?, fact),
        Fact::Overdue(fact) => job::overdue(attempt_of(state, &fact.attempt)?, fact),
    };
    if applied == Changed {
        progress::settle(state, at);
    }
    Ok(applied)
}

fn superseded(state: &mut State, by: &RunId, at: Timestamp) -> Applied {
    if state.phase.is_terminal() {
        return Unchanged;
    }
    state.superseded_by = Some(by.clone());
    progress::abort(state, Phase::Superseded, &superseded_by(by), at);
    Changed
}

fn superseded_by(newer: &RunId) -> String {
    format!("{newer}, which is newer, takes its place")
}

fn overtaken(state: &mut State, run: &RunId) -> Applied {
    if state.overtook || state.trigger.before.as_ref() != Some(run) {
        return Unchanged;
    }
    state.overtook = true;
    Changed
}

/// A run that is over cannot be cancelled: who came first has decided.
fn cancelled(state: &mut State, fact: &Cancelled, at: Timestamp) -> Applied {
    if state.phase.is_terminal() {
        return Unchanged;
    }
    let reason = match &fact.reason {
        Some(reason) => format!("{} cancelled it: {reason}", fact.by),
        None => format!("{} cancelled it", fact.by),
    };
    progress::abort(state, Phase::Cancelled, &verdict::cut(&reason), at);
    Changed
}

fn attempt_of<'s>(state: &'s mut State, id: &AttemptId) -> Result<&'s mut Attempt, Rejection> {
    let unknown = || Rejection::UnknownAttempt { attempt: Box::new(id.clone()) };
    let stage = state.stages.iter_mut().find(|stage| stage.name == id.stage);
    let job = stage.and_then(|stage| stage.jobs.iter_mut().find(|job| job.name == id.job));
    let attempt = job.and_then(|job| job.attempts.iter_mut().find(|a| a.number == id.number));
    attempt.ok_or_else(unknown)
}

fn reported(state: &mut State, fact: &Reported) -> Result<Applied, Rejection> {
    let work = stage_work(state, &fact.attempt)?;
    let attempt = attempt_of(state, &fact.attempt)?;
    if attempt.evidence.is_some() || attempt.phase.is_terminal() {
        return Ok(Unchanged);
    }
    let Some(ending) = &attempt.ending else {
        return Err(unasked("a result", format!("{} has not ended", fact.attempt)));
    };
    let (phase, reason) = verdict::of(ending, &fact.evidence, &fact.verdicts);
    attempt.evidence = Some(fact.evidence.clone());
    attempt.verdicts.clone_from(&fact.verdicts);
    match work {
        _ if phase != Phase::Succeeded => conclude(attempt, phase, reason),
        // Over when its source is pinned.
        StageWork::Checkout => {}
        // Over when the registry has confirmed what it says it pushed.
        StageWork::Build if verdict::built(&fact.evidence).is_some() => {}
        StageWork::Build => {
            let reason = "the build ended well and names no image that it pushed".to_owned();
            conclude(attempt, Phase::Errored, Some(reason));
        }
        _ => conclude(attempt, phase, reason),
    }
    Ok(Changed)
}

fn defined(state: &mut State, fact: &Defined, at: Timestamp) -> Result<Applied, Rejection> {
    let attempt = attempt_of(state, &fact.attempt)?;
    if attempt.phase.is_terminal() {
        return Ok(Unchanged);
    }
    if attempt.evidence.is_none() {
        return Err(unasked("a definition", format!("{} has not reported", fact.attempt)));
    }
    match &fact.outcome {
        DefinitionOutcome::Accepted { source, sha256, definition, flow } => {
            conclude(attempt, Phase::Succeeded, None);
            state.source = Some(source.clone());
            let content = definition.clone();
            let supersedes = content.concurrency == Concurrency::Supersede;
            let defined = state::Defined { sha256: sha256.clone(), content };
            state.definition = Some(Shared::new(defined));
            match state.trigger.newer.clone().filter(|_| supersedes) {
                None => state.stages.extend(stage::after_checkout(definition, *flow)),
                // It came late: a newer run is on its way already.
                Some(newer) => {
                    let reason = superseded_by(&newer);
                    state.superseded_by = Some(newer);
                    progress::leave_out(state, Phase::Superseded, &reason, at);
                }
            }
        }
        DefinitionOutcome::Skipped { reason } => {
            conclude(attempt, Phase::Succeeded, None);
            progress::leave_out(state, Phase::Skipped, reason, at);
        }
        DefinitionOutcome::Refused { reason } => {
            conclude(attempt, Phase::Failed, Some(reason.clone()));
        }
        DefinitionOutcome::Unusable { reason } => {
            conclude(attempt, Phase::Errored, Some(reason.clone()));
        }
    }
    Ok(Changed)
}

/// An announcement is a hint: the registry is asked again before the image is believed.
fn image_pushed(state: &mut State, fact: &ImagePushed) -> Applied {
    if state.phase.is_terminal() || state.image.is_some() || state.announced.contains(fact) {
        return Unchanged;
    }
    let built = state.stages.iter().find(|stage| stage.work == StageWork::Build);
    let asked_for = built.is_some_and(|stage| {
        let attempts = stage.jobs.iter().flat_map(|job| &job.attempts);
        !stage.phase.is_terminal() && attempts.into_iter().any(|a| a.number == fact.number)
    });
    if !asked_for || state.announced.len() >= ANNOUNCED_AT_MOST {
        return Unchanged;
    }
    state.announced.push(fact.clone());
    Changed
}

/// A build attempt pushes one image; somebody who pushes more under our tags is not listened to.
const ANNOUNCED_AT_MOST: usize = 8;

fn image_found(state: &mut State, fact: &ImageFound) -> Result<Applied, Rejection> {
    let repository = state.definition.as_ref().and_then(|d| d.content.build.as_ref());
    let repository = repository.map(|build| build.repository.clone());
    let attempt = attempt_of(state, &fact.attempt)?;
    if attempt.phase.is_terminal() {
        return Ok(Unchanged);
    }
    let built = attempt.evidence.as_ref().and_then(verdict::built);
    let (Some(built), Some(repository)) = (built, repository) else {
        return Err(unasked("an image", format!("{} has reported none", fact.attempt)));
    };
    let built = built.clone();
    if let Some(why) = &fact.unbelieved {
        conclude(attempt, Phase::Failed, Some(why.clone()));
    } else if fact.digest.as_ref() == Some(&built.digest) {
        conclude(attempt, Phase::Succeeded, None);
        let (tag, digest) = (built.tag, built.digest);
        state.image = Some(Image { repository, tag, digest, bytes: fact.bytes });
        state.packages.clone_from(&fact.packages);
        state.announced.clear();
    } else {
        conclude(attempt, Phase::Failed, Some(verdict::swapped(&repository, &built, fact)));
    }
    Ok(Changed)
}

fn stage_work(state: &State, id: &attempt::AttemptId) -> Result<StageWork, Rejection> {
    let stage = state.stages.iter().find(|stage| stage.name == id.stage);
    stage
        .map(|stage| stage.work.clone())
        .ok_or_else(|| Rejection::UnknownAttempt { attempt: Box::new(id.clone()) })
}

fn unasked(fact: &'static str, state: String) -> Rejection {
    Rejection::Unasked { fact, state }
}
