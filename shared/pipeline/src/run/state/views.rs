//! What the state of a run says when it is asked.

use super::{Attempt, Job, Stage, StageWork, State};
use crate::attempt::AttemptId;
use crate::definition::{self, Concurrency};
use crate::names::{JobKey, RunId};
use crate::phase::Phase;
use crate::report::Commit;
use crate::rollout::Plan;
use crate::run::fact::{Entered, Placement};
use crate::stage::Flow;

impl State {
    /// The stage that the run is in: the first that is not over, and does not go on beside those
    /// that follow it.
    #[must_use]
    pub fn stage(&self) -> Option<&Stage> {
        let open = || self.stages.iter().filter(|stage| !stage.phase.is_terminal());
        open().find(|stage| !self.is_beside(stage)).or_else(|| open().next())
    }

    /// Whether `stage` is under way beside those that follow it: a release that is being recorded.
    #[must_use]
    pub fn is_beside(&self, stage: &Stage) -> bool {
        stage.phase == Phase::Running
            && matches!(stage.work, StageWork::Release { .. })
            && self.entry(stage).is_some()
            && self.rollout(stage).is_none()
    }

    /// How the release of `stage` takes the place of the live one, where not at once.
    #[must_use]
    pub fn rollout<'s>(&'s self, stage: &'s Stage) -> Option<&'s Plan> {
        let is_release = matches!(stage.work, StageWork::Release { .. });
        let settings = self.entered(stage).filter(|_| is_release)?.settings.as_ref()?;
        settings.rollout.as_ref()
    }

    /// The stages whose release is being rolled out.
    pub fn rolls_out(&self) -> impl Iterator<Item = &Stage> {
        let is_open = |stage: &&Stage| stage.phase == Phase::Running && stage.rolling.is_some();
        self.stages.iter().filter(is_open)
    }

    /// Through which stages the run passes its environments.
    #[must_use]
    pub fn flow(&self) -> Flow {
        let mut stages = self.stages.iter().filter(|stage| stage.work.environment().is_some());
        match stages.next() {
            Some(stage) if matches!(stage.work, StageWork::Verify { .. }) => Flow::First,
            Some(stage) if stage.inspection.is_none() => Flow::Second,
            _ => Flow::NEWEST,
        }
    }

    /// The stage in which the run enters the environment that `stage` is about; none in runs of the
    /// first [`Flow`].
    #[must_use]
    pub fn entry(&self, stage: &Stage) -> Option<&Stage> {
        let about = stage.work.environment()?;
        self.stages.iter().find(|stage| match &stage.work {
            StageWork::Validate { environment } => environment == about,
            _ => false,
        })
    }

    /// Who made the commit, by git's word as the checkout has told it.
    #[must_use]
    pub fn commit(&self) -> Option<&Commit> {
        let checkout = self.stages.iter().find(|stage| stage.work == StageWork::Checkout)?;
        checkout.jobs.first()?.attempts.last()?.evidence.as_ref()?.commit()
    }

    /// The stages in which the run waits before an environment: for its place, for people, for the
    /// end of a freeze.
    pub fn waits_before(&self) -> impl Iterator<Item = &Stage> {
        self.stages.iter().filter(|stage| {
            let is_gate =
                matches!(stage.work, StageWork::Validate { .. } | StageWork::Approve { .. });
            is_gate && stage.phase == Phase::Running && self.entered(stage).is_some()
        })
    }

    /// The run of the same branch that has to be over before this one begins its checks.
    #[must_use]
    pub fn queued_behind(&self) -> Option<&RunId> {
        let definition = &self.definition.as_ref()?.content;
        let queues = definition.concurrency == Concurrency::Queue && !self.overtook;
        let is_live = !self.phase.is_terminal();
        self.trigger.before.as_ref().filter(|_| queues && is_live)
    }

    /// The run of the same branch that this one has to end.
    #[must_use]
    pub fn supersedes(&self) -> Option<&RunId> {
        let definition = self.definition.as_ref().map(|defined| defined.content.concurrency);
        // What was superseded before its definition was known passes that on.
        let ends_it = definition == Some(Concurrency::Supersede) || self.superseded_by.is_some();
        self.trigger.before.as_ref().filter(|_| ends_it && !self.overtook)
    }

    /// How the environment was found that `stage` is about.
    #[must_use]
    pub fn entered<'s>(&'s self, stage: &'s Stage) -> Option<&'s Entered> {
        self.entry(stage).unwrap_or(stage).entered.as_ref()
    }

    /// An attempt of the run.
    #[must_use]
    pub fn attempt(&self, id: &AttemptId) -> Option<&Attempt> {
        let job = self.job(id)?;
        job.attempts.iter().find(|attempt| attempt.number == id.number)
    }

    /// The job that an attempt belongs to.
    #[must_use]
    pub fn job(&self, id: &AttemptId) -> Option<&Job> {
        let stage = self.stages.iter().find(|stage| stage.name == id.stage)?;
        stage.jobs.iter().find(|job| job.name == id.job)
    }

    /// What the definition says about a job of a stage; nothing for `checkout` and `build`, which
    /// are ours.
    #[must_use]
    pub fn specification(&self, work: &StageWork, job: &JobKey) -> Option<&definition::Job> {
        let definition = &self.definition.as_ref()?.content;
        let jobs = match work {
            StageWork::Checks => &definition.checks,
            StageWork::Verify { environment } => {
                let deployment = |d: &&definition::Deployment| d.environment == *environment;
                &definition.deploy.iter().find(deployment)?.verify
            }
            StageWork::Checkout
            | StageWork::Build
            | StageWork::Validate { .. }
            | StageWork::Approve { .. }
            | StageWork::Release { .. } => return None,
        };
        jobs.iter().find(|specification| specification.name == *job)
    }

    /// Whether it began with an image: it has no checkout, no checks and no build, and is of no branch.
    #[must_use]
    pub fn is_from_outside(&self) -> bool {
        self.stages.first().is_some_and(|stage| stage.work != StageWork::Checkout)
    }

    /// What the run is for, in words: a commit on its branch, or an image from outside.
    #[must_use]
    pub fn subject(&self) -> String {
        match &self.image {
            Some(image) if self.is_from_outside() => format!("{}:{}", image.repository, image.tag),
            _ => format!("{} on {}", self.trigger.commit.short(), self.trigger.branch),
        }
    }

    /// Every attempt with its stage and job.
    pub fn attempts(&self) -> impl Iterator<Item = (AttemptId, &Stage, &Attempt)> {
        self.stages.iter().flat_map(|stage| {
            stage.jobs.iter().flat_map(move |job| {
                job.attempts.iter().map(move |attempt| {
                    let id = AttemptId {
                        stage: stage.name.clone(),
                        job: job.name.clone(),
                        number: attempt.number,
                    };
                    (id, stage, attempt)
                })
            })
        })
    }

    /// The believed jobs whose end was not seen yet, of a live run as of one that is over: what
    /// `tick` asks Batch about when it hears nothing.
    pub fn awaited(&self) -> impl Iterator<Item = (AttemptId, &Placement)> {
        self.attempts().filter_map(|(id, _, attempt)| Some((id, attempt.awaited()?)))
    }
}
