//! What must always hold, looked at after every write: the design's invariants by their names.
//!
//! I4 (the order of facts does not matter) and I8 (the number of requests) are looked at when the
//! world has ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use jiff::SignedDuration;
use signalbox_cloud::config::Buckets;
use signalbox_pipeline::environment::{Environment, Release};
use signalbox_pipeline::keys;
use signalbox_pipeline::launch::Launch;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::state::StageWork;
use signalbox_pipeline::{invariant, names::EventId};

use super::connector::Wire;

mod approvals;
mod rollouts;

/// A submission that was on its way when its run ended is with Batch by then, clocks that disagree
/// included, unless its sender stood still.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(10);

/// As long as a lease: so much later whoever stood still has lost what it had in hand.
const LEASE: SignedDuration = SignedDuration::from_secs(45);

/// The documents as they were when they were last looked at.
pub struct Watcher {
    wire: Arc<Wire>,
    buckets: Buckets,
    seen: BTreeMap<String, Vec<u8>>,
    runs: BTreeMap<String, Run>,
    environments: BTreeMap<String, Environment>,
    launches: BTreeMap<String, Launch>,
}

impl Watcher {
    /// Nothing was seen yet.
    #[must_use]
    pub fn new(wire: &Arc<Wire>, buckets: &Buckets) -> Self {
        let (wire, buckets) = (Arc::clone(wire), buckets.clone());
        let (seen, runs, environments) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { wire, buckets, seen, runs, environments, launches: BTreeMap::new() }
    }

    /// Looks at the documents after every write, for ever.
    ///
    /// # Errors
    /// When an invariant does not hold.
    pub async fn watch(mut self) -> anyhow::Result<()> {
        let writes = self.wire.engine().s3().writes(&self.buckets.state);
        let mut writes = writes.context("there is no state bucket")?;
        loop {
            self.look()?;
            writes.changed().await?;
        }
    }

    fn look(&mut self) -> anyhow::Result<()> {
        let s3 = Arc::clone(&self.wire);
        let s3 = s3.engine().s3();
        for key in s3.keys(&self.buckets.state, "pipelines/") {
            let bytes =
                s3.peek(&self.buckets.state, &key)?.with_context(|| format!("{key} is gone"))?;
            if self.seen.get(&key) == Some(&bytes) {
                continue;
            }
            let found = if key.ends_with("/run.json") {
                self.changed_run(&key, &bytes)
            } else if key.ends_with("/environment.json") {
                self.changed_environment(&key, &bytes)
            } else if key.contains("/launches/") {
                self.changed_launch(&key, &bytes)
            } else {
                Ok(())
            };
            found.with_context(|| key.clone())?;
            self.seen.insert(key, bytes);
        }
        self.old_code_leaves_newer_documents_alone()?;
        self.invariant_i6_only_the_holder_is_in_an_environment()?;
        self.invariant_i1_one_trigger_makes_one_run()?;
        self.invariant_i2_an_attempt_is_submitted_once()?;
        self.invariant_i2_nothing_is_submitted_for_a_run_that_is_over()
    }

    fn changed_run(&mut self, key: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let run: Run = serde_json::from_slice(bytes).context("no run")?;
        if let Some(before) = self.runs.get(key) {
            // I3 and I5, and that what the register holds is never rewritten.
            invariant::check(before, &run)?;
            ensure!(run.revision > before.revision, "a write that is older than the one before");
            ensure!(run.schema >= before.schema, "a document went back to an older schema");
        }
        self.invariant_i5_a_live_run_is_marked(&run)?;
        approvals::invariant_i7_nobody_is_let_in_without_approvals(&run)?;
        self.runs.insert(key.to_owned(), run);
        Ok(())
    }

    fn changed_environment(&mut self, key: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let environment: Environment = serde_json::from_slice(bytes).context("no environment")?;
        self.invariant_i6_what_is_live_was_verified_there(&environment)?;
        let before = self.environments.get(key);
        rollouts::follows(before, &environment)?;
        rollouts::counts_each_launch_once(&environment, self.launches.values())?;
        self.environments.insert(key.to_owned(), environment);
        Ok(())
    }

    fn changed_launch(&mut self, key: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let launch: Launch = serde_json::from_slice(bytes).context("no launch")?;
        if let Some(before) = self.launches.get(key) {
            ensure!(*before.picked == *launch.picked, "what it runs was changed");
            ensure!(
                before.outcome().is_none_or(|it| launch.outcome() == Some(it)),
                "it ended twice"
            );
        }
        self.launches.insert(key.to_owned(), launch);
        Ok(())
    }

    fn invariant_i6_only_the_holder_is_in_an_environment(&self) -> anyhow::Result<()> {
        for run in self.runs.values() {
            let there = run.state.stages.iter().filter(|stage| {
                let verifies = matches!(stage.work, StageWork::Verify { .. });
                // Runs of the first flow take no place.
                verifies && stage.phase == Phase::Running && run.state.entry(stage).is_some()
            });
            for environment in there.filter_map(|stage| stage.work.environment()) {
                let key = keys::state::environment(&run.pipeline, environment);
                let holder = self.environments.get(&key).and_then(|it| it.holder.as_ref());
                ensure!(
                    holder == Some(&run.id),
                    "I6: {} is in {environment}, whose place is {holder:?}'s",
                    run.id
                );
            }
        }
        Ok(())
    }

    fn old_code_leaves_newer_documents_alone(&self) -> anyhow::Result<()> {
        let trespasses = self.wire.trespasses();
        ensure!(trespasses.is_empty(), "older code wrote what is newer than it: {trespasses:?}");
        Ok(())
    }

    fn invariant_i1_one_trigger_makes_one_run(&self) -> anyhow::Result<()> {
        let mut triggers: BTreeMap<&EventId, &Run> = BTreeMap::new();
        for run in self.runs.values() {
            let first = run.register.entries().first().context("a run without a trigger")?;
            if let Some(other) = triggers.insert(&first.event, run) {
                bail!("I1: {} made both {} and {}", first.event, other.id, run.id);
            }
        }
        Ok(())
    }

    fn invariant_i2_an_attempt_is_submitted_once(&self) -> anyhow::Result<()> {
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for job in self.wire.engine().batch().jobs() {
            *names.entry(job.name).or_default() += 1;
        }
        let surplus: usize = names.values().map(|jobs| jobs - 1).sum();
        let unknowable = self.wire.unknowable_submissions();
        let often: Vec<_> = names.into_iter().filter(|(_, jobs)| *jobs > 1).collect();
        ensure!(
            surplus <= unknowable,
            "I2: {unknowable} submissions had an end that nobody could know, and there are {often:?}"
        );
        Ok(())
    }

    fn invariant_i2_nothing_is_submitted_for_a_run_that_is_over(&self) -> anyhow::Result<()> {
        if self.wire.unknowable_submissions() > 0 {
            return Ok(());
        }
        for job in self.wire.engine().batch().jobs() {
            // Whoever stood still in the meantime looks at the lease again when it wakes.
            let slept = SignedDuration::try_from(self.wire.slept(&job.name))?.min(LEASE);
            let on_its_way = ON_ITS_WAY + slept;
            let of_job =
                |run: &&Run| job.name.starts_with(&format!("{}-{}-", run.pipeline, run.id));
            let ended = self.runs.values().find(of_job).and_then(|run| run.state.ended_at);
            let late =
                ended.is_some_and(|ended| job.submitted_at.duration_since(ended) > on_its_way);
            ensure!(
                !late,
                "I2: {} was submitted at {}, its run was over",
                job.name,
                job.submitted_at
            );
        }
        Ok(())
    }

    fn invariant_i5_a_live_run_is_marked(&self, run: &Run) -> anyhow::Result<()> {
        let marker = keys::index::active_run(&run.pipeline, &run.id);
        let marked = !self.wire.engine().s3().keys(&self.buckets.index, &marker).is_empty();
        ensure!(marked || run.is_settled(), "I5: nothing leads `tick` to this live run");
        Ok(())
    }

    fn invariant_i6_what_is_live_was_verified_there(
        &self,
        environment: &Environment,
    ) -> anyhow::Result<()> {
        let candidate = environment.candidate.iter().map(|candidate| &candidate.release);
        for release in environment.current.iter().chain(candidate) {
            self.was_verified(environment, release)?;
        }
        Ok(())
    }

    fn was_verified(&self, environment: &Environment, release: &Release) -> anyhow::Result<()> {
        let run = self.runs.values().find(|run| run.id == release.run);
        let run = run.with_context(|| format!("I6: there is no run {}", release.run))?;
        let verify = StageWork::Verify { environment: environment.environment.clone() };
        let verified = run
            .state
            .stages
            .iter()
            .any(|stage| stage.work == verify && stage.phase == Phase::Succeeded);
        let image = run.state.image.as_ref().map(|image| &image.digest);
        ensure!(verified && image == Some(&release.image), "I6: {} was not verified", release.run);
        Ok(())
    }
}
