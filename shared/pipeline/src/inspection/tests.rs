use super::*;
use crate::platform::Capability;

const JOBS: &str = "arn:aws:batch:eu-west-1:123456789012:job-queue/jobs";

fn behind(kind: &str, most: f64, instances: &[&str]) -> ComputeEnvironment {
    ComputeEnvironment {
        name: "ce".to_owned(),
        state: "ENABLED".to_owned(),
        status: "VALID".to_owned(),
        kind: Some(kind.to_owned()),
        max_vcpus: Some(most),
        instances: instances.iter().map(|one| (*one).to_owned()).collect(),
        ..ComputeEnvironment::default()
    }
}

fn queue_of(environments: Vec<ComputeEnvironment>) -> Queue {
    let (state, status) = ("ENABLED".to_owned(), "VALID".to_owned());
    Queue { name: "jobs".to_owned(), state, status, reason: None, environments }
}

fn job(vcpus: f64, memory_mib: u64, gpus: u32) -> Asking {
    Asking { job: "full".to_owned(), vcpus, memory_mib, gpus }
}

/// What is said of `jobs` in an environment of instances.
fn said(environment: ComputeEnvironment, job: Asking) -> Finding {
    let capability = match environment.kind.as_deref() {
        Some(kind) if kind.starts_with("FARGATE") => Capability::Fargate,
        _ => Capability::Ec2,
    };
    let found = queue(JOBS, Some(&queue_of(vec![environment])), capability, &[job]);
    found.last().unwrap().clone()
}

fn fails(finding: &Finding, words: &str) {
    assert_eq!(finding.outcome, Outcome::Failed, "{finding:?}");
    assert!(finding.evidence.contains(words), "{}", finding.evidence);
}

#[test]
fn a_queue_has_to_be_there_enabled_and_valid() {
    let found = queue(JOBS, None, Capability::Ec2, &[]);
    fails(&found[0], "there is no job queue arn:aws:batch:eu-west-1:123456789012:job-queue/jobs");
    let of = |state: &str, status: &str| {
        let mut one = queue_of(vec![behind("EC2", 8.0, &[])]);
        (one.state, one.status) = (state.to_owned(), status.to_owned());
        one.reason = Some("Compute environment is broken".to_owned());
        queue(JOBS, Some(&one), Capability::Ec2, &[])[0].clone()
    };
    assert_eq!(of("ENABLED", "VALID").outcome, Outcome::Passed);
    assert_eq!(of("ENABLED", "UPDATING").outcome, Outcome::Passed, "it goes on taking jobs");
    fails(&of("DISABLED", "VALID"), "the job queue jobs is DISABLED: enable it");
    fails(&of("ENABLED", "INVALID"), "is INVALID (Compute environment is broken)");
}

#[test]
fn something_behind_the_queue_has_to_be_of_use() {
    let nothing = queue(JOBS, Some(&queue_of(Vec::new())), Capability::Ec2, &[]);
    fails(&nothing[1], "there is no compute environment behind the job queue jobs");
    let one = |change: &dyn Fn(&mut ComputeEnvironment)| {
        let mut environment = behind("EC2", 8.0, &[]);
        change(&mut environment);
        said(environment, job(1.0, 2048, 0))
    };
    assert_eq!(one(&|_| {}).outcome, Outcome::Passed);
    fails(&one(&|it| it.state = "DISABLED".to_owned()), "the compute environment ce is DISABLED");
    fails(&one(&|it| it.status = "INVALID".to_owned()), "the compute environment ce is INVALID");
    let eks = |it: &mut ComputeEnvironment| it.orchestration = Some("EKS".to_owned());
    fails(&one(&eks), "is of EKS, and jobs are made for ECS");
    let other = queue_of(vec![behind("FARGATE", 8.0, &[])]);
    let other = queue(JOBS, Some(&other), Capability::Ec2, &[]);
    fails(&other[1], "the compute environment ce is FARGATE, and jobs are made for EC2");
}

#[test]
fn one_environment_that_can_hold_a_job_is_enough_and_each_job_needs_one() {
    let small = behind("EC2", 4.0, &["m7i"]);
    let large = behind("EC2", 64.0, &["p5.48xlarge"]);
    fails(
        &said(small.clone(), job(8.0, 2048, 0)),
        "full: it asks for 8 vCPUs, and ce has 4 at most",
    );
    fails(
        &said(small.clone(), job(4.0, 2048, 1)),
        "it asks for 1 GPUs, and the machines of ce have",
    );
    let both = queue_of(vec![small, large]);
    let jobs = [job(8.0, 2048, 0), job(4.0, 2048, 8)];
    let found = queue(JOBS, Some(&both), Capability::Ec2, &jobs);
    assert_eq!(found[1].outcome, Outcome::Passed, "{found:?}");
    let found = queue(JOBS, Some(&both), Capability::Ec2, &[job(65.0, 1, 0), job(66.0, 1, 0)]);
    assert!(found[1].evidence.contains("65") && found[1].evidence.contains("66"), "{found:?}");
}

#[test]
fn fargate_gives_certain_sizes_only() {
    let fargate = |job| said(behind("FARGATE_SPOT", 64.0, &[]), job);
    for (vcpus, memory_mib) in
        [(0.25, 512), (0.25, 2048), (1.0, 2048), (4.0, 30_720), (16.0, 122_880)]
    {
        assert_eq!(
            fargate(job(vcpus, memory_mib, 0)).outcome,
            Outcome::Passed,
            "{vcpus} {memory_mib}"
        );
    }
    fails(&fargate(job(3.0, 8192, 0)), "it asks for 3 vCPUs, and Fargate (ce) has 0.25, 0.5, 1, 2");
    assert_eq!(fargate(job(0.25, 1536, 0)).outcome, Outcome::Failed);
    fails(&fargate(job(1.0, 512, 0)), "gives 2048 to 8192 MiB in steps of 1024");
    fails(&fargate(job(8.0, 17_408, 0)), "gives 16384 to 61440 MiB in steps of 4096");
    fails(&fargate(job(1.0, 2048, 1)), "is of Fargate, which has none");
}

#[test]
fn an_image_has_to_be_there_be_one_of_a_container_and_fit_the_machines() {
    let of = |manifest: Manifest, machines: &[&str]| {
        image("rain@sha256:d", Some(&manifest), machines).last().unwrap().clone()
    };
    fails(&image("rain@sha256:d", None, &[])[0], "the registry does not hold rain@sha256:d");
    let config = |text: &str| Manifest { config: Some(text.to_owned()), platforms: Vec::new() };
    let container = config("application/vnd.oci.image.config.v1+json");
    assert_eq!(of(container, &["linux/amd64"]).outcome, Outcome::Passed);
    let chart = config("application/vnd.cncf.helm.config.v1+json");
    fails(&of(chart, &["linux/amd64"]), "it is no image of a container but");
    let index = Manifest { config: None, platforms: vec!["linux/amd64".to_owned()] };
    assert_eq!(of(index.clone(), &["linux/amd64"]).outcome, Outcome::Passed);
    fails(&of(index, &["linux/arm64"]), "the machines behind the queue are linux/arm64");
    fails(
        &of(Manifest::default(), &["linux/amd64"]),
        "an index of images for no platform: build it",
    );
}

#[test]
fn the_machines_are_known_by_their_families() {
    let of = |instances: &[&str]| {
        let found = queue_of(vec![behind("EC2", 8.0, instances)]);
        processors(Some(&found), Capability::Ec2)
    };
    assert_eq!(of(&[]), ["linux/amd64"]);
    assert_eq!(of(&["optimal", "g5.xlarge", "p4d", "g4dn"]), ["linux/amd64"]);
    assert_eq!(of(&["m7g.large", "c6gn", "g5g", "t4g", "default_arm64"]), ["linux/arm64"]);
    assert_eq!(of(&["m7g", "m7i"]), ["linux/amd64", "linux/arm64"]);
}

fn known(status: &str, is_listed: bool, counts: &[(&str, u64)]) -> Scan {
    let counts = counts.iter().map(|(severity, count)| ((*severity).to_owned(), *count)).collect();
    Scan::Known { status: status.to_owned(), description: None, is_listed, counts }
}

fn scanned(found: &Scan, minutes: i64) -> Finding {
    let bounds = Bounds { critical: Some(0), high: Some(5), ..Bounds::default() };
    let since = Timestamp::UNIX_EPOCH;
    let now = Timestamp::from_second(minutes * 60).unwrap();
    scan(bounds, Some(found), since, now)
}

#[test]
fn findings_are_held_against_their_bounds() {
    for status in ["COMPLETE", "ACTIVE"] {
        assert_eq!(scanned(&known(status, true, &[]), 0).outcome, Outcome::Passed);
        let some = known(status, true, &[("HIGH", 5), ("MEDIUM", 90)]);
        assert_eq!(
            scanned(&some, 0).evidence,
            "the scan is over, and found 5 of HIGH, 90 of MEDIUM"
        );
    }
    let many = known("COMPLETE", true, &[("CRITICAL", 1), ("HIGH", 6), ("LOW", 3)]);
    fails(
        &scanned(&many, 0),
        "1 of CRITICAL, and `validate.scan` allows 0; 6 of HIGH, and `validate.scan` allows 5",
    );
}

#[test]
fn no_finding_is_not_the_same_as_not_scanned() {
    for status in ["COMPLETE", "ACTIVE", "PENDING", "IN_PROGRESS"] {
        let unlisted = known(status, false, &[]);
        assert_eq!(scanned(&unlisted, 0).outcome, Outcome::Open, "{status}");
        fails(&scanned(&unlisted, 30), "for more than 30 minutes");
    }
    assert_eq!(scanned(&Scan::Absent, 4).outcome, Outcome::Open);
    fails(&scanned(&Scan::Absent, 5), "the image was never scanned: turn scanning on");
    fails(&scanned(&known("SCAN_ELIGIBILITY_EXPIRED", false, &[]), 0), "build it again");
    fails(
        &scanned(&known("UNSUPPORTED_IMAGE", false, &[]), 0),
        "the registry cannot scan the image",
    );
    fails(&scanned(&known("FAILED", false, &[]), 0), "the scan of the image is FAILED");
    fails(&scanned(&known("FINDINGS_UNAVAILABLE", true, &[]), 0), "is FINDINGS_UNAVAILABLE");
}
