use std::collections::BTreeMap;

use super::*;
use crate::definition;
use crate::digest::sha256;
use crate::gate::Verdict;
use crate::keys;
use crate::names::RunId;
use crate::platform::Capability;
use crate::report::{Metric, Report};
use crate::run::Rejection;
use crate::run::fact::{
    Cause, Ending, Evidence, Fact, Found, JobEnded, JobFound, JobRefused, JobStarted, Overdue,
};
use crate::settings;

const FILE: &str = r#"
version: 1
pipeline: rain
build: { repository: rain-trainer }
train: { run: "train", retries: 1, timeout: 2h, require: ["metrics.auc > 0.5"] }
"#;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_768_000_000 + second).unwrap()
}

fn platform() -> Platform {
    Platform {
        queue: "arn:aws:batch:eu-west-1:1:job-queue/default".to_owned(),
        job_role: "role".to_owned(),
        job_role_id: "AROA1".to_owned(),
        execution_role: "execution".to_owned(),
        runner_image: "runner:1".to_owned(),
        registry: "registry".to_owned(),
        artifacts_bucket: "artifacts".to_owned(),
        capability: Capability::Fargate,
    }
}

fn run(id: &str) -> RunId {
    RunId::parse(id).unwrap()
}

fn release() -> Release {
    Release {
        run: run("20260111t234000z-3e5983d-9f86d081"),
        repository: "rain-trainer".parse().unwrap(),
        image: format!("sha256:{}", "1".repeat(64)).parse().unwrap(),
        definition: sha256(b"definition"),
        settings: sha256(b"settings"),
        metrics: BTreeMap::new(),
        verified_at: at(0),
        train: None,
    }
}

fn launch(side: Side) -> Launch {
    let train = Shared::new(definition::parse(FILE).unwrap().train.unwrap());
    let text =
        "version: 1\nenvironment: production\ndata: { DATASET: full }\ncompute: { queue: gpu }\n";
    let event = EventId::parse("schedule-1").unwrap();
    let current = BTreeMap::from([("auc".to_owned(), Metric::of(0.9))]);
    let picked = Picked {
        side,
        release: release(),
        train,
        settings: settings::parse(text).unwrap(),
        require: vec![Condition::parse("metrics.auc >= current.metrics.auc - 0.02").unwrap()],
        against: Some(LiveRelease {
            run: run("20260110t234000z-3e5983d-9f86d081"),
            image: release().image,
            metrics: current,
        }),
    };
    let requested =
        Requested { event: event.clone(), at: at(0), by: "AIDA1".to_owned(), reason: None };
    let (pipeline, environment) = ("rain".parse().unwrap(), "production".parse().unwrap());
    let id = keys::launch_id(at(0), &event);
    Launch::begin(id, pipeline, environment, requested, picked, &platform(), at(0))
}

fn submitted(launch: &Launch) -> &crate::effect::Submission {
    let found = launch.pending.iter().find_map(|pending| match &pending.effect {
        Effect::Submit(submission) => Some(&**submission),
        _ => None,
    });
    found.expect("a submission is pending")
}

fn placement(launch: &Launch, job: &str) -> Placement {
    let submission = submitted(launch);
    Placement {
        job_id: job.parse().unwrap(),
        definition: submission.definition.name(),
        queue: submission.queue.clone(),
    }
}

fn ending(exit_code: i32) -> Ending {
    Ending {
        succeeded: exit_code == 0,
        exit_code: Some(exit_code),
        reason: None,
        cause: None,
        task: Some("task-1".parse().unwrap()),
        started_at: Some(at(5)),
        stopped_at: Some(at(60)),
    }
}

fn read(exit_code: i32, auc: f64) -> Evidence {
    let report = Report {
        schema: 1,
        exit_code,
        seconds: 1.0,
        cpu_seconds: 1.0,
        max_rss_bytes: 1,
        tests: None,
        metrics: BTreeMap::from([("auc".to_owned(), Metric::of(auc))]),
        evidence: BTreeMap::new(),
        packages: Vec::new(),
        files: Vec::new(),
        image: None,
        commit: None,
        failure: None,
        findings: Vec::new(),
        notes: Vec::new(),
    };
    let (key, version) = ("incoming/x/result.json".to_owned(), "1".to_owned());
    Evidence::Read(Shared::new(Found { key, version, sha256: sha256(b"result"), report }))
}

fn hear(mut launch: Launch, fact: &Fact, evidence: Option<&Evidence>) -> Launch {
    assert_eq!(launch.hear(fact, evidence, &platform(), at(90)), Ok(true), "{fact:?}");
    let mut again = launch.clone();
    assert_eq!(again.hear(fact, evidence, &platform(), at(91)), Ok(false), "twice: {fact:?}");
    assert_eq!(again, launch);
    launch
}

/// The next attempt's job ends so.
fn ends(launch: Launch, job: &str, ending: Ending, evidence: Option<&Evidence>) -> Launch {
    let number = launch.attempts.last().unwrap().number;
    let placement = placement(&launch, job);
    let attempt = Launch::attempt_id(number);
    hear(launch, &Fact::JobEnded(JobEnded { attempt, placement, ending }), evidence)
}

fn outcome(launch: &Launch) -> Option<Ended> {
    launch.outcome().map(|outcome| outcome.ended)
}

#[test]
fn a_launch_runs_the_picked_image_with_the_environments_variables() {
    let launch = launch(Side::Current);
    let submission = submitted(&launch);
    let name = format!("rain-{}-production-train-1", launch.id);
    assert_eq!(submission.job_name.as_str(), name);
    assert_eq!(submission.definition.image, format!("registry/rain-trainer@{}", release().image));
    assert_eq!(submission.queue, "arn:aws:batch:eu-west-1:1:job-queue/gpu");
    assert_eq!(submission.environment["DATASET"], "full");
    assert_eq!(submission.command, ["/signalbox/runner", "exec", "--", "sh", "-ec", "train"]);
    assert_eq!(submission.timeout_seconds, 2 * 3600 + 120);
    assert_eq!(submission.parameters["launch"], launch.id.as_str());
    assert_eq!((outcome(&launch), launch.is_settled()), (None, false));
}

#[test]
fn a_launch_ends_as_its_job_did_whichever_event_comes_first() {
    let started = launch(Side::Current);
    let (attempt, placement) = (Launch::attempt_id(1), placement(&started, "j1"));
    let fact = Fact::JobStarted(JobStarted { attempt, placement, started_at: Some(at(5)) });
    let in_order = ends_after(hear(started.clone(), &fact, None));
    let mut late = ends(started, "j1", ending(0), Some(&read(0, 0.8)));
    assert_eq!(late.hear(&fact, None, &platform(), at(90)), Ok(false));
    assert_eq!((late.phase, outcome(&late)), (Phase::Succeeded, Some(Ended::Succeeded)));
    assert_eq!(late.attempts, in_order.attempts);
}

/// As `ends`, of a launch whose submission is acknowledged already.
fn ends_after(launch: Launch) -> Launch {
    let placement = launch.attempts[0].placement.clone().unwrap();
    let attempt = Launch::attempt_id(1);
    let fact = Fact::JobEnded(JobEnded { attempt, placement, ending: ending(0) });
    hear(launch, &fact, Some(&read(0, 0.8)))
}

#[test]
fn the_users_failure_is_made_again_as_often_as_train_says() {
    let first = ends(launch(Side::Candidate), "j1", ending(1), Some(&read(1, 0.8)));
    assert_eq!((first.phase, first.attempts.len()), (Phase::Running, 2));
    let second = ends(first, "j2", ending(1), Some(&read(1, 0.8)));
    assert_eq!((second.phase, outcome(&second)), (Phase::Failed, Some(Ended::Failed)));
    assert_eq!(second.reason.as_deref(), Some("exit code 1"));
}

#[test]
fn a_machine_that_is_taken_away_counts_for_nobody_and_uses_up_no_retry() {
    let mut launch = launch(Side::Candidate);
    let reclaimed = Ending {
        succeeded: false,
        cause: Some(Cause::Reclaimed),
        reason: Some("Host EC2 (instance i-1) terminated.".to_owned()),
        ..ending(137)
    };
    for job in ["j1", "j2", "j3"] {
        launch = ends(launch, job, reclaimed.clone(), Some(&read(137, 0.8)));
        assert_eq!(launch.phase, Phase::Running, "{job}");
    }
    launch = ends(launch, "j4", reclaimed, Some(&read(137, 0.8)));
    assert_eq!((launch.phase, outcome(&launch)), (Phase::Errored, Some(Ended::Errored)));
}

#[test]
fn numbers_that_break_a_bound_count_against_the_candidate_alone() {
    let worse = read(0, 0.87);
    let candidate = ends(launch(Side::Candidate), "j1", ending(0), Some(&worse));
    assert_eq!((candidate.phase, outcome(&candidate)), (Phase::Succeeded, Some(Ended::Broke)));
    let breaks = candidate.breaks.as_deref().unwrap();
    assert!(breaks.starts_with("metrics.auc >= current.metrics.auc - 0.02"), "{breaks}");
    let current = ends(launch(Side::Current), "j1", ending(0), Some(&worse));
    assert_eq!((outcome(&current), current.breaks), (Some(Ended::Succeeded), None));
    // What `train` itself requires holds on both sides.
    let useless = ends(launch(Side::Current), "j1", ending(0), Some(&read(0, 0.4)));
    let failed = matches!(useless.attempts[0].verdicts[0].verdict, Verdict::Failed { .. });
    assert!(failed && useless.attempts.len() == 2);
}

#[test]
fn a_refused_submission_ends_the_launch_as_errored() {
    let (attempt, reason) = (Launch::attempt_id(1), "no such queue".to_owned());
    let refused = Fact::JobRefused(JobRefused { attempt, reason });
    let launch = hear(launch(Side::Current), &refused, None);
    assert_eq!((launch.phase, outcome(&launch)), (Phase::Errored, Some(Ended::Errored)));
}

#[test]
fn a_launch_that_is_stopped_is_over_when_its_job_was_seen_to_end() {
    let begun = launch(Side::Candidate);
    let (attempt, placement) = (Launch::attempt_id(1), placement(&begun, "j1"));
    let found = JobFound { attempt: attempt.clone(), placement: placement.clone() };
    let mut launch = hear(begun, &Fact::JobFound(found), None);
    assert!(launch.stop("its release is out", &platform(), at(91)));
    assert!(!launch.stop("its release is out", &platform(), at(92)));
    assert_eq!((launch.phase, outcome(&launch)), (Phase::Cancelled, None));
    assert!(matches!(launch.pending[0].effect, Effect::Terminate(_)), "{:?}", launch.pending);
    let fact = Fact::JobEnded(JobEnded { attempt, placement, ending: ending(137) });
    let launch = hear(launch, &fact, Some(&read(137, 0.8)));
    assert_eq!((launch.phase, outcome(&launch)), (Phase::Cancelled, Some(Ended::Errored)));
}

#[test]
fn somebody_elses_job_and_an_unknown_attempt_are_refused() {
    let mut launch = launch(Side::Current);
    let before = launch.clone();
    let foreign =
        Placement { definition: "signalbox-other".to_owned(), ..placement(&launch, "j9") };
    let fact = |attempt, placement| Fact::JobFound(JobFound { attempt, placement });
    let posing = launch.hear(&fact(Launch::attempt_id(1), foreign), None, &platform(), at(1));
    assert!(matches!(posing, Err(Rejection::NotOurs { .. })), "{posing:?}");
    let ours = placement(&launch, "j9");
    let unknown = launch.hear(&fact(Launch::attempt_id(7), ours), None, &platform(), at(1));
    assert!(matches!(unknown, Err(Rejection::UnknownAttempt { .. })), "{unknown:?}");
    assert_eq!(launch, before);
}

#[test]
fn a_second_job_of_an_attempt_has_to_go() {
    let begun = launch(Side::Current);
    let attempt = Launch::attempt_id(1);
    let (first, second) = (placement(&begun, "j1"), placement(&begun, "j2"));
    let found = |placement| Fact::JobFound(JobFound { attempt: attempt.clone(), placement });
    let launch = hear(hear(begun, &found(first.clone()), None), &found(second), None);
    let doomed: Vec<String> = launch.pending.iter().map(|it| it.id.to_string()).collect();
    assert_eq!(doomed, ["terminate:j2"]);
    assert_eq!(launch.attempts[0].placement.as_ref(), Some(&first));
}

#[test]
fn what_outlives_its_deadline_is_errored_and_its_submission_is_looked_up() {
    let begun = launch(Side::Current);
    assert_eq!(begun.overdue(at(3600)), None);
    let (attempt, reason) = begun.overdue(at(2 * 24 * 3600)).unwrap();
    assert!(reason.starts_with("AWS Batch did not take its submission"), "{reason}");
    let launch = hear(begun, &Fact::Overdue(Overdue { attempt, reason }), None);
    assert_eq!((launch.phase, outcome(&launch)), (Phase::Errored, None));
    assert!(matches!(launch.pending[0].effect, Effect::Withdraw(_)), "{:?}", launch.pending);
}

#[test]
fn a_lease_is_taken_once_and_a_submission_that_is_taken_over_is_in_doubt() {
    let mut launch = launch(Side::Current);
    let lease = SignedDuration::from_secs(45);
    let first = launch.seal("one", at(0), lease);
    assert_eq!((first.mine.len(), first.in_doubt.len()), (1, 0));
    assert_eq!(launch.seal("two", at(44), lease), Taken::default());
    assert!(!launch.has_work(at(44)) && launch.has_work(at(45)));
    let second = launch.seal("three", at(45), lease);
    assert_eq!(second.in_doubt, second.mine);
}
