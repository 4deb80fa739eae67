//! A Batch submission, with everything that it needs frozen into it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attempt::AttemptId;
use crate::definition::{self, Compute};
use crate::digest::sha256;
use crate::inspection::Asking;
use crate::keys;
use crate::names::{EnvironmentName, JobName};
use crate::order::{self, Order, Source, Work};
use crate::platform::{Capability, Platform};
use crate::run::state::{Attempt, Stage, StageWork};
use crate::run::{Run, again};
use crate::settings::{EnvironmentCompute, Settings, VariableName};

/// What `/signalbox` holds in every job: put there by the init container.
const RUNNER: &str = "/signalbox/runner";
/// Memory of a job that asks for none, in MiB.
const DEFAULT_MEMORY_MIB: u64 = 2048;
/// Processors of a job that asks for none.
const DEFAULT_VCPUS: f64 = 1.0;
/// The time that a checkout or a build has, in seconds.
const OUR_TIMEOUT_SECONDS: u64 = 1800;
/// What Batch grants beyond the runner's own timeout, so that the runner can still report.
const GRACE_SECONDS: u64 = 120;

/// One call of `SubmitJob`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// The attempt that it submits.
    pub attempt: AttemptId,
    /// The name of the job: deterministic, looked up before a submission is repeated.
    pub job_name: JobName,
    /// The ARN of the queue.
    pub queue: String,
    /// What `SubmitJob` cannot override.
    pub definition: JobDefinition,
    /// Whose job it is; comes back in every event.
    pub parameters: BTreeMap<String, String>,
    /// The command of the main container.
    pub command: Vec<String>,
    /// The variables of the main container.
    pub environment: BTreeMap<String, String>,
    /// Processors.
    pub vcpus: f64,
    /// Memory, in MiB.
    pub memory_mib: u64,
    /// Graphics processors.
    pub gpus: u32,
    /// When Batch ends the job, in seconds.
    pub timeout_seconds: u64,
}

/// The parts of a job that only its definition can set: one definition per hash of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobDefinition {
    /// The image of the main container.
    pub image: String,
    /// The image of the init container that brings the runner in.
    pub runner_image: String,
    /// The ARN of the jobs' role.
    pub job_role: String,
    /// The ARN of the role that pulls images.
    pub execution_role: String,
    /// Secrets of the main container: the variable, and the ARN that ECS reads its value from.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, String>,
    /// Where tasks run.
    pub capability: Capability,
}

impl JobDefinition {
    /// `signalbox-` and 32 hex digits of the hash of the content.
    #[must_use]
    pub fn name(&self) -> String {
        // A struct of strings always has a JSON form.
        let hash = sha256(&serde_json::to_vec(self).unwrap_or_default());
        format!("signalbox-{}", &hash.as_str()[..32])
    }
}

/// When Batch ends the job of an attempt, in seconds after its start.
pub(crate) fn timeout_seconds(run: &Run, stage: &Stage, id: &AttemptId) -> u64 {
    runners_timeout(run, stage, id) + GRACE_SECONDS
}

/// What the job may take, and no longer than its environment allows.
fn runners_timeout(run: &Run, stage: &Stage, id: &AttemptId) -> u64 {
    let job = run.state.specification(&stage.work, &id.job);
    let settings = run.state.entered(stage).and_then(|entered| entered.settings.as_deref());
    let limit = settings.and_then(|settings| settings.compute.timeout_seconds);
    let definition = run.state.definition.as_ref().map(|defined| &defined.content);
    let build = definition.and_then(|definition| definition.build.as_ref());
    let own = match stage.work {
        // A build that only packs is ours to bound, as a checkout is.
        StageWork::Build => build.filter(|it| it.makes_packages()).map(|it| it.timeout_seconds),
        _ => job.map(|job| job.timeout_seconds),
    };
    own.unwrap_or(OUR_TIMEOUT_SECONDS).min(limit.unwrap_or(u64::MAX))
}

/// What an attempt runs, before its surroundings are added.
pub(crate) struct Task {
    image: String,
    command: Vec<String>,
    work: Work,
    compute: Compute,
}

impl Task {
    /// The command of `job` in `image`, on `source` where it works on one.
    pub(crate) fn exec(image: String, job: &definition::Job, source: Option<Source>) -> Self {
        let command = [RUNNER, "exec", "--"].into_iter().map(str::to_owned);
        Self {
            image,
            command: command.chain(job.command.iter().cloned()).collect(),
            work: Work::Exec {
                source,
                setup: job.setup.clone(),
                profile: job.profile.as_ref().map(ToString::to_string),
            },
            compute: job.compute,
        }
    }
}

/// What is submitted, before its environment and the platform are added.
pub(crate) struct Asked {
    pub(crate) attempt: AttemptId,
    pub(crate) job_name: JobName,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) task: Task,
    /// The runner's own timeout.
    pub(crate) timeout_seconds: u64,
    /// Whether it goes where capacity is not lent, if the environment has such a place.
    pub(crate) is_on_demand: bool,
}

/// The submission of an attempt as things stand now.
pub(super) fn build(run: &Run, stage: &Stage, id: &AttemptId, platform: &Platform) -> Submission {
    let settings = run.state.entered(stage).and_then(|entered| entered.settings.as_deref());
    let asked = Asked {
        attempt: id.clone(),
        job_name: id.job_name(&run.pipeline, &run.id),
        parameters: id.parameters(&run.pipeline, &run.id),
        task: task(run, stage, id, platform),
        timeout_seconds: runners_timeout(run, stage, id),
        is_on_demand: again::was_short_of_machines(before(stage, id)),
    };
    Submission::assembled(asked, settings, platform)
}

/// The attempts of the same job before the attempt `id`.
pub(super) fn before<'s>(stage: &'s Stage, id: &AttemptId) -> &'s [Attempt] {
    let job = stage.jobs.iter().find(|job| job.name == id.job);
    let attempts = job.map_or(&[][..], |job| &job.attempts);
    let own = attempts.iter().position(|attempt| attempt.number == id.number);
    &attempts[..own.unwrap_or(attempts.len())]
}

impl Submission {
    /// What was `asked` for, in an environment with these settings.
    pub(crate) fn assembled(
        asked: Asked,
        settings: Option<&Settings>,
        platform: &Platform,
    ) -> Self {
        let Asked { attempt, job_name, parameters, task, timeout_seconds, is_on_demand } = asked;
        let given = settings.map(|settings| &settings.compute);
        let order = Order {
            schema: 1,
            artifacts_bucket: platform.artifacts_bucket.clone(),
            incoming: keys::artifacts::incoming(role_id(settings, platform)),
            timeout_seconds,
            secrets: secrets(settings).map(|(name, _)| name).collect(),
            work: task.work,
        };
        let on_demand = given.and_then(|given| given.on_demand_queue.as_ref());
        let usual = given.and_then(|given| given.queue.as_ref());
        let queue = on_demand.filter(|_| is_on_demand).or(usual);
        let of_environment = given.map(EnvironmentCompute::sizes).unwrap_or_default();
        // What the job asks for goes before what the environment gives, and that before the default.
        let (vcpus, memory_mib, gpus) = size(task.compute.or(of_environment));
        Self {
            attempt,
            job_name,
            queue: queue
                .map_or_else(|| platform.queue.clone(), |name| platform.queue_named(name.as_str())),
            definition: definition(task.image, settings, platform),
            parameters,
            command: task.command,
            environment: environment(settings, &order),
            vcpus,
            memory_mib,
            gpus,
            timeout_seconds: timeout_seconds + GRACE_SECONDS,
        }
    }
}

/// What the jobs ask for that verify a release in `environment`.
pub(crate) fn asking(run: &Run, environment: &EnvironmentName) -> Vec<Asking> {
    let work = StageWork::Verify { environment: environment.clone() };
    let stage = run.state.stages.iter().find(|stage| stage.work == work);
    let settings = stage.and_then(|stage| run.state.entered(stage)?.settings.as_deref());
    let definition = run.state.definition.as_ref().map(|defined| &defined.content);
    let deployment = definition
        .and_then(|definition| definition.deploy.iter().find(|it| it.environment == *environment));
    let jobs = deployment.map_or(&[][..], |deployment| &deployment.verify);
    let sizes = settings.map(|settings| settings.compute.sizes()).unwrap_or_default();
    jobs.iter()
        .map(|job| {
            let (vcpus, memory_mib, gpus) = size(job.compute.or(sizes));
            Asking { job: job.name.to_string(), vcpus, memory_mib, gpus }
        })
        .collect()
}

/// What a job gets that asks for `compute`.
fn size(compute: Compute) -> (f64, u64, u32) {
    (
        compute.vcpus.map_or(DEFAULT_VCPUS, f64::from),
        compute.memory_mib.unwrap_or(DEFAULT_MEMORY_MIB),
        compute.gpus.unwrap_or(0),
    )
}

/// What can be said of a job by its definition only.
fn definition(image: String, settings: Option<&Settings>, platform: &Platform) -> JobDefinition {
    let account = settings.and_then(|settings| settings.service_account.as_ref());
    let execution = settings.and_then(|settings| settings.execution_role.as_ref());
    JobDefinition {
        image,
        runner_image: platform.runner_image.clone(),
        job_role: account
            .map_or_else(|| platform.job_role.clone(), |account| account.role.to_string()),
        execution_role: execution
            .map_or_else(|| platform.execution_role.clone(), ToString::to_string),
        secrets: secrets(settings).collect(),
        capability: platform.capability,
    }
}

/// The variables that hold secrets, and where ECS reads each.
fn secrets(settings: Option<&Settings>) -> impl Iterator<Item = (String, String)> {
    let secrets = settings.into_iter().flat_map(|settings| &settings.secrets);
    secrets.map(|(name, arn)| (name.to_string(), arn.to_string()))
}

/// The id of the role that jobs have under these settings: what they write lies below it.
#[must_use]
pub fn role_id<'p>(settings: Option<&'p Settings>, platform: &'p Platform) -> &'p str {
    let account = settings.and_then(|settings| settings.service_account.as_ref());
    account.map_or(platform.job_role_id.as_str(), |account| account.id.as_str())
}

fn environment(settings: Option<&Settings>, order: &Order) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    if let Some(settings) = settings {
        let given = settings.variables();
        variables.extend(given.map(|(name, value)| (name.to_string(), value.to_owned())));
    }
    // An order holds only strings and numbers: it always has a JSON form.
    let order = serde_json::to_string(order).unwrap_or_default();
    variables.insert(order::VARIABLE.to_owned(), order);
    variables
}

fn task(run: &Run, stage: &Stage, id: &AttemptId, platform: &Platform) -> Task {
    let trigger = &run.state.trigger;
    let ours = |verb: &str, work| Task {
        image: trigger.checkout_image.clone(),
        command: vec![RUNNER.to_owned(), verb.to_owned()],
        work,
        compute: Compute::default(),
    };
    let checkout = || {
        let (clone_url, commit) = (trigger.clone_url.clone(), trigger.commit.clone());
        ours("checkout", Work::Checkout { clone_url, commit, branch: trigger.branch.clone() })
    };
    let build = || {
        let build = run.state.definition.as_ref()?.content.build.as_ref()?;
        let work = Work::Build {
            source: run.state.source.clone()?,
            dockerfile: build.dockerfile.to_string(),
            context: build.context.to_string(),
            command: build.command.clone(),
            artifacts: build.artifacts.iter().map(ToString::to_string).collect(),
            repository: build.repository.clone(),
            tag: id.image_tag(&run.pipeline, &run.id),
        };
        Some(ours("build", work))
    };
    let preflight = || {
        let trial = run.state.entered(stage)?.settings.as_ref()?.trial()?;
        let text = |name: &VariableName| name.to_string();
        let data = trial.data.iter().map(|(name, place)| (text(name), place.clone())).collect();
        let secrets = trial.secrets.keys().map(text).collect();
        let role = trial.role.as_ref().map(ToString::to_string);
        let work = Work::Preflight { data, secrets, role };
        let compute = Compute { gpus: Some(0), ..Compute::default() };
        Some(Task { compute, ..ours("preflight", work) })
    };
    match stage.work {
        StageWork::Validate { .. } => preflight().unwrap_or_else(checkout),
        StageWork::Build => build().unwrap_or_else(checkout),
        StageWork::Checks | StageWork::Verify { .. } => {
            exec(run, stage, id, platform).unwrap_or_else(checkout)
        }
        // The others have no jobs.
        StageWork::Checkout | StageWork::Approve { .. } | StageWork::Release { .. } => checkout(),
    }
}

/// A check works on the source in an image of its choice; a verification runs what was built, so
/// the image is the release's, by digest, and there is no source.
fn exec(run: &Run, stage: &Stage, id: &AttemptId, platform: &Platform) -> Option<Task> {
    let job = run.state.specification(&stage.work, &id.job)?;
    let (image, source) = match &stage.work {
        StageWork::Verify { .. } => {
            let image = run.state.image.as_ref()?;
            (platform.image(&image.repository, &format!("@{}", image.digest)), None)
        }
        _ => {
            let ours = || run.state.trigger.checkout_image.clone();
            let image = job.image.as_ref().map_or_else(ours, ToString::to_string);
            (image, run.state.source.clone())
        }
    };
    Some(Task::exec(image, job, source))
}
