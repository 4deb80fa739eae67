//! Runs, as a test waits for them and looks at them.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use aws_sdk_batch::types::KeyValuesPair;
use jiff::Timestamp;
use signalbox_pipeline::explain::explain;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::state::Attempt;

use crate::installation::{Installation, JOB_QUEUE, RUN};
use crate::wait::until;

/// Below it lie the runs.
const RUNS: &str = "pipelines/rain/runs/";

impl Installation {
    /// The runs that there are, the oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn runs(&self) -> anyhow::Result<Vec<Run>> {
        let mut runs = Vec::new();
        for (key, _) in self.objects(&self.facts.buckets.state, RUNS).await? {
            let bytes = self.get(&self.facts.buckets.state, &key).await?;
            runs.push(serde_json::from_slice(&bytes).with_context(|| key)?);
        }
        Ok(runs)
    }

    /// Waits until the run that `event` triggered is over and nothing of it is pending.
    ///
    /// # Errors
    /// When it does not end, with what it waits for and the ends of all logs.
    pub async fn ended(&self, event: &str) -> anyhow::Result<Run> {
        self.settled(|run| run.register.entries()[0].event.as_str() == event).await
    }

    /// Waits until the run for `commit` is over and nothing of it is pending.
    ///
    /// # Errors
    /// When it does not end, with what it waits for and the ends of all logs.
    pub async fn ended_for(&self, commit: &str) -> anyhow::Result<Run> {
        self.settled(|run| run.state.trigger.commit.as_str() == commit).await
    }

    /// Waits until the only run is over and nothing of it is pending.
    ///
    /// # Errors
    /// When it does not end, with what it waits for and the ends of all logs.
    pub async fn only_run_ended(&self) -> anyhow::Result<Run> {
        let run = self.settled(|_| true).await?;
        ensure!(self.runs().await?.len() == 1, "there is more than one run");
        Ok(run)
    }

    async fn settled(&self, wanted: impl Fn(&Run) -> bool) -> anyhow::Result<Run> {
        let mut last = None;
        let found = until("the end of the run", RUN, async || {
            last = self.runs().await?.into_iter().find(&wanted);
            Ok(last.clone().filter(Run::is_settled))
        });
        match found.await {
            Ok(run) => Ok(run),
            Err(error) => {
                let waits = match &last {
                    Some(run) => format!("{} is {}", run.id, explain(run, Timestamp::now())),
                    None => "there is no such run".to_owned(),
                };
                Err(error.context(format!("{waits}{}", self.logs())))
            }
        }
    }

    /// Waits until the only run has succeeded, and sees to it that every attempt was submitted once
    /// and that none of its jobs is a surplus.
    ///
    /// # Errors
    /// When that is not so.
    pub async fn only_run_succeeded(&self) -> anyhow::Result<Run> {
        let run = self.only_run_ended().await?;
        ensure!(
            run.state.phase == Phase::Succeeded,
            "the run ended {}{}",
            explain(&run, Timestamp::now()),
            self.logs()
        );
        self.each_attempt_has_one_job(&run).await?;
        Ok(run)
    }

    /// Sees to it that Batch has exactly one job for each attempt of `run`, and no other.
    ///
    /// # Errors
    /// When that is not so.
    pub async fn each_attempt_has_one_job(&self, run: &Run) -> anyhow::Result<()> {
        let submitted = self.jobs_by_name(&format!("{}-{}", run.pipeline, run.id)).await?;
        let mut expected = BTreeMap::new();
        for (id, _, attempt) in run.state.attempts() {
            ensure!(attempt.surplus.is_empty(), "{id} has surplus jobs: {:?}", attempt.surplus);
            expected.insert(id.job_name(&run.pipeline, &run.id).to_string(), 1);
        }
        ensure!(submitted == expected, "submitted: {submitted:?}, attempts: {expected:?}");
        Ok(())
    }

    /// How many jobs Batch has of each name that begins with `prefix`.
    ///
    /// # Errors
    /// When Batch does not list them.
    pub async fn jobs_by_name(&self, prefix: &str) -> anyhow::Result<BTreeMap<String, u32>> {
        let filter = KeyValuesPair::builder().name("JOB_NAME").values(format!("{prefix}*"));
        let list = self.batch().list_jobs().job_queue(JOB_QUEUE).filters(filter.build());
        let mut pages = list.into_paginator().send();
        let mut names = BTreeMap::new();
        while let Some(page) = pages.next().await {
            for job in page?.job_summary_list.unwrap_or_default() {
                *names.entry(job.job_name.unwrap_or_default()).or_default() += 1;
            }
        }
        Ok(names)
    }

    /// What the last attempt of a job printed.
    ///
    /// # Errors
    /// When there is no such job, or it left no log.
    pub async fn printed(&self, run: &Run, stage: &str, job: &str) -> anyhow::Result<String> {
        let attempt = attempt(run, stage, job).with_context(|| format!("no {stage}/{job}"))?;
        let task = attempt.ending.as_ref().and_then(|ending| ending.task.as_ref());
        let task = task.with_context(|| format!("no task ran {stage}/{job}"))?;
        let artifacts = &self.facts.buckets.artifacts;
        let objects = self.objects(artifacts, "incoming/").await?;
        let log = format!(":{task}/log.txt");
        let key = objects.iter().map(|(key, _)| key).find(|key| key.ends_with(&log));
        let bytes = self.get(artifacts, key.with_context(|| format!("no {log}"))?).await?;
        Ok(String::from_utf8(bytes)?)
    }
}

/// The last attempt of a job.
#[must_use]
pub fn attempt<'r>(run: &'r Run, stage: &str, job: &str) -> Option<&'r Attempt> {
    let stage = run.state.stages.iter().find(|one| one.name.as_str() == stage)?;
    stage.jobs.iter().find(|one| one.name.as_str() == job)?.attempts.last()
}
