//! Ends of jobs, delivered when the test wants it: between a job's end and its event anything may
//! happen, and here it does.

use std::path::PathBuf;

use anyhow::Context as _;
use aws_sdk_batch::types::{JobDetail, JobStatus, KeyValuesPair};
use serde_json::{Value, json};
use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::names::{JobKey, StageName};
use signalbox_pipeline::run::Run;

use crate::event;
use crate::installation::{Installation, JOB_QUEUE, RUN};
use crate::program::root;
use crate::wait::until;

impl Installation {
    /// The template, changed: each text of `changes` has to be there, and becomes the other.
    ///
    /// # Errors
    /// When a text is not there.
    pub fn template(folder: &std::path::Path, changes: &[(&str, &str)]) -> anyhow::Result<PathBuf> {
        let mut text = std::fs::read_to_string(root().join("template.yaml"))?;
        for (from, to) in changes {
            anyhow::ensure!(text.contains(from), "the template does not say `{from}`");
            text = text.replace(from, to);
        }
        let file = folder.join("template.yaml");
        std::fs::write(&file, text)?;
        Ok(file)
    }

    /// The run that there is, as soon as there is one.
    ///
    /// # Errors
    /// When none comes.
    pub async fn begun(&self) -> anyhow::Result<Run> {
        until("a run", RUN, async || Ok(self.runs().await?.pop())).await
    }

    /// Waits until Batch has ended the attempt's job.
    ///
    /// # Errors
    /// When that does not come about.
    pub async fn job_ended(
        &self,
        run: &Run,
        stage: &str,
        job: &str,
        number: u32,
    ) -> anyhow::Result<JobDetail> {
        let (stage, job) = (StageName::parse(stage)?, JobKey::parse(job)?);
        let attempt = AttemptId { stage, job, number };
        let name = attempt.job_name(&run.pipeline, &run.id).to_string();
        let what = format!("the end of the job {name}");
        let found = until(&what, RUN, async || {
            let filter = KeyValuesPair::builder().name("JOB_NAME").values(&name).build();
            let jobs = self.batch().list_jobs().job_queue(JOB_QUEUE).filters(filter).send().await?;
            let Some(id) = jobs.job_summary_list().first().and_then(|job| job.job_id()) else {
                return Ok(None);
            };
            let jobs = self.batch().describe_jobs().jobs(id).send().await?;
            let job = jobs.jobs.unwrap_or_default().pop();
            Ok(job.filter(|job| {
                matches!(job.status(), Some(JobStatus::Succeeded | JobStatus::Failed))
            }))
        });
        found.await.with_context(|| self.logs())
    }

    /// Sends the event of a job's begin, as Batch would have.
    ///
    /// # Errors
    /// When SQS does not take it.
    pub async fn deliver_begin(&self, job: &JobDetail) -> anyhow::Result<()> {
        let mut event = end_of(job)?;
        event["detail"]["status"] = "RUNNING".into();
        self.emit(&self.facts.queues.jobs, &event).await
    }

    /// Sends the event of a job's end, as Batch would have.
    ///
    /// # Errors
    /// When SQS does not take it.
    pub async fn deliver(&self, job: &JobDetail) -> anyhow::Result<()> {
        self.emit(&self.facts.queues.jobs, &end_of(job)?).await
    }

    /// Waits for the end of the attempt's job, and delivers it.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn carry(&self, run: &Run, stage: &str, job: &str) -> anyhow::Result<()> {
        self.deliver(&self.job_ended(run, stage, job, 1).await?).await
    }
}

/// The id of the task that ran a job.
///
/// # Errors
/// When none did.
pub fn task(job: &JobDetail) -> anyhow::Result<&str> {
    let arn = job.attempts().last().and_then(|last| last.task_properties().first());
    let arn = arn.and_then(|task| task.task_arn()).context("no task ran the job")?;
    Ok(arn.rsplit('/').next().unwrap_or(arn))
}

/// The event of a job's end.
///
/// # Errors
/// When the fixture is not there.
pub fn end_of(job: &JobDetail) -> anyhow::Result<Value> {
    let mut event = event::fresh("batch-job-succeeded")?;
    let attempts: Vec<Value> = job.attempts().iter().map(attempt).collect();
    let tasks = attempts.last().map(|last| last["taskProperties"].clone());
    let detail = &mut event["detail"];
    detail["jobId"] = json!(job.job_id());
    detail["jobName"] = json!(job.job_name());
    detail["jobArn"] = json!(job.job_arn());
    detail["jobQueue"] = json!(job.job_queue());
    detail["jobDefinition"] = json!(job.job_definition());
    detail["parameters"] = json!(job.parameters());
    detail["status"] = json!(job.status().map(JobStatus::as_str));
    detail["startedAt"] = json!(job.started_at());
    detail["stoppedAt"] = json!(job.stopped_at());
    detail["attempts"] = json!(attempts);
    detail["ecsProperties"]["taskProperties"] = tasks.unwrap_or_default();
    Ok(event)
}

fn attempt(attempt: &aws_sdk_batch::types::AttemptDetail) -> Value {
    let tasks = attempt.task_properties().iter().map(|task| {
        let containers = task.containers().iter().map(|container| {
            json!({
                "name": container.name(),
                "exitCode": container.exit_code(),
                "reason": container.reason(),
            })
        });
        json!({ "taskArn": task.task_arn(), "containers": containers.collect::<Vec<_>>() })
    });
    json!({
        "startedAt": attempt.started_at(),
        "stoppedAt": attempt.stopped_at(),
        "taskProperties": tasks.collect::<Vec<_>>(),
    })
}
