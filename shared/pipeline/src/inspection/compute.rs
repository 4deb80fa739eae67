//! Whether the queue takes jobs, and whether what is behind it can hold them.

use super::{Check, ComputeEnvironment, Finding, Queue};
use crate::platform::Capability;

/// What a job asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asking {
    /// Its name.
    pub job: String,
    /// Processors.
    pub vcpus: f64,
    /// Memory, in MiB.
    pub memory_mib: u64,
    /// Graphics processors.
    pub gpus: u32,
}

/// What is said of the queue `named`, which is to take `jobs`.
pub(crate) fn queue(
    named: &str,
    queue: Option<&Queue>,
    capability: Capability,
    jobs: &[Asking],
) -> Vec<Finding> {
    let Some(queue) = queue else {
        let evidence = format!(
            "there is no job queue {named}: create it, or name another in `compute.queue` of the \
             settings"
        );
        return vec![Finding::failed(Check::Queue, evidence)];
    };
    let of_queue = match trouble(&queue.state, &queue.status, queue.reason.as_deref()) {
        None => Finding::passed(Check::Queue, format!("the job queue {} takes jobs", queue.name)),
        Some(trouble) => Finding::failed(
            Check::Queue,
            format!("the job queue {} {trouble}: enable it, or mend what is behind it", queue.name),
        ),
    };
    vec![of_queue, environments(queue, capability, jobs)]
}

fn environments(queue: &Queue, capability: Capability, jobs: &[Asking]) -> Finding {
    let failed = |words: String| {
        let mend = "mend a compute environment of the queue, or let the job ask for less";
        Finding::failed(Check::Compute, format!("{words}: {mend}"))
    };
    if queue.environments.is_empty() {
        return failed(format!(
            "there is no compute environment behind the job queue {}",
            queue.name
        ));
    }
    let usable = |environment: &ComputeEnvironment| unusable(environment, capability).is_none();
    if !queue.environments.iter().any(usable) {
        let all = queue.environments.iter().filter_map(|one| unusable(one, capability));
        return failed(all.collect::<Vec<_>>().join(", "));
    }
    let mut refused = Vec::new();
    for job in jobs {
        let all = queue.environments.iter().filter(|one| usable(one));
        let answers: Vec<Option<String>> = all.map(|one| cannot_hold(one, job)).collect();
        if answers.iter().all(Option::is_some) {
            let reasons: Vec<String> = answers.into_iter().flatten().collect();
            refused.push(format!("{}: {}", job.job, reasons.join(", ")));
        }
    }
    if !refused.is_empty() {
        return failed(refused.join("; "));
    }
    let names: Vec<&str> =
        queue.environments.iter().filter(|one| usable(one)).map(|one| one.name.as_str()).collect();
    let words = format!("{} can hold what the jobs ask for", names.join(", "));
    Finding::passed(Check::Compute, words)
}

/// Why something of Batch is of no use. What is being changed goes on taking jobs.
fn trouble(state: &str, status: &str, reason: Option<&str>) -> Option<String> {
    let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    match (state, status) {
        ("ENABLED", "VALID" | "UPDATING") => None,
        ("ENABLED", status) => Some(format!("is {status}{reason}")),
        (state, _) => Some(format!("is {state}")),
    }
}

/// Why no job of ours runs in `environment`.
fn unusable(environment: &ComputeEnvironment, capability: Capability) -> Option<String> {
    let ComputeEnvironment { name, state, status, reason, kind, orchestration, .. } = environment;
    if let Some(trouble) = trouble(state, status, reason.as_deref()) {
        return Some(format!("the compute environment {name} {trouble}"));
    }
    if orchestration.as_deref() == Some("EKS") {
        return Some(format!(
            "the compute environment {name} is of EKS, and jobs are made for ECS"
        ));
    }
    let is_fargate = kind.as_deref().map(|kind| kind.starts_with("FARGATE"));
    let (wanted, asked) = match capability {
        Capability::Ec2 => (false, "EC2"),
        Capability::Fargate => (true, "FARGATE"),
    };
    // Machines that are not Batch's own are instances all the same.
    (is_fargate.unwrap_or(false) != wanted).then(|| {
        let kind = kind.as_deref().unwrap_or("unmanaged");
        format!("the compute environment {name} is {kind}, and jobs are made for {asked}")
    })
}

/// Why `environment` never gives `job` a place.
fn cannot_hold(environment: &ComputeEnvironment, job: &Asking) -> Option<String> {
    let ComputeEnvironment { name, kind, max_vcpus, instances, .. } = environment;
    let Asking { vcpus, memory_mib, gpus, .. } = job;
    if let Some(most) = max_vcpus.filter(|most| most < vcpus) {
        return Some(format!("it asks for {vcpus} vCPUs, and {name} has {most} at most"));
    }
    if kind.as_deref().is_some_and(|kind| kind.starts_with("FARGATE")) {
        return fargate(name, *vcpus, *memory_mib, *gpus);
    }
    let has_gpus = |one: &String| {
        let family = one.split('.').next().unwrap_or_default();
        family.starts_with(['p', 'g']) && family[1..].starts_with(|c: char| c.is_ascii_digit())
    };
    let lacks_gpus = *gpus > 0 && !instances.is_empty() && !instances.iter().any(has_gpus);
    lacks_gpus.then(|| {
        let instances = instances.join(", ");
        format!("it asks for {gpus} GPUs, and the machines of {name} have none ({instances})")
    })
}

/// What Fargate gives: processors, the least and the most memory, and the step between.
const FARGATE: [(f64, u64, u64, u64); 7] = [
    (0.25, 512, 2048, 512),
    (0.5, 1024, 4096, 1024),
    (1.0, 2048, 8192, 1024),
    (2.0, 4096, 16_384, 1024),
    (4.0, 8192, 30_720, 1024),
    (8.0, 16_384, 61_440, 4096),
    (16.0, 32_768, 122_880, 8192),
];

fn fargate(name: &str, vcpus: f64, memory_mib: u64, gpus: u32) -> Option<String> {
    if gpus > 0 {
        return Some(format!("it asks for {gpus} GPUs, and {name} is of Fargate, which has none"));
    }
    let size = FARGATE.iter().find(|size| (size.0 - vcpus).abs() < f64::EPSILON);
    let Some(&(_, least, most, step)) = size else {
        let sizes: Vec<String> = FARGATE.iter().map(|size| size.0.to_string()).collect();
        let sizes = sizes.join(", ");
        return Some(format!("it asks for {vcpus} vCPUs, and Fargate ({name}) has {sizes}"));
    };
    let is_between = (least..=most).contains(&memory_mib) && memory_mib.is_multiple_of(step);
    // The smallest size has 512, 1024 and 2048, and nothing between the last two.
    let fits = is_between && (step > 512 || memory_mib.is_power_of_two());
    (!fits).then(|| {
        format!(
            "it asks for {memory_mib} MiB with {vcpus} vCPUs, and Fargate ({name}) gives {least} \
             to {most} MiB in steps of {step}"
        )
    })
}

/// The platforms of the machines behind `queue` that a job may come to.
pub(crate) fn processors(queue: Option<&Queue>, capability: Capability) -> Vec<&'static str> {
    let environments = queue.map_or(&[][..], |queue| &queue.environments);
    let usable = environments.iter().filter(|one| unusable(one, capability).is_none());
    let mut found: Vec<&'static str> =
        usable.flat_map(|one| of_instances(&one.instances)).collect();
    found.sort_unstable();
    found.dedup();
    if found.is_empty() { vec![AMD64] } else { found }
}

const AMD64: &str = "linux/amd64";
const ARM64: &str = "linux/arm64";

/// Graviton's families have a `g` after their generation. Where nothing else is said it is x86.
fn of_instances(instances: &[String]) -> Vec<&'static str> {
    let is_arm = |one: &String| {
        let family = one.split('.').next().unwrap_or_default();
        let letters = family.trim_start_matches(|c: char| c.is_ascii_lowercase());
        let letters = letters.trim_start_matches(|c: char| c.is_ascii_digit());
        one.ends_with("arm64") || letters.starts_with('g')
    };
    if instances.is_empty() {
        return vec![AMD64];
    }
    instances.iter().map(|one| if is_arm(one) { ARM64 } else { AMD64 }).collect()
}
