//! Runs that take over what a run before them has passed.

use super::*;
use crate::run::state::State;
use crate::shared::Shared;

/// A run whose verification failed.
fn failed() -> Run {
    let run = pass(checked_out(DEFINITION), "checks", "unit", "j2");
    let run = built(pass(run, "checks", "style", "j3"), "d");
    let run = take(&run, &entered(true));
    let e2e = attempt("test-verify", "e2e", 1);
    let facts = [ended(&run, &e2e, "j5", 1), reported(&e2e, report(1))];
    let run = answer(run, &facts);
    assert_eq!(run.state.phase, Phase::Failed);
    run
}

fn stage(name: &str) -> StageName {
    StageName::parse(name).unwrap()
}

fn again(before: &Run, taken: Option<Taken>) -> Run {
    let id = RunId::parse("20260112t000000z-3e5983d-00000002").unwrap();
    let origin = Origin::Retry { of: before.id.clone() };
    let taken = taken.map(Box::new);
    let trigger = Trigger { origin, taken, ..before.state.trigger.clone() };
    let first = occurrence(Fact::Triggered(trigger));
    Run::begin(id, before.pipeline.clone(), first, &platform(), at(9)).unwrap()
}

/// The run once it has come into `test`, where nothing is amiss.
fn let_in(run: Run) -> Run {
    let run = hear(run, &entered(true));
    let settings =
        run.state.stages.iter().find_map(|stage| stage.entered.as_ref()?.settings.clone());
    let settings = settings.unwrap().digest();
    let environment = EnvironmentName::parse("test").unwrap();
    take(&run, &Fact::Inspected(Inspected { environment, settings, findings: Vec::new() }))
}

fn refusal(run: &Run, from: &str) -> String {
    Taken::of(run, Some(&stage(from)), None).unwrap_err().to_string()
}

#[test]
fn a_retry_begins_with_the_stage_that_went_wrong_and_takes_over_what_was_passed() {
    let before = failed();
    let taken = Taken::of(&before, None, None).unwrap().unwrap();
    assert_eq!(taken.from, stage("test-validate"));
    let run = again(&before, Some(taken));
    assert_eq!(run.questions().len(), 1, "the environment is entered anew");
    assert!(submissions(&run).is_empty());
    let run = let_in(run);
    let Effect::Submit(submission) = &run.pending[0].effect else { panic!("{:?}", run.pending) };
    assert!(submission.job_name.as_str().contains(run.id.as_str()));
    assert!(submission.definition.image.ends_with(&"d".repeat(64)), "the image that was built");
    for passed in &run.state.stages[..3] {
        assert_eq!(passed.phase, Phase::Succeeded);
        assert_eq!(passed.taken_from.as_ref(), Some(&before.id));
    }
    let run = pass(run, "test-verify", "e2e", "k1");
    let run = take(&run, &released());
    assert!(run.is_settled());
    assert_eq!(run.state.phase, Phase::Succeeded);
    assert_eq!(run.state.trigger.taken, None, "the register alone holds it");
    assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state);
    let stored = serde_json::to_string(&run).unwrap();
    let read: Run = serde_json::from_str(&stored).unwrap();
    assert_eq!((read.register.verify(), read), (Ok(()), run));
}

#[test]
fn a_retry_from_the_checks_takes_over_the_source_and_nothing_more() {
    let before = failed();
    let taken = Taken::of(&before, Some(&stage("checks")), None).unwrap().unwrap();
    let run = again(&before, Some(taken));
    let State { source, image, .. } = &run.state;
    assert_eq!((source, image), (&before.state.source, &None));
    assert_eq!(submissions(&run), ["checks/unit attempt 1", "checks/style attempt 1"]);
    assert_eq!(run.state.stages.len(), before.state.stages.len());
}

#[test]
fn a_retry_from_the_checkout_takes_nothing_over() {
    let before = failed();
    assert_eq!(Taken::of(&before, Some(&stage("checkout")), None), Ok(None));
    assert_eq!(submissions(&again(&before, None)), ["checkout/checkout attempt 1"]);
}

#[test]
fn a_release_is_verified_anew_by_the_run_that_makes_it() {
    let run = pass(checked_out(DEFINITION), "checks", "unit", "j2");
    let run = built(pass(run, "checks", "style", "j3"), "d");
    let run = pass(take(&run, &entered(true)), "test-verify", "e2e", "j5");
    let decision = EventId::parse("d-1").unwrap();
    let run =
        take(&run, &Fact::Cancelled(Cancelled { decision, by: "ada".to_owned(), reason: None }));
    let taken = Taken::of(&run, None, None).unwrap().unwrap();
    assert_eq!(taken.from, stage("test-validate"));
}

#[test]
fn a_retry_of_a_retry_names_the_run_that_passed_each_stage() {
    let first = failed();
    let second = again(&first, Taken::of(&first, Some(&stage("build")), None).unwrap());
    let second = take(&built(second, "d"), &entered(false));
    let taken = Taken::of(&second, None, None).unwrap().unwrap();
    let from: Vec<&RunId> =
        taken.stages.iter().map(|stage| stage.taken_from.as_ref().unwrap()).collect();
    assert_eq!(from, [&first.id, &first.id, &second.id]);
}

#[test]
fn what_cannot_be_retried_says_why() {
    let before = failed();
    assert_eq!(
        refusal(&begun(), "checkout"),
        "the run is not over: cancel it first, or wait for its end"
    );
    assert!(refusal(&before, "staging-verify").contains("it has checkout, checks, build"));
    assert_eq!(
        refusal(&answer(checked_out(DEFINITION), &failing_checks()), "build"),
        "the run cannot begin at build: checks comes before it and is failed"
    );
    let other = |text: &str| {
        let (sha256, content) = (hash('e'), Shared::new(parsed(text)));
        let defined = Shared::new(crate::run::state::Defined { sha256, content });
        Taken::of(&before, None, Some(&defined)).unwrap_err().to_string()
    };
    let without_build = "version: 1\npipeline: rain\nchecks: { unit: { run: \"true\" } }\n";
    assert!(other(without_build).contains("retry from checkout"));
    assert!(other(&DEFINITION.replace("pipeline: rain", "pipeline: snow")).contains("snow"));
}

fn failing_checks() -> Vec<Fact> {
    let run = checked_out(DEFINITION);
    let (unit, style) = (attempt("checks", "unit", 1), attempt("checks", "style", 1));
    let second = attempt("checks", "unit", 2);
    let mut again = ended(&run, &unit, "u2", 1);
    if let Fact::JobEnded(ended) = &mut again {
        ended.attempt = second.clone();
    }
    vec![
        ended(&run, &unit, "u1", 1),
        reported(&unit, report(1)),
        again,
        reported(&second, report(1)),
        ended(&run, &style, "s1", 0),
        reported(&style, report(0)),
    ]
}

#[test]
fn a_retry_follows_the_definition_that_it_is_given() {
    let before = failed();
    let text = DEFINITION.replace("run: \"train\"", "run: \"train --gently\"");
    let (sha256, content) = (hash('e'), Shared::new(parsed(&text)));
    let current = Shared::new(crate::run::state::Defined { sha256, content });
    let taken = Taken::of(&before, None, Some(&current)).unwrap();
    let run = let_in(again(&before, taken));
    let Effect::Submit(submission) = &run.pending[0].effect else { panic!("{:?}", run.pending) };
    assert!(submission.command.iter().any(|word| word.contains("--gently")));
}
