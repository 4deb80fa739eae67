//! ListJobs: what a queue holds that is not over.

use aws_sdk_batch::types::JobStatus;
use jiff::Timestamp;
use signalbox_pipeline::names::JobId;

use super::{Batch, definition_name};
use crate::clients::trouble;
use crate::fault::Fault;

/// A state in which a job may stay, and cost something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenStatus {
    /// It waits for a place.
    Runnable,
    /// Its containers are about to run.
    Starting,
    /// They run.
    Running,
}

/// A job in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Batch's id of it.
    pub job_id: JobId,
    /// The name of its definition.
    pub definition: String,
    /// When it was submitted.
    pub created_at: Option<Timestamp>,
}

/// A page of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The jobs.
    pub jobs: Vec<Queued>,
    /// What the next page begins after, where there is one.
    pub next: Option<String>,
}

impl OpenStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Runnable, Self::Starting, Self::Running];

    /// Batch's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Runnable => "RUNNABLE",
            Self::Starting => "STARTING",
            Self::Running => "RUNNING",
        }
    }
}

impl Batch {
    /// A page of the jobs that `queue` holds in `status`, the newest first, beginning after the page
    /// that named `after`.
    ///
    /// # Errors
    /// When Batch does not say.
    pub async fn in_status(
        &self,
        queue: &str,
        status: OpenStatus,
        after: Option<String>,
    ) -> Result<Listed, Fault> {
        let what = || format!("listing the {} jobs in {queue}", status.as_str());
        let list = self.batch.patient.list_jobs().job_queue(queue);
        let list = list.job_status(JobStatus::from(status.as_str())).set_next_token(after);
        let page = list.send().await.map_err(|error| trouble(&error).fault(what()))?;
        let mut jobs = Vec::new();
        for job in page.job_summary_list.into_iter().flatten() {
            let job_id = JobId::parse(job.job_id.unwrap_or_default())
                .map_err(|error| Fault::retry(what(), error))?;
            let definition = definition_name(&job.job_definition.unwrap_or_default()).to_owned();
            let created_at = job.created_at.and_then(|at| Timestamp::from_millisecond(at).ok());
            jobs.push(Queued { job_id, definition, created_at });
        }
        Ok(Listed { jobs, next: page.next_token })
    }
}
