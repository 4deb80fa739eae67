//! For tests: runs as the core makes them.

use jiff::Timestamp;
use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::effect::Effect;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{
    BranchName, CommitSha, EventId, Host, JobId, JobKey, PipelineName, RepositoryName, StageName,
    TaskId,
};
use signalbox_pipeline::platform::{Capability, Platform};
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::report::{Failure, FailureClass, Report};
use signalbox_pipeline::run::fact::{
    Ending, Evidence, Fact, Found, JobEnded, JobStarted, Origin, Placement, Reported, Trigger,
};
use signalbox_pipeline::run::{Decision, Run};
use signalbox_pipeline::shared::Shared;

/// The second of a day in which everything happens.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_768_174_800 + second).unwrap()
}

/// A run whose checkout was submitted.
pub(crate) fn running() -> Run {
    let commit = CommitSha::parse("3e5983d000000000000000000000000000000000").unwrap();
    let trigger = Trigger {
        host: Host::parse("codecommit.eu-west-1.amazonaws.com").unwrap(),
        repository: RepositoryName::parse("rain").unwrap(),
        branch: BranchName::parse("main").unwrap(),
        commit: commit.clone(),
        pushed_at: at(0),
        clone_url: "https://example.com/rain".to_owned(),
        checkout_image: "python:3.12".to_owned(),
        origin: Origin::Push,
        pushed_by: None,
        notify: Vec::new(),
        before: None,
        newer: None,
        taken: None,
    };
    let id = keys::run_id(at(0), &commit, &EventId::parse("e-1").unwrap());
    let pipeline = PipelineName::parse("rain").unwrap();
    Run::begin(id, pipeline, occurrence(Fact::Triggered(trigger)), &platform(), at(0)).unwrap()
}

/// A run whose checkout runs.
pub(crate) fn started() -> Run {
    let run = running();
    let placement = placement(&run);
    let started = JobStarted { attempt: checkout(), placement, started_at: Some(at(1)) };
    decided(&run, Fact::JobStarted(started), 1)
}

/// A run whose checkout ended with exit code 1 and told why.
pub(crate) fn failed() -> Run {
    let run = started();
    let ended = JobEnded {
        attempt: checkout(),
        placement: run.state.stages[0].jobs[0].attempts[0].placement.clone().unwrap(),
        ending: Ending {
            cause: None,
            succeeded: false,
            exit_code: Some(1),
            reason: Some("Essential container in task exited".to_owned()),
            task: Some(TaskId::parse("task-1").unwrap()),
            started_at: Some(at(1)),
            stopped_at: Some(at(4)),
        },
    };
    let run = decided(&run, Fact::JobEnded(ended), 4);
    let report = Report {
        schema: 1,
        exit_code: 1,
        seconds: 2.5,
        cpu_seconds: 0.1,
        max_rss_bytes: 1,
        tests: None,
        metrics: [].into(),
        evidence: [].into(),
        packages: Vec::new(),
        files: Vec::new(),
        image: None,
        commit: None,
        failure: Some(Failure {
            class: FailureClass::Source,
            message: "there is no such branch".to_owned(),
        }),
        findings: Vec::new(),
        notes: Vec::new(),
    };
    let found = Found {
        key: "incoming/AROAJOBS:task-1/result.json".to_owned(),
        version: "v1".to_owned(),
        sha256: signalbox_pipeline::digest::sha256(b""),
        report,
    };
    let evidence = Evidence::Read(Shared::new(found));
    let reported = Reported { attempt: checkout(), evidence, verdicts: Vec::new() };
    decided(&run, Fact::Reported(reported), 5)
}

fn checkout() -> AttemptId {
    let stage = StageName::parse("checkout").unwrap();
    AttemptId { stage, job: JobKey::checkout(), number: 1 }
}

fn placement(run: &Run) -> Placement {
    let submitted = run.pending.iter().find_map(|pending| match &pending.effect {
        Effect::Submit(submission) => {
            Some((submission.definition.name(), submission.queue.clone()))
        }
        _ => None,
    });
    let (definition, queue) = submitted.unwrap();
    let job_id = JobId::parse("job-1").unwrap();
    Placement { job_id, definition: definition.to_string(), queue }
}

fn decided(run: &Run, fact: Fact, second: i64) -> Run {
    match run.decide(&occurrence(fact), &platform(), at(second)) {
        Decision::Advance(next) => *next,
        other => panic!("{other:?}"),
    }
}

fn occurrence(fact: Fact) -> Occurrence {
    Occurrence { event: EventId::parse("e-1").unwrap(), actor: "aws.batch".to_owned(), fact }
}

fn platform() -> Platform {
    Platform {
        queue: "arn:aws:batch:eu-west-1:123456789012:job-queue/jobs".to_owned(),
        job_role: "arn:aws:iam::123456789012:role/signalbox/jobs".to_owned(),
        job_role_id: "AROAJOBS".to_owned(),
        execution_role: "arn:aws:iam::123456789012:role/signalbox/execution".to_owned(),
        runner_image: "runner:1".to_owned(),
        registry: "123456789012.dkr.ecr.eu-west-1.amazonaws.com".to_owned(),
        artifacts_bucket: "artifacts".to_owned(),
        capability: Capability::Ec2,
    }
}
