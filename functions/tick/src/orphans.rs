//! Orphans: jobs of ours that no run believes.

use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use signalbox_cloud::advance::{News, RunKey};
use signalbox_cloud::effects::OpenStatus;
use signalbox_cloud::fault::Fault;
use signalbox_cloud::ingest::Read;
use signalbox_cloud::ingest::batch::{DEFINITIONS, Identity, Of};
use signalbox_cloud::launches::{self, LaunchKey};
use signalbox_pipeline::names::JobId;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::fact::JobFound;
use signalbox_pipeline::run::{Fact, Run};

use super::pass::{Budget, Pass};
use super::walk::Known;
use super::{ACTOR, SIDE_BY_SIDE, Tick, turn};

/// The queue is looked through once in so many minutes.
const ROUND: u64 = 5;
/// A job that is younger may be one whose first event, or whose run's next write, is on its way.
const YOUNG: SignedDuration = SignedDuration::from_mins(5);

impl Tick {
    /// Looks through a page of the queue in each of the states that a job of ours can be left in.
    pub(crate) async fn orphans(&self, budget: Budget, known: &Known) -> Pass {
        let queue = &self.runs.platform.queue;
        let mut pass = Pass::default();
        if !turn::is_due(queue, ROUND, self.runs.clock.now()) {
            return pass;
        }
        for status in OpenStatus::ALL {
            if !budget.is_left() {
                break;
            }
            pass += match self.page(queue, status, known).await {
                Ok(pass) => pass,
                Err(fault) => Pass::failed(&fault),
            };
        }
        pass
    }

    async fn page(&self, queue: &str, status: OpenStatus, known: &Known) -> Result<Pass, Fault> {
        let after = self.memory().pages.remove(status.as_str());
        let page = self.runs.batch.in_status(queue, status, after).await?;
        if let Some(next) = page.next {
            self.memory().pages.insert(status.as_str(), next);
        }
        let old = |at: Option<Timestamp>| {
            at.is_some_and(|at| self.runs.clock.now().duration_since(at) >= YOUNG)
        };
        let ours = page.jobs.into_iter().filter(|job| job.definition.starts_with(DEFINITIONS));
        let unknown = ours.filter(|job| old(job.created_at) && !known.contains(&job.job_id));
        let ids: Vec<JobId> = unknown.map(|job| job.job_id).collect();
        let jobs = self.runs.batch.describe(&ids).await?;
        let looks = futures_util::stream::iter(&jobs).map(|job| async move {
            match job.identity() {
                Ok(Read::Event(identity)) => {
                    let is_ours = job.job_role() == Some(self.runs.platform.job_role.as_str());
                    self.stray(identity, is_ours).await.unwrap_or_else(|fault| Pass::failed(&fault))
                }
                Ok(Read::Ignored(_)) => Pass::fine(),
                Err(malformed) => Pass::failed(&malformed.into()),
            }
        });
        Ok(looks.buffer_unordered(SIDE_BY_SIDE).collect::<Vec<Pass>>().await.into_iter().sum())
    }

    /// A job that no live run of this pass knew: told to its run, which believes it or has it ended.
    async fn stray(&self, job: Identity, is_ours: bool) -> Result<Pass, Fault> {
        let Identity { placement, owner, .. } = job;
        let job_id = placement.job_id.clone();
        let run = match owner.of {
            Of::Run(run) => run,
            Of::Launch(environment, launch) => {
                let key = LaunchKey { pipeline: owner.pipeline, environment, launch };
                let found = Fact::JobFound(JobFound { attempt: owner.attempt, placement });
                return self.stray_of_launch(&key, &job_id, found, is_ours).await;
            }
        };
        let key = RunKey { pipeline: owner.pipeline, run };
        let Some(run) = self.runs.load(&key).await? else {
            return self.end(&job_id, is_ours, "no such run exists").await;
        };
        if knows(&run, &job_id) {
            return Ok(Pass::fine());
        }
        let fact = Fact::JobFound(JobFound { attempt: owner.attempt.clone(), placement });
        let found = Occurrence { event: self.cause()?, actor: ACTOR.to_owned(), fact };
        let told = self.runs.tell(&key, News { cause: self.cause()?, occurrences: vec![found] });
        let told = told.await?;
        if !knows(&told.run, &job_id) {
            return self.end(&job_id, is_ours, "its run did not submit it").await;
        }
        let attempt = told.run.state.attempt(&owner.attempt);
        let believed = attempt.and_then(|attempt| attempt.placement.as_ref());
        if believed.is_some_and(|believed| believed.job_id == job_id) {
            tracing::info!(job.id = %job_id, run = %key, "found a job that no event had named");
            return Ok(Pass { missed: 1, ..Pass::fine() });
        }
        tracing::warn!(job.id = %job_id, run = %key, "found a surplus job, which its run ends");
        Ok(Pass { orphans: 1, ..Pass::fine() })
    }

    /// The same of a launch.
    async fn stray_of_launch(
        &self,
        key: &LaunchKey,
        job: &JobId,
        found: Fact,
        is_ours: bool,
    ) -> Result<Pass, Fault> {
        let Some(launch) = self.runs.load_launch(key).await? else {
            return self.end(job, is_ours, "no such launch exists").await;
        };
        if launch.jobs().any(|known| known == job) {
            return Ok(Pass::fine());
        }
        let launch = self.runs.tell_launch(key, vec![launches::News::from(found)]).await?;
        if !launch.jobs().any(|known| known == job) {
            return self.end(job, is_ours, "its launch did not submit it").await;
        }
        tracing::warn!(job.id = %job, launch = %key, "found a job that no event had named");
        Ok(Pass { missed: 1, ..Pass::fine() })
    }

    /// Ends a job that belongs to nothing. One that has another installation's role is left alone:
    /// several may share a queue.
    async fn end(&self, job: &JobId, is_ours: bool, why: &str) -> Result<Pass, Fault> {
        if is_ours {
            tracing::warn!(job.id = %job, %why, "ended a job that belongs to nothing");
            self.runs.batch.terminate(job, &format!("signalbox: {why}")).await?;
        } else {
            tracing::warn!(job.id = %job, %why, "not ended: it has a role of another installation");
        }
        Ok(Pass { orphans: 1, ..Pass::fine() })
    }
}

fn knows(run: &Run, job: &JobId) -> bool {
    super::heal::known(run).contains(job)
}
