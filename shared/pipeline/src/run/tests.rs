use proptest::prelude::*;

use super::fact::*;
use super::*;
use crate::attempt::AttemptId;
use crate::definition::{self, Definition};
use crate::effect::Effect;
use crate::explain::explain;
use crate::invariant;
use crate::keys;
use crate::names::*;
use crate::order::Source;
use crate::phase::Phase;
use crate::platform::Capability;
use crate::report::{Built, Failure, FailureClass, File, Report};
use crate::settings::{self, Settings};
use crate::shared::Shared;
use crate::stage::Flow;

mod admission;
mod approval;
mod budget;
mod concurrency;
mod doubt;
mod ended;
mod gates;
mod golden;
mod histories;
mod inspecting;
mod judging;
mod notices;
mod outside;
mod retry;
mod world;

const DEFINITION: &str = r#"
version: 1
pipeline: rain
checks:
  unit: { run: "true", retries: 1 }
  style: { run: "true", optional: true }
build: { repository: rain-trainer }
deploy:
  - environment: test
    verify: { e2e: { run: "train" } }
"#;

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

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_768_174_800 + second).unwrap()
}

fn occurrence(fact: Fact) -> Occurrence {
    Occurrence { event: EventId::parse("e-1").unwrap(), actor: "aws.batch".to_owned(), fact }
}

fn begun() -> Run {
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
    let first = occurrence(Fact::Triggered(trigger));
    Run::begin(id, pipeline, first, &platform(), at(0)).unwrap()
}

fn attempt(stage: &str, job: &str, number: u32) -> AttemptId {
    let (stage, job) = (StageName::parse(stage).unwrap(), JobKey::parse(job).unwrap());
    AttemptId { stage, job, number }
}

/// Where `run` asked Batch to put `attempt`, under the job id `job_id`.
fn placement(run: &Run, attempt: &AttemptId, job_id: &str) -> Placement {
    let submitted = run.pending.iter().find_map(|pending| match &pending.effect {
        Effect::Submit(submission) if submission.attempt == *attempt => {
            Some((submission.definition.name(), submission.queue.clone()))
        }
        _ => None,
    });
    let recorded = || run.state.attempt(attempt)?.placement.clone();
    let (definition, queue) = submitted
        .or_else(|| recorded().map(|placement| (placement.definition, placement.queue)))
        .unwrap_or_else(|| (String::new(), platform().queue));
    Placement { job_id: JobId::parse(job_id).unwrap(), definition, queue }
}

fn ended(run: &Run, attempt: &AttemptId, job_id: &str, code: i32) -> Fact {
    Fact::JobEnded(JobEnded {
        attempt: attempt.clone(),
        placement: placement(run, attempt, job_id),
        ending: Ending {
            cause: None,
            succeeded: code == 0,
            exit_code: Some(code),
            reason: None,
            task: Some(TaskId::parse(format!("task-{job_id}")).unwrap()),
            started_at: Some(at(1)),
            stopped_at: Some(at(2)),
        },
    })
}

fn started(run: &Run, attempt: &AttemptId, job_id: &str) -> Fact {
    let placement = placement(run, attempt, job_id);
    Fact::JobStarted(JobStarted { attempt: attempt.clone(), placement, started_at: Some(at(1)) })
}

fn hash(digit: char) -> Sha256 {
    Sha256::parse(digit.to_string().repeat(64)).unwrap()
}

fn report(exit_code: i32) -> Report {
    Report {
        schema: 1,
        exit_code,
        seconds: 1.0,
        cpu_seconds: 0.5,
        max_rss_bytes: 1,
        tests: None,
        metrics: Default::default(),
        evidence: Default::default(),
        packages: Vec::new(),
        files: vec![File { name: "source.tar.zst".to_owned(), bytes: 1, sha256: hash('a') }],
        findings: Vec::new(),
        image: None,
        commit: None,
        failure: None,
        notes: Vec::new(),
    }
}

fn reported(attempt: &AttemptId, report: Report) -> Fact {
    let found = Found {
        key: "incoming/x/result.json".to_owned(),
        version: "v1".to_owned(),
        sha256: hash('b'),
        report,
    };
    let evidence = Evidence::Read(Shared::new(found));
    Fact::Reported(Reported { attempt: attempt.clone(), evidence, verdicts: Vec::new() })
}

fn parsed(text: &str) -> Definition {
    definition::parse(text).unwrap_or_else(|faults| panic!("{faults}"))
}

fn defined(text: &str) -> Fact {
    defined_in(text, Flow::Second)
}

fn defined_in(text: &str, flow: Flow) -> Fact {
    let source = Source { key: "k".to_owned(), version: "v".to_owned(), sha256: hash('a') };
    let definition = Shared::new(parsed(text));
    let outcome = DefinitionOutcome::Accepted { source, sha256: hash('c'), definition, flow };
    Fact::Defined(Defined { attempt: attempt("checkout", "checkout", 1), outcome })
}

/// Takes the fact, which must tell something new, and checks every invariant on the way.
fn take(run: &Run, fact: &Fact) -> Run {
    match run.decide(&occurrence(fact.clone()), &platform(), at(3)) {
        Decision::Advance(next) => {
            assert_eq!(invariant::check(run, &next), Ok(()), "{fact:?}");
            *next
        }
        other => panic!("{other:?} of {fact:?}"),
    }
}

/// The same as [`take`], where the fact may be known already.
fn hear(run: Run, fact: &Fact) -> Run {
    match run.decide(&occurrence(fact.clone()), &platform(), at(3)) {
        Decision::Advance(next) => *next,
        Decision::AlreadyApplied => run,
        Decision::Rejected(rejection) => panic!("{rejection} of {fact:?}"),
    }
}

/// Facts that answer each other leave nothing to wait for in between: no invariant is checked.
fn answer(run: Run, facts: &[Fact]) -> Run {
    facts.iter().fold(run, hear)
}

fn checked_out(text: &str) -> Run {
    let run = begun();
    let checkout = attempt("checkout", "checkout", 1);
    let facts =
        vec![ended(&run, &checkout, "j1", 0), reported(&checkout, report(0)), defined(text)];
    answer(run, &facts)
}

fn submissions(run: &Run) -> Vec<String> {
    let jobs = run.pending.iter().filter_map(|pending| match &pending.effect {
        Effect::Submit(submission) => Some(submission.attempt.to_string()),
        _ => None,
    });
    jobs.collect()
}

fn pass(run: Run, stage: &str, job: &str, job_id: &str) -> Run {
    let attempt = attempt(stage, job, 1);
    let facts = vec![ended(&run, &attempt, job_id, 0), reported(&attempt, report(0))];
    answer(run, &facts)
}

fn built(run: Run, found: &str) -> Run {
    let attempt = attempt("build", "build", 1);
    let digest = |digit: &str| ImageDigest::parse(format!("sha256:{}", digit.repeat(64))).unwrap();
    let tag = attempt.image_tag(&run.pipeline, &run.id);
    let report = Report { image: Some(Built { tag, digest: digest("d") }), ..report(0) };
    let found = ImageFound {
        attempt: attempt.clone(),
        digest: Some(digest(found)),
        bytes: None,
        packages: Vec::new(),
        unbelieved: None,
    };
    let facts =
        vec![ended(&run, &attempt, "j4", 0), reported(&attempt, report), Fact::ImageFound(found)];
    answer(run, &facts)
}

fn entered(settings: bool) -> Fact {
    let text = "version: 1\nenvironment: test\nparameters: { EPOCHS: \"8\" }\n";
    let settings = settings.then(|| settings::parse(text).unwrap());
    Fact::Entered(found(settings, Place::Held))
}

/// The environment `test` with these settings, as a run finds it that stands so.
fn found(settings: Option<Settings>, place: Place) -> Entered {
    let (behind, newer, on_hold, frozen) = (None, None, None, None);
    Entered {
        environment: EnvironmentName::parse("test").unwrap(),
        settings: settings.map(Shared::new),
        current: None,
        standing: Some(Standing { place, behind, newer, on_hold, frozen }),
    }
}

fn released() -> Fact {
    let environment = EnvironmentName::parse("test").unwrap();
    Fact::Released(Released { environment, behind: None, refused: None })
}

fn left() -> Fact {
    Fact::Left(Left { environment: EnvironmentName::parse("test").unwrap() })
}

#[test]
fn a_push_is_carried_from_checkout_to_a_release() {
    let run = checked_out(DEFINITION);
    assert_eq!(submissions(&run), ["checks/unit attempt 1", "checks/style attempt 1"]);
    assert_eq!(
        explain(&run, at(3)),
        "waiting for unit (about to be submitted), style (about to be submitted) in checks"
    );

    let run = pass(pass(run, "checks", "unit", "j2"), "checks", "style", "j3");
    assert_eq!(submissions(&run), ["build/build attempt 1"]);

    let run = built(run, "d");
    assert!(submissions(&run).is_empty(), "nothing starts before the environment is read");
    let run = take(&run, &entered(true));
    assert_eq!(submissions(&run), ["test-verify/e2e attempt 1"]);
    let Effect::Submit(submission) = &run.pending[0].effect else { panic!("{:?}", run.pending) };
    assert_eq!(
        submission.definition.image,
        format!("{}/rain-trainer@sha256:{}", platform().registry, "d".repeat(64))
    );
    assert_eq!(submission.environment["EPOCHS"], "8");

    let run = pass(run, "test-verify", "e2e", "j5");
    assert!(matches!(run.pending[0].effect, Effect::Release(_)), "{:?}", run.pending);
    let run = take(&run, &released());
    assert_eq!((run.state.phase, run.pending.len()), (Phase::Succeeded, 0));
    assert!(run.is_settled());

    assert_eq!(run.register.verify(), Ok(()));
    assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state);
    let stored = serde_json::to_string(&run).unwrap();
    assert_eq!(serde_json::from_str::<Run>(&stored).unwrap(), run);
}

#[test]
fn an_altered_register_is_found_and_the_entry_named() {
    let run = checked_out(DEFINITION);
    let mut text = serde_json::to_value(&run.register).unwrap();
    text[1]["fact"]["ending"]["exit_code"] = 1.into();
    let altered: Register = serde_json::from_value(text).unwrap();
    let error = altered.verify().unwrap_err().to_string();
    assert!(error.starts_with("entry 3 does not follow from the one before"), "{error}");
}

#[test]
fn numbers_that_were_stored_and_read_keep_the_registers_hashes() {
    let checkout = attempt("checkout", "checkout", 1);
    // Read without care these come back as their neighbours.
    let report = Report { seconds: 3.400212832864465e-230, cpu_seconds: 0.1 + 0.2, ..report(1) };
    let run = begun();
    let facts = [ended(&run, &checkout, "j1", 1), reported(&checkout, report)];
    let run = answer(run, &facts);
    let again = |run: &Run| serde_json::from_str::<Run>(&serde_json::to_string(run).unwrap());
    let read = again(&run).unwrap();
    assert_eq!(read, run);
    let surplus = started(&begun(), &checkout, "j2");
    assert_eq!(again(&hear(read, &surplus)).unwrap().register.verify(), Ok(()));
}

#[test]
fn a_failed_check_is_made_again_as_often_as_the_definition_says_and_no_more() {
    let mut run = checked_out(DEFINITION);
    for number in [1, 2] {
        let attempt = attempt("checks", "unit", number);
        let job_id = format!("u{number}");
        let facts = vec![ended(&run, &attempt, &job_id, 3), reported(&attempt, report(3))];
        run = answer(run, &facts);
    }
    assert_eq!(run.state.phase, Phase::Running, "the other check is waited for");
    let run = pass(run, "checks", "style", "s1");
    assert_eq!(run.state.phase, Phase::Failed);
    assert_eq!(run.state.reason.as_deref(), Some("checks failed: unit: exit code 3"));
    assert_eq!(run.state.stages[2].phase, Phase::Skipped);
}

#[test]
fn an_optional_check_may_fail() {
    let run = pass(checked_out(DEFINITION), "checks", "unit", "u1");
    let style = attempt("checks", "style", 1);
    let facts = vec![ended(&run, &style, "s1", 1), reported(&style, report(1))];
    assert_eq!(submissions(&answer(run, &facts)), ["build/build attempt 1"]);
}

#[test]
fn what_errored_is_made_again_twice_and_then_ends_the_run_as_errored() {
    let mut run = begun();
    for number in [1, 2, 3] {
        let attempt = attempt("checkout", "checkout", number);
        let ending = Ending {
            cause: None,
            succeeded: false,
            exit_code: None,
            reason: Some("Host EC2 (instance i-0abc) terminated.".to_owned()),
            task: None,
            started_at: None,
            stopped_at: None,
        };
        let placement = placement(&run, &attempt, &format!("c{number}"));
        run = take(&run, &Fact::JobEnded(JobEnded { attempt, placement, ending }));
    }
    assert_eq!(run.state.phase, Phase::Errored);
    let reason = run.state.reason.unwrap();
    assert!(reason.contains("never ran: Host EC2 (instance i-0abc) terminated."), "{reason}");
}

#[test]
fn an_exit_with_125_is_the_runners_fault_unless_the_command_chose_it() {
    let run = checked_out(DEFINITION);
    let unit = attempt("checks", "unit", 1);
    let with = |class| {
        let failure = Some(Failure { class, message: "exit code 125".to_owned() });
        let report = Report { failure, ..report(125) };
        let facts = [ended(&run, &unit, "u1", 125), reported(&unit, report)];
        answer(run.clone(), &facts).state.attempt(&unit).unwrap().phase
    };
    assert_eq!(with(FailureClass::Runner), Phase::Errored);
    assert_eq!(with(FailureClass::Source), Phase::Errored);
    assert_eq!(with(FailureClass::Exit), Phase::Failed);
}

#[test]
fn an_image_that_the_registry_does_not_confirm_ends_the_run() {
    let run = pass(checked_out(DEFINITION), "checks", "unit", "j2");
    let run = built(pass(run, "checks", "style", "j3"), "e");
    assert_eq!(run.state.phase, Phase::Failed);
    assert!(run.state.reason.unwrap().contains("somebody else pushed under this tag"));
}

#[test]
fn a_build_that_names_no_image_proves_nothing() {
    let run = pass(checked_out(DEFINITION), "checks", "unit", "j2");
    let run = pass(pass(run, "checks", "style", "j3"), "build", "build", "j4");
    assert_eq!(submissions(&run), ["build/build attempt 2"], "it errored, and is made again");
    assert!(run.questions().is_empty());
}

#[test]
fn an_environment_without_settings_ends_the_run_and_says_how_to_mend_it() {
    let run = pass(checked_out(DEFINITION), "checks", "unit", "j2");
    let run = built(pass(run, "checks", "style", "j3"), "d");
    let run = take(&run, &entered(false));
    assert_eq!(run.state.phase, Phase::Failed);
    assert!(run.state.reason.unwrap().contains("signalbox env apply test.yaml"));
}

#[test]
fn only_the_first_job_of_an_attempt_is_believed_and_the_other_has_to_go() {
    let run = begun();
    let checkout = attempt("checkout", "checkout", 1);
    let run = take(&run, &started(&run, &checkout, "first"));
    assert!(run.pending.is_empty(), "its first event acknowledges the submission");
    let run = take(&run, &started(&run, &checkout, "second"));
    let Effect::Terminate(termination) = &run.pending[0].effect else { panic!() };
    assert_eq!(termination.job_id.as_str(), "second");
    let run = take(&run, &ended(&run, &checkout, "second", 0));
    assert!(run.pending.is_empty());
    assert_eq!(run.state.attempt(&checkout).unwrap().phase, Phase::Running);
}

#[test]
fn a_job_that_only_poses_as_ours_is_refused() {
    let run = begun();
    let checkout = attempt("checkout", "checkout", 1);
    let mut fact = started(&run, &checkout, "first");
    if let Fact::JobStarted(started) = &mut fact {
        started.placement.definition = "signalbox-foreign".to_owned();
    }
    let decision = run.decide(&occurrence(fact), &platform(), at(3));
    let Decision::Rejected(rejection) = decision else { panic!("{decision:?}") };
    assert!(rejection.to_string().contains("it is somebody else's"), "{rejection}");

    let unknown = started(&run, &attempt("checks", "unit", 1), "x");
    let decision = run.decide(&occurrence(unknown), &platform(), at(3));
    assert!(matches!(decision, Decision::Rejected(Rejection::UnknownAttempt { .. })));
}

#[test]
fn a_lease_is_taken_by_the_writer_and_comes_free_when_it_runs_out() {
    let mut run = begun();
    assert_eq!(run.seal("writer-1", at(0), SignedDuration::from_secs(45)).len(), 1);
    assert!(run.seal("writer-2", at(44), SignedDuration::from_secs(45)).is_empty());
    assert_eq!(run.abandoned(at(44)).count(), 0);
    assert_eq!(run.abandoned(at(45)).count(), 1);
    assert_eq!(run.seal("writer-3", at(45), SignedDuration::from_secs(45)).len(), 1);
    assert_eq!(run.revision, 3);
}

/// What Batch says about the checks of a run, in the order of its own clock.
fn facts_of_checks(run: &Run) -> Vec<Fact> {
    let (unit, style) = (attempt("checks", "unit", 1), attempt("checks", "style", 1));
    vec![
        started(run, &unit, "u1"),
        ended(run, &unit, "u1", 1),
        started(run, &style, "s1"),
        ended(run, &style, "s1", 0),
    ]
}

/// The first attempt that ended and was not read, with its exit code.
fn unread(run: &Run) -> Option<(AttemptId, i32)> {
    run.state.attempts().find_map(|(id, _, attempt)| {
        let ending = attempt.ending.as_ref()?;
        attempt.evidence.is_none().then_some((id, ending.exit_code.unwrap_or(0)))
    })
}

fn answers(mut run: Run) -> Run {
    while let Some((id, code)) = unread(&run) {
        run = hear(run, &reported(&id, report(code)));
    }
    run
}

proptest! {
    #[test]
    fn facts_of_the_platform_may_come_in_any_order_and_any_number(
        order in Just((0..4usize).chain(0..4).chain(0..4).collect::<Vec<_>>()).prop_shuffle()
    ) {
        let begin = checked_out(DEFINITION);
        let facts = facts_of_checks(&begin);
        let straight = facts.iter().fold(begin.clone(), |run, fact| answers(hear(run, fact)));
        let shuffled = order.iter().fold(begin, |run, index| answers(hear(run, &facts[*index])));
        prop_assert_eq!(&straight.state, &shuffled.state);
        prop_assert_eq!(submissions(&straight), submissions(&shuffled));
        prop_assert_eq!(Run::fold(shuffled.register.entries()).unwrap(), shuffled.state);
        prop_assert_eq!(shuffled.register.verify(), Ok(()));
    }
}
