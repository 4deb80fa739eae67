//! What is looked at before anything runs in an environment.

use super::gates::{DEFINITION_OF_ONE, other_run, standing, unchanged};
use super::*;
use crate::inspection::{Check, Finding, Outcome};

/// A run whose image is built and which asks for its place in `test`.
fn at_the_gate() -> Run {
    let run = begun();
    let checkout = attempt("checkout", "checkout", 1);
    let defined = defined_in(DEFINITION_OF_ONE, Flow::Third);
    let facts = vec![ended(&run, &checkout, "j1", 0), reported(&checkout, report(0)), defined];
    built(pass(answer(run, &facts), "checks", "unit", "j2"), "d")
}

fn settings_of(rest: &str) -> Settings {
    settings::parse(&format!("version: 1\nenvironment: test\n{rest}")).unwrap()
}

fn held(rest: &str) -> Fact {
    standing(Some(settings_of(rest)), |_| {})
}

fn inspected(rest: &str, findings: &[Finding]) -> Fact {
    Fact::Inspected(Inspected {
        environment: EnvironmentName::parse("test").unwrap(),
        settings: settings_of(rest).digest(),
        findings: findings.to_vec(),
    })
}

fn good() -> Finding {
    Finding::passed(Check::Queue, "the job queue jobs takes jobs")
}

fn scanning() -> Finding {
    Finding::open(Check::Scan, "the scan of the image is IN_PROGRESS")
}

fn is_asked(run: &Run) -> bool {
    run.questions().iter().any(|question| matches!(question, Question::Inspection(..)))
}

#[test]
fn the_platform_is_asked_once_the_run_holds_its_place_and_not_before() {
    let behind = standing(Some(settings_of("")), |standing| {
        standing.place = Place::Behind;
        standing.behind = Some(other_run(1));
    });
    let frozen = standing(Some(settings_of("")), |standing| {
        standing.frozen = Some(Frozen { until: at(99), reason: "weekend".to_owned() });
    });
    let run = hear(at_the_gate(), &behind);
    assert!(!is_asked(&run), "another is there");
    unchanged(&run, &inspected("", &[good()]));
    let run = hear(run, &frozen);
    assert!(!is_asked(&run), "nothing may go on there");
    unchanged(&run, &inspected("", &[good()]));
    let run = hear(run, &held(""));
    assert!(is_asked(&run));
    assert!(submissions(&run).is_empty(), "nothing runs before the answer");
    let run = take(&run, &inspected("", &[good()]));
    assert_eq!(submissions(&run), ["test-verify/e2e attempt 1"]);
    assert_eq!(run.schema, 5, "older code does not know the answer");
    assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state);
}

#[test]
fn everything_that_was_found_stands_in_the_run_and_all_failures_in_its_reason() {
    let rules = "branches: [\"release/*\"]\nrequire_checks: [unit]";
    let run = hear(at_the_gate(), &held(rules));
    assert!(is_asked(&run), "a rule that refuses does not keep the others from being told");
    let found = [
        Finding::failed(Check::Queue, "the job queue jobs is DISABLED: enable it"),
        Finding::passed(Check::Image, "the registry holds it"),
        Finding::failed(Check::Scan, "the scan found 2 of HIGH"),
    ];
    let run = take(&run, &inspected(rules, &found));
    assert_eq!((run.state.phase, submissions(&run)), (Phase::Failed, vec![]));
    assert_eq!(
        run.state.reason.as_deref(),
        Some(
            "test-validate failed: test does not let it in: the branch main may not enter; \
             `branches` of its settings: release/*; the job queue jobs is DISABLED: enable it; the \
             scan found 2 of HIGH"
        )
    );
    let stage = run.state.stages.iter().find(|stage| stage.name.as_str() == "test-validate");
    let all = run.state.findings(stage.unwrap());
    let all: Vec<_> = all.iter().map(|finding| (finding.check, finding.outcome)).collect();
    assert_eq!(
        all,
        [
            (Check::Branch, Outcome::Failed),
            (Check::RequiredCheck, Outcome::Passed),
            (Check::Queue, Outcome::Failed),
            (Check::Image, Outcome::Passed),
            (Check::Scan, Outcome::Failed),
        ]
    );
    assert_eq!(run.pending.len(), 1, "it gives its place back: {:?}", run.pending);
}

#[test]
fn whoever_may_not_come_in_at_all_is_not_kept_waiting_behind_others() {
    let rules = Some(settings_of("branches: [\"release/*\"]"));
    let behind = standing(rules, |standing| {
        standing.place = Place::Behind;
        standing.behind = Some(other_run(1));
    });
    assert_eq!(hear(at_the_gate(), &behind).state.phase, Phase::Failed);
}

#[test]
fn a_scan_that_is_under_way_is_waited_for() {
    let run = hear(at_the_gate(), &held(""));
    let run = take(&run, &inspected("", &[good(), scanning()]));
    assert!(run.pending.is_empty() && run.questions().is_empty());
    assert_eq!(explain(&run, at(3)), "waiting before test: the scan of the image is IN_PROGRESS");
    assert_eq!(run.state.waits_for_findings().count(), 1, "`tick` looks again");
    unchanged(&run, &inspected("", &[good(), scanning()]));
    let over = take(&run, &inspected("", &[good()]));
    assert_eq!(submissions(&over), ["test-verify/e2e attempt 1"]);
    unchanged(&over, &inspected("", &[scanning()]));
    let failed = Finding::failed(Check::Scan, "the scan found 2 of HIGH");
    assert_eq!(take(&run, &inspected("", &[failed])).state.phase, Phase::Failed);
}

#[test]
fn what_was_found_holds_for_the_settings_that_it_was_looked_at_for() {
    let run = hear(at_the_gate(), &held(""));
    let run = take(&run, &inspected("", &[scanning()]));
    let other = "validate: { scan: { critical: 0 } }";
    unchanged(&run, &inspected(other, &[good()]));
    let run = hear(run, &held(other));
    assert!(is_asked(&run), "other settings are looked at anew");
    unchanged(&run, &inspected("", &[good()]));
    assert_eq!(
        submissions(&take(&run, &inspected(other, &[good()]))),
        ["test-verify/e2e attempt 1"]
    );
}

#[test]
fn settings_that_change_while_people_are_asked_are_looked_at_before_anything_runs() {
    let asks = "approvals: { required: 1, from: [managers] }\n";
    let run = hear(at_the_gate(), &held(asks));
    let run = take(&run, &inspected(asks, &[good()]));
    assert_eq!(explain(&run, at(3)), "waiting for one more approval of managers for test");
    let other = format!("{asks}validate: {{ scan: {{ critical: 0 }} }}");
    let run = hear(run, &held(&other));
    assert!(is_asked(&run));
    let failed = Finding::failed(Check::Scan, "the image was never scanned");
    let run = take(&run, &inspected(&other, &[failed]));
    assert_eq!(run.state.phase, Phase::Failed);
    let reason = run.state.reason.unwrap();
    assert!(reason.starts_with("test-approve failed: test does not let it in"), "{reason}");
}

#[test]
fn a_run_that_was_begun_before_the_platform_was_asked_goes_on_as_it_was_begun() {
    let run = super::gates::built_run(DEFINITION_OF_ONE);
    let run = take(&run, &held(""));
    assert_eq!(submissions(&run), ["test-verify/e2e attempt 1"]);
    assert_eq!((run.schema, run.state.flow()), (4, Flow::Second));
}

const TRIED: &str = "data: { DATASET_URI: \"s3://rain/test/\" }\n\
    secrets: { API_KEY: \"arn:aws:ssm:eu-west-1:123456789012:parameter/a\" }\n\
    service_account: { role: \"arn:aws:iam::123456789012:role/signalbox/t\", id: AROAOTHER }\n\
    execution_role: arn:aws:iam::123456789012:role/signalbox/e\n\
    validate: { datasets: [DATASET_URI] }";

fn preflight() -> AttemptId {
    attempt("test-validate", "preflight", 1)
}

fn tried(findings: &[Finding]) -> Fact {
    let code = i32::from(findings.iter().any(|one| one.outcome == Outcome::Failed));
    let findings = findings.to_vec();
    reported(&preflight(), Report { findings, ..report(code) })
}

fn read() -> Finding {
    Finding::passed(Check::Data, "DATASET_URI: s3://rain/test/ can be read")
}

#[test]
fn data_secrets_and_role_are_tried_by_a_job_of_the_environment() {
    let run = hear(at_the_gate(), &held(TRIED));
    let run = take(&run, &inspected(TRIED, &[good()]));
    assert_eq!(submissions(&run), ["test-validate/preflight attempt 1"]);
    let Effect::Submit(submission) = &run.pending[0].effect else { panic!("{:?}", run.pending) };
    assert_eq!(submission.command, ["/signalbox/runner", "preflight"]);
    let definition = &submission.definition;
    assert_eq!(definition.job_role, "arn:aws:iam::123456789012:role/signalbox/t");
    assert_eq!(definition.execution_role, "arn:aws:iam::123456789012:role/signalbox/e");
    assert!(definition.secrets["API_KEY"].ends_with("parameter/a"));
    let order = &submission.environment["SIGNALBOX_ORDER"];
    assert!(order.contains("incoming/AROAOTHER"), "{order}");
    assert!(explain(&run, at(3)).contains("preflight"), "{}", explain(&run, at(3)));
    let run = answer(run.clone(), &[ended(&run, &preflight(), "j7", 0), tried(&[read()])]);
    assert_eq!(submissions(&run), ["test-verify/e2e attempt 1"]);
    let Effect::Submit(next) = &run.pending[0].effect else { panic!("{:?}", run.pending) };
    assert!(next.definition.secrets.contains_key("API_KEY"), "every job of the environment has it");
    assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state);
}

#[test]
fn what_a_job_has_tried_is_told_together_with_what_the_platform_said() {
    let scan = Finding::failed(Check::Scan, "the scan found 2 of HIGH");
    let run = hear(at_the_gate(), &held(TRIED));
    let run = take(&run, &inspected(TRIED, &[good(), scan]));
    assert_eq!(run.state.phase, Phase::Running, "what a job has to say is waited for");
    let missing =
        Finding::failed(Check::Data, "DATASET_URI is s3://rain/test/: nothing lies there");
    let run = answer(run.clone(), &[ended(&run, &preflight(), "j7", 1), tried(&[missing])]);
    assert_eq!(run.state.phase, Phase::Failed);
    let reason = run.state.reason.unwrap();
    assert!(reason.contains("2 of HIGH; DATASET_URI is s3://rain/test/: nothing"), "{reason}");
}

#[test]
fn no_job_is_sent_where_it_would_find_no_place() {
    let run = hear(at_the_gate(), &held(TRIED));
    let run = take(
        &run,
        &inspected(TRIED, &[Finding::failed(Check::Queue, "the job queue jobs is DISABLED")]),
    );
    assert_eq!((run.state.phase, submissions(&run)), (Phase::Failed, vec![]));
}

#[test]
fn a_task_that_is_not_given_its_secrets_is_a_failure_of_the_settings() {
    let run = hear(at_the_gate(), &held(TRIED));
    let mut run = take(&run, &inspected(TRIED, &[good()]));
    for number in 1..=3 {
        let attempt = attempt("test-validate", "preflight", number);
        let job = format!("j{number}0");
        let Fact::JobEnded(mut fact) = ended(&run, &attempt, &job, 1) else { unreachable!() };
        let words = "ResourceInitializationError: unable to pull secrets";
        fact.ending = Ending {
            exit_code: None,
            task: None,
            succeeded: false,
            reason: Some(words.to_owned()),
            ..fact.ending
        };
        run = take(&run, &Fact::JobEnded(fact));
    }
    assert_eq!(run.state.phase, Phase::Failed, "{:?}", run.state.reason);
    let reason = run.state.reason.unwrap();
    assert!(
        reason.contains("look at `secrets`, and at what `execution_role` may read"),
        "{reason}"
    );
}

#[test]
fn settings_that_change_while_a_job_tries_them_wait_for_its_end() {
    let run = hear(at_the_gate(), &held(TRIED));
    let run = take(&run, &inspected(TRIED, &[good()]));
    unchanged(&run, &held(""));
    let run = answer(run.clone(), &[ended(&run, &preflight(), "j7", 0), tried(&[read()])]);
    assert_eq!(submissions(&run), ["test-verify/e2e attempt 1"]);
}

#[test]
fn what_was_not_tried_is_not_let_in_by_an_approval() {
    let asks = format!("{TRIED}\napprovals: {{ required: 1, from: [managers] }}");
    let run = hear(at_the_gate(), &held(&asks));
    let run = take(&run, &inspected(&asks, &[good()]));
    let run = answer(run.clone(), &[ended(&run, &preflight(), "j7", 0), tried(&[read()])]);
    assert_eq!(explain(&run, at(3)), "waiting for one more approval of managers for test");
    let other = asks.replace("s3://rain/test/", "s3://rain/other/");
    let run = hear(run, &held(&other));
    let run = take(&run, &inspected(&other, &[good()]));
    assert_eq!(run.state.phase, Phase::Failed);
    let reason = run.state.reason.unwrap();
    assert!(reason.contains("name other data, secrets or roles than a job has tried"), "{reason}");
}
