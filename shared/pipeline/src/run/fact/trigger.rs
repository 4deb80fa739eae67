//! What starts a run: a commit, how it came in, and what is taken over from the run before.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Evidence, Package};
use crate::names::{
    BranchName, CommitSha, EventId, Host, ImageDigest, ImageRepository, ImageTag, PipelineName,
    RepositoryName, RunId, StageName,
};
use crate::notice::Target;
use crate::order::Source;
use crate::phase::Phase;
use crate::run::Run;
use crate::run::state::{Defined, Image, Stage, StageWork, State};
use crate::shared::Shared;
use crate::stage::{self, Flow};

/// The commit that a run is for, and what ops had registered for its repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// The host of the repository.
    pub host: Host,
    /// The repository.
    pub repository: RepositoryName,
    /// The branch that was pushed.
    pub branch: BranchName,
    /// The commit that it points to.
    pub commit: CommitSha,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// Where to clone from, as registered.
    pub clone_url: String,
    /// The image of jobs that name none.
    pub checkout_image: String,
    /// How it came in.
    #[serde(default, skip_serializing_if = "Origin::is_push")]
    pub origin: Origin,
    /// Who pushed it, as the code host says it: by `tick` found, nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_by: Option<String>,
    /// Who is told of the run's end, as registered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<Target>,
    /// The run that owned the branch before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<RunId>,
    /// The run of a newer push, which owned the branch already when this one began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer: Option<RunId>,
    /// What a retry takes over from the run before; only the register holds it, the state shows it
    /// as stages that are passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Box<Taken>>,
}

impl Trigger {
    /// Whether it is a push that begins at the checkout, which is all that schema 1 knows.
    pub(super) fn is_plain(&self) -> bool {
        self.origin.is_push() && self.taken.is_none()
    }

    /// Whether it says who pushed or committed.
    pub(super) fn names_people(&self) -> bool {
        let jobs = self.taken.iter().flat_map(|taken| &taken.stages).flat_map(|stage| &stage.jobs);
        let mut taken = jobs.flat_map(|job| &job.attempts).filter_map(|it| it.evidence.as_ref());
        self.pushed_by.is_some() || taken.any(|evidence| evidence.commit().is_some())
    }

    /// Whether only code that knows of notices can hold it.
    pub(super) fn notifies(&self) -> bool {
        !self.notify.is_empty()
    }

    /// Whether it says which runs are before and after it.
    pub(super) fn names_runs(&self) -> bool {
        self.before.is_some() || self.newer.is_some()
    }

    /// The first version of the run document that can hold what is taken over.
    pub(super) fn schema(&self) -> u32 {
        let Some(taken) = &self.taken else { return 1 };
        let jobs = taken.stages.iter().flat_map(|stage| &stage.jobs);
        let evidence = jobs.flat_map(|job| &job.attempts).filter_map(|it| it.evidence.as_ref());
        let reported = evidence.map(Evidence::schema).max().unwrap_or(1);
        let is_new = !taken.packages.is_empty() || taken.source.is_none();
        let packages = if is_new { 5 } else { 1 };
        taken.definition.content.schema().max(reported).max(packages)
    }

    pub(super) fn flow(&self) -> Flow {
        self.taken.as_ref().map_or(Flow::First, |taken| taken.flow)
    }
}

/// How a trigger came in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// By the code host's event.
    #[default]
    Push,
    /// `tick` found the commit at the head of its branch, and no event.
    Found,
    /// A person replayed an event.
    Replay {
        /// The event.
        of: EventId,
    },
    /// A person retried a run.
    Retry {
        /// The run.
        of: RunId,
    },
    /// Somebody pushed an image that no build of ours made. Branch and commit are those of the run
    /// whose definition it follows.
    Image {
        /// Where it was pushed.
        repository: ImageRepository,
        /// Under which tag.
        tag: ImageTag,
        /// What was pushed.
        digest: ImageDigest,
        /// The newest run that was released then.
        follows: RunId,
    },
}

impl Origin {
    fn is_push(&self) -> bool {
        *self == Self::Push
    }
}

/// What a retry takes over, pinned by digest, from the run before: everything before `from`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    /// The run before.
    pub run: RunId,
    /// The stage that the new run begins with.
    pub from: StageName,
    /// The pinned source; absent of a run that began with an image, which has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The definition that the new run follows.
    pub definition: Shared<Defined>,
    /// The image, where the build is before `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// The packages, where the build is before `from`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// The stages before `from`, each job with the attempt that counted.
    pub stages: Vec<Stage>,
    /// Through which stages the new run goes on.
    #[serde(default, skip_serializing_if = "Flow::is_first")]
    pub flow: Flow,
}

/// Why a run cannot be retried so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotRetry {
    /// It is still under way.
    #[error("the run is not over: cancel it first, or wait for its end")]
    NotOver,
    /// No stage of it went wrong.
    #[error(
        "the run ended as {phase}, and no stage of it went wrong: name the stage to begin with"
    )]
    NothingToRepeat {
        /// How it ended.
        phase: Phase,
    },
    /// It has no such stage.
    #[error("the run has no stage {stage}: it has {has}")]
    NoSuchStage {
        /// The stage that was named.
        stage: StageName,
        /// The stages that there are.
        has: String,
    },
    /// A stage before the named one is not there to be taken over.
    #[error("the run cannot begin at {stage}: {before} comes before it and is {phase}")]
    NotReached {
        /// The stage that was named.
        stage: StageName,
        /// The stage before it that did not succeed.
        before: StageName,
        /// How that ended.
        phase: Phase,
    },
    /// The definition leads through other stages.
    #[error(
        "the definition does not lead to {stage} through the stages that the run has passed: \
         retry from checkout"
    )]
    OtherStages {
        /// The stage that was named.
        stage: StageName,
    },
    /// The definition is of another pipeline.
    #[error("the definition is of the pipeline {found}, and the run of {expected}")]
    OtherPipeline {
        /// The run's.
        expected: PipelineName,
        /// The definition's.
        found: PipelineName,
    },
    /// What was passed left nothing to be taken over.
    #[error("the run has passed {before} and holds no {what} of it: retry from checkout")]
    Lost {
        /// The stage that was passed.
        before: StageName,
        /// What is missing.
        what: &'static str,
    },
}

impl Taken {
    /// What a retry of `run` takes over when it begins at `from`, or, where none is named, at the
    /// stage that did not succeed; it follows `definition`, or the run's own. Nothing is taken over
    /// where it begins at the checkout.
    ///
    /// An environment is entered anew: a release is made only on what this run itself verified.
    ///
    /// # Errors
    /// When the run cannot be retried so.
    pub fn of(
        run: &Run,
        from: Option<&StageName>,
        definition: Option<&Shared<Defined>>,
    ) -> Result<Option<Self>, CannotRetry> {
        let state = &run.state;
        if !state.phase.is_terminal() {
            return Err(CannotRetry::NotOver);
        }
        let index = beginning(state, from)?;
        let (stages, begun) = (&state.stages[..index], &state.stages[index]);
        if stages.is_empty() && !state.is_from_outside() {
            return Ok(None);
        }
        if let Some(open) = stages.iter().find(|stage| stage.phase != Phase::Succeeded) {
            let (stage, before) = (begun.name.clone(), open.name.clone());
            return Err(CannotRetry::NotReached { stage, before, phase: open.phase });
        }
        let lost = |stage: &Stage, what| CannotRetry::Lost { before: stage.name.clone(), what };
        let checkout = stages.iter().find(|stage| stage.work == StageWork::Checkout);
        let source = match checkout {
            Some(checkout) => Some(state.source.clone().ok_or_else(|| lost(checkout, "source"))?),
            None => None,
        };
        let definition = definition.or(state.definition.as_ref());
        let definition = definition.ok_or_else(|| lost(begun, "definition"))?;
        let flow = flow(state, stages);
        let from = follows(run, definition, index, flow)?;
        let built = stages.iter().find(|stage| stage.work == StageWork::Build);
        let image = match built {
            Some(build) => Some(state.image.clone().ok_or_else(|| lost(build, "image"))?),
            None => state.image.clone().filter(|_| state.is_from_outside()),
        };
        let packages = image.iter().flat_map(|_| state.packages.clone()).collect();
        Ok(Some(Self {
            run: run.id.clone(),
            from,
            source,
            definition: definition.clone(),
            image,
            packages,
            stages: stages.iter().map(|stage| taken_over(stage, run)).collect(),
            flow,
        }))
    }
}

/// The index of the stage to begin with.
fn beginning(state: &State, from: Option<&StageName>) -> Result<usize, CannotRetry> {
    let position = |test: &dyn Fn(&Stage) -> bool| state.stages.iter().position(test);
    let index = match from {
        Some(name) => position(&|stage| stage.name == *name).ok_or_else(|| {
            let has: Vec<&str> = state.stages.iter().map(|stage| stage.name.as_str()).collect();
            CannotRetry::NoSuchStage { stage: name.clone(), has: has.join(", ") }
        })?,
        None => position(&|stage| stage.phase != Phase::Succeeded)
            .ok_or(CannotRetry::NothingToRepeat { phase: state.phase })?,
    };
    // What was found, decided and verified in an environment holds for the run that was there.
    Ok(match state.stages[index].work.environment() {
        Some(entered) => {
            position(&|stage| stage.work.environment() == Some(entered)).unwrap_or(index)
        }
        None => index,
    })
}

/// Environments that are behind the run stay as it passed them; all that is ahead is passed as runs
/// are today.
fn flow(state: &State, passed: &[Stage]) -> Flow {
    let been_in_one = passed.iter().any(|stage| stage.work.environment().is_some());
    if been_in_one { state.flow() } else { Flow::NEWEST }
}

/// The name of the stage at `index`, to which `definition` leads through the same stages.
fn follows(
    run: &Run,
    definition: &Defined,
    index: usize,
    flow: Flow,
) -> Result<StageName, CannotRetry> {
    let content = &*definition.content;
    if content.pipeline != run.pipeline {
        let (expected, found) = (run.pipeline.clone(), content.pipeline.clone());
        return Err(CannotRetry::OtherPipeline { expected, found });
    }
    let (passed, begun) = (&run.state.stages[..index], &run.state.stages[index]);
    let table = match run.state.is_from_outside() {
        true => stage::of_environments(content, flow),
        false => stage::all(content, flow),
    };
    let same = passed.iter().map(|stage| &stage.work);
    let next = table.get(index).filter(|next| match begun.work.environment() {
        Some(environment) => next.work.environment() == Some(environment),
        None => next.work == begun.work,
    });
    match next {
        Some(next) if table[..index].iter().map(|stage| &stage.work).eq(same) => {
            Ok(next.name.clone())
        }
        _ => Err(CannotRetry::OtherStages { stage: begun.name.clone() }),
    }
}

/// The stage as the next run holds it: what counted, and where it comes from.
fn taken_over(stage: &Stage, run: &Run) -> Stage {
    let mut stage = stage.clone();
    // Of a stage that was taken over before, the run that passed it stays known.
    stage.taken_from.get_or_insert_with(|| run.id.clone());
    for job in &mut stage.jobs {
        let counted = job.attempts.pop();
        job.attempts = counted.into_iter().collect();
        job.attempts.iter_mut().for_each(|attempt| attempt.surplus.clear());
    }
    stage
}
