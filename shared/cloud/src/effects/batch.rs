//! AWS Batch: submissions by deterministic name, and what became of them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};
use signalbox_pipeline::effect::Submission;
use signalbox_pipeline::names::{JobId, JobName};

use crate::clients::{Client, JsonClient, Trouble, trouble};
use crate::fault::Fault;
use crate::ingest::batch::Described;

mod open;
mod place;
mod register;
mod submit;

pub use open::{Listed, OpenStatus, Queued};

/// How many pages of a listing are read before the answer counts as unknown.
const PAGES: usize = 10;
/// As many jobs as one DescribeJobs takes.
const DESCRIBED: usize = 100;
/// As long as a reason may be.
const LONGEST_REASON: usize = 1024;

/// AWS Batch.
#[derive(Clone, Debug)]
pub struct Batch {
    batch: Client<aws_sdk_batch::Client>,
    /// For its reads: what they answer has the shape of events, and is read as such.
    json: JsonClient,
    /// Names of job definitions that took a submission of this instance.
    known: Arc<Mutex<BTreeSet<String>>>,
}

/// What came of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// Batch has the job.
    Accepted(JobId),
    /// Batch does not take it, and will not take it again as it stands.
    Refused(String),
    /// Batch did not take it this time.
    NotNow(String),
    /// There was no clear answer: Batch may have the job or not.
    Unknown(String),
}

/// A job that bears the name that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Batch's id of it.
    pub job_id: JobId,
    /// The name of its definition.
    pub definition: String,
    /// Batch's word for its state.
    pub status: String,
}

#[derive(Deserialize)]
struct Jobs {
    jobs: Vec<Described>,
}

impl Batch {
    /// Batch behind `batch`, and the same behind `json`.
    #[must_use]
    pub fn new(batch: Client<aws_sdk_batch::Client>, json: JsonClient) -> Self {
        Self { batch, json, known: Arc::default() }
    }

    /// Opens a connection to Batch; what is answered does not matter.
    pub async fn warm(&self, queue: &str) {
        let _answer = self.list(named(queue, "warm"), None).await;
    }

    /// Whether this instance has seen the job definition `name` take a submission.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// Submits `submission` once; where its job definition is missing, registers that and submits
    /// once more. SubmitJob takes no token, so an unclear answer stays one; and it cannot be fenced,
    /// so `in_time` is asked before each call whether the caller may still make it.
    pub async fn submit(&self, submission: &Submission, in_time: impl Fn() -> bool) -> Submitted {
        let submitted = self.submit_or_register(submission, in_time).await;
        if matches!(submitted, Submitted::Accepted(_)) {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(submission.definition.name());
        }
        submitted
    }

    async fn submit_or_register(
        &self,
        submission: &Submission,
        in_time: impl Fn() -> bool,
    ) -> Submitted {
        let too_late = || Submitted::NotNow("its lease is nearly over".to_owned());
        if !in_time() {
            return too_late();
        }
        let first = match submit::once(&self.batch.once, submission).await {
            Ok(job) => return job,
            Err(trouble) => trouble,
        };
        if !submit::definition_is_missing(&first) {
            return submit::outcome(first);
        }
        let name = submission.definition.name();
        tracing::info!(definition = %name, "registering a job definition");
        if let Err(trouble) = register::register(&self.batch.patient, &submission.definition).await
        {
            return match submit::outcome(trouble) {
                // Nothing was submitted, whatever became of the definition.
                Submitted::Unknown(why) => Submitted::NotNow(why),
                Submitted::Refused(why) => {
                    Submitted::Refused(format!("job definition {name}: {why}"))
                }
                other => other,
            };
        }
        if !in_time() {
            return too_late();
        }
        match submit::once(&self.batch.once, submission).await {
            Ok(job) => job,
            // A definition that was registered a moment ago may not be known everywhere yet.
            Err(trouble) if submit::definition_is_missing(&trouble) => {
                Submitted::NotNow(trouble.to_string())
            }
            Err(trouble) => submit::outcome(trouble),
        }
    }

    /// The jobs in `queue` whose name is exactly `name`, newest first.
    ///
    /// # Errors
    /// When Batch does not say, or lists so many that the answer would not be complete.
    pub async fn find_by_name(&self, queue: &str, name: &JobName) -> Result<Vec<Found>, Fault> {
        let mut found = Vec::new();
        let mut next = None;
        for _ in 0..PAGES {
            let page = self.list(named(queue, name.as_str()), next.take()).await;
            let page = page.map_err(|trouble| {
                trouble.fault(format!("looking for the job {name} in {queue}"))
            })?;
            for job in page.job_summary_list {
                // Batch compares without regard to case.
                if job.job_name != name.as_str() {
                    continue;
                }
                let job_id = JobId::parse(job.job_id).map_err(|error| {
                    Fault::retry(format!("Batch's list of jobs named {name}"), error)
                })?;
                let definition = definition_name(&job.job_definition).to_owned();
                found.push(Found { job_id, definition, status: job.status });
            }
            next = page.next_token;
            if next.is_none() {
                return Ok(found);
            }
        }
        Err(Fault::page(
            format!("{queue} lists more than {PAGES} pages of jobs named {name}"),
            "look at who submits jobs under this name: only Signalbox's functions may",
        ))
    }

    /// What Batch says of these jobs; those that it has forgotten are left out.
    ///
    /// # Errors
    /// When Batch does not say.
    pub async fn describe(&self, ids: &[JobId]) -> Result<Vec<Described>, Fault> {
        let mut jobs = Vec::new();
        for some in ids.chunks(DESCRIBED) {
            let asked = self.json.call("DescribeJobs", &json!({ "jobs": some })).await;
            let answer: Jobs = asked.map_err(|trouble| trouble.fault("describing jobs"))?;
            jobs.extend(answer.jobs);
        }
        Ok(jobs)
    }

    /// Ends a job; ending one that is over changes nothing.
    ///
    /// # Errors
    /// When Batch does not do it.
    pub async fn terminate(&self, job: &JobId, reason: &str) -> Result<(), Fault> {
        let reason: String = reason.chars().take(LONGEST_REASON).collect();
        let sent = self.batch.patient.terminate_job().job_id(job.as_str()).reason(reason).send();
        match sent.await.map_err(|error| trouble(&error)) {
            Ok(_) => Ok(()),
            // Batch forgets a job days after its end.
            Err(Trouble::Refused { status: 400 | 404, message, .. }) => {
                tracing::info!(job = %job, %message, "the job to be ended is not there any more");
                Ok(())
            }
            Err(trouble) => Err(trouble.fault(format!("ending the job {job}"))),
        }
    }
}

/// The jobs of a queue with this name.
fn named(queue: &str, name: &str) -> Value {
    json!({ "jobQueue": queue, "filters": [{ "name": "JOB_NAME", "values": [name] }] })
}

/// `arn:…:job-definition/name:revision` as `name`.
fn definition_name(text: &str) -> &str {
    let short = text.rsplit('/').next().unwrap_or(text);
    short.split(':').next().unwrap_or(short)
}
