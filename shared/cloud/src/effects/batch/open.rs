//! ListJobs: what a queue holds that is not over.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use signalbox_pipeline::names::JobId;

use super::{Batch, definition_name};
use crate::clients::Trouble;
use crate::fault::Fault;

/// A page of ListJobs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    #[serde(default)]
    pub(super) job_summary_list: Vec<Summary>,
    pub(super) next_token: Option<String>,
}

/// A job as it is listed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    pub(super) job_id: String,
    pub(super) job_name: String,
    #[serde(default)]
    pub(super) job_definition: String,
    #[serde(default)]
    pub(super) status: String,
    created_at: Option<i64>,
}

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
        let asked = json!({ "jobQueue": queue, "jobStatus": status.as_str() });
        let page = self.list(asked, after).await.map_err(|trouble| trouble.fault(what()))?;
        let mut jobs = Vec::new();
        for job in page.job_summary_list {
            let job_id = JobId::parse(job.job_id).map_err(|error| Fault::retry(what(), error))?;
            let definition = definition_name(&job.job_definition).to_owned();
            let created_at = job.created_at.and_then(|at| Timestamp::from_millisecond(at).ok());
            jobs.push(Queued { job_id, definition, created_at });
        }
        Ok(Listed { jobs, next: page.next_token })
    }

    /// The page of ListJobs that follows the one which named `after`.
    pub(super) async fn list(
        &self,
        mut asked: Value,
        after: Option<String>,
    ) -> Result<Page, Trouble> {
        if let Some(token) = after {
            asked["nextToken"] = token.into();
        }
        self.json.call("ListJobs", &asked).await
    }
}
