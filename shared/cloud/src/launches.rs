//! Launches: begun on the release that the rollout picks, carried to their end, told to the rollout.
//!
//! Beginning one is: read the launch (there is none), read the environment and the settings of the
//! picked release, put the marker, put the document, submit. Its end is: read, read the result, put,
//! put the outcome. None of it depends on how many launches there are, and no two launches write to
//! one document.

use std::fmt;

use futures_util::future::join_all;
use jiff::SignedDuration;
use signalbox_pipeline::effect::{Effect, Pending, role_id};
use signalbox_pipeline::keys;
use signalbox_pipeline::launch::{Launch, Taken};
use signalbox_pipeline::names::{EnvironmentName, LaunchId, PipelineName, TaskId};
use signalbox_pipeline::run::Fact;
use signalbox_pipeline::run::fact::{Evidence, Terminated};

use crate::advance::Runs;
use crate::fault::Fault;
use crate::store::Step;

mod archive;
mod begin;
mod count;
mod request;

pub use count::Counted;
pub use request::Request;

/// How long the writer of an effect has it in hand: longer than a function's timeout of 30 s.
const LEASE: SignedDuration = SignedDuration::from_secs(45);
/// How many writes one message may lead to; the longest chain that a launch has is far shorter.
const ROUNDS: usize = 8;

/// Which launch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LaunchKey {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The launch.
    pub launch: LaunchId,
}

impl LaunchKey {
    /// The key of its document.
    #[must_use]
    pub fn document(&self) -> String {
        keys::state::launch(&self.pipeline, &self.environment, &self.launch)
    }

    /// Its marker.
    #[must_use]
    pub fn marker(&self) -> String {
        keys::index::active_launch(&self.pipeline, &self.environment, &self.launch)
    }
}

impl fmt::Display for LaunchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.pipeline, self.environment, self.launch)
    }
}

/// What is told about a launch.
#[derive(Clone, Debug)]
pub enum News {
    /// What Batch says about a job of it.
    Fact(Box<Fact>),
    /// It is to end before its job has.
    Stop(String),
}

impl From<Fact> for News {
    fn from(fact: Fact) -> Self {
        Self::Fact(Box::new(fact))
    }
}

impl Runs {
    /// The launch `key` as it stands now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn load_launch(&self, key: &LaunchKey) -> Result<Option<Launch>, Fault> {
        let found = self.documents.load::<Launch>(&key.document()).await?;
        Ok(found.map(|found| found.document))
    }

    /// Tells `news` to the launch `key`; with nothing new, its effects in nobody's hands are
    /// performed all the same.
    ///
    /// # Errors
    /// What the message is to become follows from the fault; [`Fault::NotOurs`] where there is no
    /// such launch.
    pub async fn tell_launch(&self, key: &LaunchKey, news: Vec<News>) -> Result<Launch, Fault> {
        let mut news = self.with_evidence(key, news).await?;
        for _ in 0..ROUNDS {
            let (launch, taken) = self.write_launch(key, &news).await?;
            let Some(taken) = taken else { return Ok(launch) };
            let facts = self.carry_out(key, &launch, &taken).await?;
            if facts.is_empty() {
                return Ok(launch);
            }
            news = facts.into_iter().map(|fact| (News::from(fact), None)).collect();
        }
        Err(Fault::page(format!("{key} goes on without end"), "this is a bug: please report it"))
    }

    /// One write, where there is something to write.
    async fn write_launch(
        &self,
        key: &LaunchKey,
        news: &[(News, Option<Evidence>)],
    ) -> Result<(Launch, Option<Taken>), Fault> {
        let write_id = self.documents.chance().token();
        let now = self.clock.now();
        let decide = |found: Option<&Launch>| {
            let found = found.ok_or_else(|| Fault::NotOurs(format!("there is no launch {key}")))?;
            let mut next = found.clone();
            let mut changed = false;
            for (news, evidence) in news {
                let told = match news {
                    News::Fact(fact) => next.hear(fact, evidence.as_ref(), &self.platform, now),
                    News::Stop(reason) => Ok(next.stop(reason, &self.platform, now)),
                };
                match told {
                    Ok(told) => changed |= told,
                    Err(rejection) => tracing::info!(reason = %rejection, "not taken"),
                }
            }
            if !changed && !next.has_work(now) {
                return Ok(Step::Keep((next, None)));
            }
            let taken = next.seal(&write_id, now, LEASE);
            Ok(Step::Put(next.clone(), (next, Some(taken))))
        };
        self.documents.transact(&key.document(), decide).await
    }

    /// Performs what this write has in hand, and tells the rollout where it has ended the launch.
    async fn carry_out(
        &self,
        key: &LaunchKey,
        launch: &Launch,
        taken: &Taken,
    ) -> Result<Vec<Fact>, Fault> {
        if let Some(outcome) = launch.outcome() {
            self.markers.mark(&keys::index::outcome(&outcome)).await?;
            tracing::info!(launch = %key, ended = %outcome.ended, "a launch ended");
        }
        let mine = launch.pending.iter().filter(|pending| taken.mine.contains(&pending.id));
        let ends = join_all(mine.map(|pending| self.carry_out_one(launch, pending, taken))).await;
        let facts: Result<Vec<Vec<Fact>>, Fault> = ends.into_iter().collect();
        Ok(facts?.into_iter().flatten().collect())
    }

    async fn carry_out_one(
        &self,
        launch: &Launch,
        pending: &Pending,
        taken: &Taken,
    ) -> Result<Vec<Fact>, Fault> {
        match &pending.effect {
            Effect::Submit(submission) => {
                self.submit(pending, submission, taken.in_doubt.contains(&pending.id)).await
            }
            Effect::Withdraw(withdrawal) => self.withdraw(withdrawal).await,
            Effect::Terminate(it) => {
                self.batch.terminate(&it.job_id, &it.reason).await?;
                tracing::info!(job.id = %it.job_id, reason = %it.reason, "told a job to end");
                let is_believed = launch.awaited().any(|(_, job)| job.job_id == it.job_id);
                // Nothing but its end acknowledges the end of the believed job.
                let (attempt, job_id) = (it.attempt.clone(), it.job_id.clone());
                let told = Fact::Terminated(Terminated { attempt, job_id });
                Ok(if is_believed { Vec::new() } else { vec![told] })
            }
            // A launch has no other effects.
            _ => Ok(Vec::new()),
        }
    }

    /// Each with what its job left behind, where it has ended.
    async fn with_evidence(
        &self,
        key: &LaunchKey,
        news: Vec<News>,
    ) -> Result<Vec<(News, Option<Evidence>)>, Fault> {
        let read = news.into_iter().map(|news| async move {
            let task = match &news {
                News::Fact(fact) => match &**fact {
                    Fact::JobEnded(ended) => ended.ending.task.as_ref(),
                    _ => None,
                },
                News::Stop(_) => None,
            };
            let evidence = match task {
                Some(task) => Some(self.left_behind(key, task).await?),
                None => None,
            };
            Ok((news, evidence))
        });
        join_all(read).await.into_iter().collect()
    }

    /// What the job in `task` reported. Most have the system's own role, so that the launch, which
    /// knows, is read only where there is nothing below that.
    async fn left_behind(&self, key: &LaunchKey, task: &TaskId) -> Result<Evidence, Fault> {
        let own = self.result(&self.platform.job_role_id, task).await?;
        if let Evidence::Read(_) = own {
            return Ok(own);
        }
        let launch = self.documents.load::<Launch>(&key.document()).await?;
        let settings = launch.as_ref().map(|found| &found.document.picked.settings);
        match role_id(settings, &self.platform) {
            role if role == self.platform.job_role_id => Ok(own),
            role => self.result(role, task).await,
        }
    }
}
