//! What a run finds when its turn has come in an environment, and where that leads.

use jiff::Timestamp;

use super::Run;
use super::entry::{End, closed};
use super::fact::{Entered, Evidence, Inspected, Place};
use super::state::{Job, Stage, StageWork, State};
use crate::effect::asking;
use crate::inspection::{self, Asking, Check, Finding, Inspection, Outcome, Seen};
use crate::names::{EnvironmentName, ImageDigest, ImageRepository, JobKey, Sha256};
use crate::phase::Phase;
use crate::platform::Platform;
use crate::settings::Settings;

/// What has to be looked up for an inspection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The image: its repository and digest.
    pub image: Option<(ImageRepository, ImageDigest)>,
    /// The ARN of the job queue.
    pub queue: String,
    /// Whether its scan is asked for.
    pub scan: bool,
}

impl State {
    /// What the platform said of the environment that `stage` is about; nothing in runs that were
    /// begun before it was asked.
    #[must_use]
    pub fn inspection(&self, stage: &Stage) -> Option<&Inspection> {
        self.entry(stage)?.inspection.as_deref()
    }

    /// Everything that was looked at before anything runs in the environment that `stage` is about.
    #[must_use]
    pub fn findings(&self, stage: &Stage) -> Vec<Finding> {
        let Some(entry) = self.entry(stage) else { return Vec::new() };
        let admitted = entry.entered.iter().flat_map(|entered| self.admission(entered));
        let inspected = entry.inspection.iter().flat_map(|one| one.findings.iter().cloned());
        admitted.chain(inspected).chain(tried(entry)).collect()
    }

    /// The digest of the settings that `stage` has to be inspected for, where its turn has come.
    pub(super) fn uninspected(&self, stage: &Stage) -> Option<Sha256> {
        let inspection = self.inspection(stage)?;
        let entered = self.entered(stage)?;
        if stage.phase != Phase::Running || !is_its_turn(entered) {
            return None;
        }
        let digest = entered.settings.as_ref()?.digest();
        (inspection.settings.as_ref() != Some(&digest)).then_some(digest)
    }

    /// The environments in which something is not known yet.
    pub fn waits_for_findings(&self) -> impl Iterator<Item = &EnvironmentName> {
        self.waits_before().filter_map(|stage| {
            let is_open = self.inspection(stage)?.is_open();
            let has_turn = is_its_turn(self.entered(stage)?);
            stage.work.environment().filter(|_| is_open && has_turn)
        })
    }
}

/// Whether the run has its place there, and nothing keeps everybody out. Nothing is looked up
/// before: what is found is to hold when the run goes on.
pub(super) fn is_its_turn(entered: &Entered) -> bool {
    let standing = entered.standing.as_ref();
    standing.is_some_and(|standing| standing.place == Place::Held && !closed(standing))
}

/// What the job of the stage has tried. Where it never began for want of its secrets, ECS says so.
fn tried(stage: &Stage) -> Vec<Finding> {
    let Some(attempt) = stage.jobs.first().and_then(|job| job.attempts.last()) else {
        return Vec::new();
    };
    if let Some(Evidence::Read(found)) = &attempt.evidence {
        return found.report.findings.clone();
    }
    let reason = attempt.reason.as_deref().filter(|reason| reason.contains(NO_RESOURCES));
    let finding = reason.map(|reason| {
        let mend = "look at `secrets`, and at what `execution_role` may read";
        Finding::failed(Check::Secret, format!("{mend}: {reason}")).bounded()
    });
    finding.into_iter().collect()
}

/// How ECS calls it that a task could not be given its secrets.
const NO_RESOURCES: &str = "ResourceInitializationError";

/// How a stage ends whose turn has come: with everything that was found, or not yet.
pub(super) fn conclusion(state: &State, stage: &Stage) -> Option<End> {
    let inspection = state.inspection(stage)?;
    if state.uninspected(stage).is_some() || inspection.is_open() {
        return None;
    }
    let environment = stage.work.environment()?;
    let findings = state.findings(stage).into_iter();
    let failed = findings.filter(|finding| finding.outcome == Outcome::Failed);
    let mut failed: Vec<String> = failed.map(|finding| finding.evidence).collect();
    let entry = state.entry(stage)?;
    let bad = entry.jobs.iter().find(|job| job.phase != Phase::Succeeded);
    if let Some(job) = bad.filter(|_| tried(entry).is_empty()) {
        let reason = job.reason.as_deref().unwrap_or("no reason is known");
        let reason = format!("{}: {reason}", job.name);
        if failed.is_empty() && job.phase == Phase::Errored {
            return Some((Phase::Errored, Some(reason)));
        }
        failed.push(reason);
    }
    let wanted = state.entered(stage)?.settings.as_ref()?.trial().map(|trial| trial.digest());
    if failed.is_empty() && wanted.is_some() && inspection.tried != wanted {
        let other = "its settings name other data, secrets or roles than a job has tried: retry";
        failed.push(other.to_owned());
    }
    if failed.is_empty() {
        return Some((Phase::Succeeded, None));
    }
    let reason = format!("{environment} does not let it in: {}", failed.join("; "));
    Some((Phase::Failed, Some(reason)))
}

impl Run {
    /// What has to be looked up before anything runs in `environment`.
    #[must_use]
    pub fn subject(&self, environment: &EnvironmentName, platform: &Platform) -> Option<Subject> {
        let settings = self.settings_of(environment)?;
        let image = self.state.image.as_ref();
        Some(Subject {
            image: image.map(|image| (image.repository.clone(), image.digest.clone())),
            queue: queue(settings, platform),
            scan: settings.admission.validate.scan.is_some(),
        })
    }

    /// What `seen` says of `environment`, as the run is told.
    #[must_use]
    pub fn inspected(
        &self,
        environment: &EnvironmentName,
        seen: &Seen,
        platform: &Platform,
        now: Timestamp,
    ) -> Option<Inspected> {
        let settings = self.settings_of(environment)?;
        let digest = settings.digest();
        let validate = StageWork::Validate { environment: environment.clone() };
        let stage = self.state.stages.iter().find(|stage| stage.work == validate)?;
        let known = stage.inspection.as_deref()?;
        let same = known.settings.as_ref() == Some(&digest);
        let since = known.since.filter(|_| same).unwrap_or(now);
        let jobs: Vec<Asking> = asking(self, environment);
        let queue_name = queue(settings, platform);
        let found = seen.queue.as_ref();
        let named = self.state.image.as_ref();
        let named = named.map_or_else(
            || "an image of the run".to_owned(),
            |image| format!("{}@{}", image.repository, image.digest),
        );
        let processors = inspection::processors(found, platform.capability);
        let mut findings = inspection::image(&named, seen.image.as_ref(), &processors);
        findings.extend(inspection::queue(&queue_name, found, platform.capability, &jobs));
        if let Some(bounds) = settings.admission.validate.scan {
            findings.push(inspection::scan(bounds, seen.scan.as_ref(), since, now));
        }
        let findings = findings.into_iter().map(Finding::bounded).collect();
        Some(Inspected { environment: environment.clone(), settings: digest, findings })
    }

    fn settings_of(&self, environment: &EnvironmentName) -> Option<&Settings> {
        let validate = StageWork::Validate { environment: environment.clone() };
        let stage = self.state.stages.iter().find(|stage| stage.work == validate)?;
        stage.entered.as_ref()?.settings.as_deref()
    }
}

/// The ARN of the queue that takes the environment's jobs.
fn queue(settings: &Settings, platform: &Platform) -> String {
    let named = settings.compute.queue.as_ref();
    named.map_or_else(|| platform.queue.clone(), |name| platform.queue_named(name.as_str()))
}

/// Begins the job that tries what only a job can try, once there is a place for it.
pub(super) fn begin_trial(state: &mut State, index: usize) {
    let stage = &state.stages[index];
    let is_due = matches!(stage.work, StageWork::Validate { .. })
        && stage.jobs.is_empty()
        && state.uninspected(stage).is_none();
    let Some(inspection) = stage.inspection.as_deref().filter(|_| is_due) else { return };
    let Some(entered) = stage.entered.as_ref().filter(|entered| is_its_turn(entered)) else {
        return;
    };
    let tried = entered.settings.as_ref().and_then(|settings| settings.trial());
    let Some(tried) = tried.filter(|_| inspection.takes_jobs()) else { return };
    let stage = &mut state.stages[index];
    stage.jobs = vec![Job::new(JobKey::preflight(), false)];
    if let Some(inspection) = stage.inspection.as_deref_mut() {
        inspection.tried = Some(tried.digest());
    }
}
