//! The jobs in memory, and who waits for which vCPUs.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Notify;

use super::definitions::Definitions;
use super::job::{Job, Status};
use super::queues::Queues;
use crate::durable::Journal;

/// Everything that Batch knows.
pub(crate) struct State {
    /// The jobs on disk, by their ids.
    pub(crate) journal: Journal,
    pub(crate) jobs: HashMap<String, Job>,
    /// The jobs' ids in the order of their submission.
    pub(crate) order: BTreeMap<u64, String>,
    /// The jobs that run, by the id of their task.
    pub(crate) tasks: HashMap<String, String>,
    /// The lanes of the queues, by ARN.
    pub(crate) lanes: HashMap<String, Lane>,
    /// How to wake what looks after a placed job.
    pub(crate) wakers: HashMap<String, Arc<Notify>>,
    pub(crate) definitions: Definitions,
    pub(crate) queues: Queues,
}

/// The jobs of one queue that wait, in order, and what the placed ones take.
#[derive(Default)]
pub(crate) struct Lane {
    pub(crate) waiting: BTreeMap<u64, String>,
    pub(crate) used: u64,
}

impl State {
    pub(crate) fn open(
        dir: &Path,
        definitions: Definitions,
        queues: Queues,
    ) -> anyhow::Result<Self> {
        let (journal, jobs) = Journal::open::<Job>(&dir.join("jobs.jsonl"))?;
        let mut state = Self {
            journal,
            jobs: HashMap::new(),
            order: BTreeMap::new(),
            tasks: HashMap::new(),
            lanes: HashMap::new(),
            wakers: HashMap::new(),
            definitions,
            queues,
        };
        for job in jobs.into_values() {
            state.insert(job);
        }
        Ok(state)
    }

    /// The number of the next job.
    pub(crate) fn next_number(&self) -> u64 {
        self.order.last_key_value().map_or(1, |(last, _)| last + 1)
    }

    pub(crate) fn insert(&mut self, job: Job) {
        self.order.insert(job.number, job.id.clone());
        if job.status.is_placed() {
            self.occupy(&job);
        }
        self.jobs.insert(job.id.clone(), job);
    }

    /// Notes that the job takes its vCPUs.
    pub(crate) fn occupy(&mut self, job: &Job) {
        let lane = self.lanes.entry(job.queue.clone()).or_default();
        lane.waiting.remove(&job.number);
        lane.used += job.spec.millicpus;
        self.wakers.insert(job.id.clone(), Arc::default());
        if let Some(attempt) = &job.attempt {
            self.tasks.insert(attempt.task.clone(), job.id.clone());
        }
    }

    /// Notes that the attempt of the task `task` takes nothing any more.
    pub(crate) fn vacate(&mut self, job: &Job, task: &str) {
        let lane = self.lanes.entry(job.queue.clone()).or_default();
        lane.used = lane.used.saturating_sub(job.spec.millicpus);
        self.wakers.remove(&job.id);
        self.tasks.remove(task);
    }

    /// Puts a runnable job into its queue's line.
    pub(crate) fn line_up(&mut self, job: &Job) {
        self.lanes.entry(job.queue.clone()).or_default().waiting.insert(job.number, job.id.clone());
    }

    /// Takes a job that will not run out of its line.
    pub(crate) fn leave(&mut self, job: &Job) {
        if let Some(lane) = self.lanes.get_mut(&job.queue) {
            lane.waiting.remove(&job.number);
        }
    }

    /// Takes a job out of everything.
    pub(crate) fn forget(&mut self, id: &str) {
        let Some(job) = self.jobs.remove(id) else { return };
        self.order.remove(&job.number);
        self.leave(&job);
        if let Some(attempt) = job.attempt.as_ref().filter(|_| job.status.is_placed()) {
            self.vacate(&job, &attempt.task);
        }
    }

    /// The first job in line that can be placed now, and those that never can.
    pub(crate) fn next(&self, queue: &str) -> (Option<String>, Vec<String>) {
        let mut never = Vec::new();
        let Some(lane) = self.lanes.get(queue) else { return (None, never) };
        let all = self.queues.vcpus(queue).saturating_mul(1000);
        for id in lane.waiting.values() {
            let Some(job) = self.jobs.get(id) else { continue };
            if job.spec.gpus > 0 || job.spec.millicpus > all {
                never.push(id.clone());
            } else if lane.used + job.spec.millicpus <= all {
                return (Some(id.clone()), never);
            } else {
                // First come, first served: a small job does not overtake a large one.
                break;
            }
        }
        (None, never)
    }

    /// The jobs that wait for the end of `id`.
    pub(crate) fn dependents(&self, id: &str) -> Vec<String> {
        let waits = |job: &&Job| {
            job.status == Status::Pending
                && job.spec.depends_on.iter().any(|needed| needed["jobId"] == id)
        };
        self.jobs.values().filter(waits).map(|job| job.id.clone()).collect()
    }
}
