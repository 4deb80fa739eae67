//! What a run waits for before an environment, and how it leaves.

use super::*;

const TWO: &str = r#"
version: 1
pipeline: rain
checks:
  unit: { run: "true" }
build: { repository: rain-trainer }
deploy:
  - environment: test
    verify: { e2e: { run: "train" } }
  - environment: staging
    verify: { e2e: { run: "train" } }
"#;

pub(super) fn built_run(definition: &str) -> Run {
    built(pass(checked_out(definition), "checks", "unit", "j2"), "d")
}

pub(super) fn plain() -> Option<Settings> {
    Some(settings::parse("version: 1\nenvironment: test\n").unwrap())
}

pub(super) fn other_run(second: u32) -> RunId {
    RunId::parse(format!("20260111t2340{second:02}z-3e5983d-9f86d081")).unwrap()
}

/// Entered with its standing changed by `change`.
pub(super) fn standing(settings: Option<Settings>, change: impl FnOnce(&mut Standing)) -> Fact {
    let mut entered = found(settings, Place::Held);
    change(entered.standing.as_mut().unwrap());
    Fact::Entered(entered)
}

pub(super) fn unchanged(run: &Run, fact: &Fact) {
    let decision = run.decide(&occurrence(fact.clone()), &platform(), at(3));
    assert_eq!(decision, Decision::AlreadyApplied, "{fact:?}");
}

fn phases(run: &Run) -> Vec<(&str, Phase)> {
    let environments = run.state.stages.iter().filter(|one| one.work.environment().is_some());
    environments.map(|stage| (stage.name.as_str(), stage.phase)).collect()
}

#[test]
fn who_comes_second_waits_says_behind_whom_and_goes_on_when_it_is_told() {
    let run = built_run(DEFINITION_OF_ONE);
    let first = other_run(1);
    let behind = standing(plain(), |standing| {
        standing.place = Place::Behind;
        standing.behind = Some(first.clone());
    });
    let run = take(&run, &behind);
    assert!(submissions(&run).is_empty() && run.pending.is_empty());
    assert_eq!(explain(&run, at(3)), format!("waiting behind {first}, which is in test"));
    unchanged(&run, &behind);
    let run = take(&run, &standing(plain(), |_| {}));
    assert_eq!(submissions(&run), ["test-verify/e2e attempt 1"]);
    unchanged(&run, &standing(None, |_| {}));
}

pub(super) const DEFINITION_OF_ONE: &str = r#"
version: 1
pipeline: rain
checks:
  unit: { run: "true" }
build: { repository: rain-trainer }
deploy:
  - environment: test
    verify: { e2e: { run: "train" } }
"#;

#[test]
fn the_next_environment_is_entered_while_the_release_is_being_recorded() {
    let run = take(&built_run(TWO), &standing(plain(), |_| {}));
    let run = pass(run, "test-verify", "e2e", "j5");
    assert_eq!(run.questions().len(), 1, "staging is asked for at once");
    assert!(matches!(run.pending[0].effect, Effect::Release(_)), "{:?}", run.pending);
    let mut entered = found(plain(), Place::Held);
    entered.environment = EnvironmentName::parse("staging").unwrap();
    let run = take(&run, &Fact::Entered(entered));
    assert_eq!(submissions(&run), ["staging-verify/e2e attempt 1"]);
    let release = run.state.stages.iter().find(|stage| stage.name.as_str() == "test-release");
    assert_eq!(release.unwrap().phase, Phase::Running);
    assert_eq!(run.state.stage().unwrap().name.as_str(), "staging-verify");

    // In either order.
    let run = take(&run, &released());
    let run = pass(run, "staging-verify", "e2e", "j6");
    assert_eq!(run.state.phase, Phase::Running, "not before its last release is recorded");
    let environment = EnvironmentName::parse("staging").unwrap();
    let last = Fact::Released(Released { environment, behind: None, refused: None });
    let run = take(&run, &last);
    assert_eq!((run.state.phase, run.is_settled()), (Phase::Succeeded, true));
    assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state);
}

#[test]
fn a_release_that_is_refused_ends_what_was_begun_after_it() {
    let run = take(&built_run(TWO), &standing(plain(), |_| {}));
    let run = pass(run, "test-verify", "e2e", "j5");
    let mut entered = found(plain(), Place::Held);
    entered.environment = EnvironmentName::parse("staging").unwrap();
    let run = take(&run, &Fact::Entered(entered));
    let environment = EnvironmentName::parse("test").unwrap();
    let refused = Some("test is on hold".to_owned());
    let run = take(&run, &Fact::Released(Released { environment, behind: None, refused }));
    assert_eq!(run.state.phase, Phase::Failed);
    assert_eq!(run.state.reason.as_deref(), Some("test-release: test is on hold"));
    let open: Vec<_> = run.pending.iter().map(|pending| pending.id.to_string()).collect();
    assert_eq!(open.len(), 3, "{open:?}");
    assert!(open[0].starts_with("withdraw:"), "{open:?}");
    assert_eq!(open[1..], ["leave:test", "leave:staging"]);
    assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state);
}

#[test]
fn a_run_that_fails_in_an_environment_gives_its_place_back() {
    let run = take(&built_run(DEFINITION_OF_ONE), &standing(plain(), |_| {}));
    let e2e = attempt("test-verify", "e2e", 1);
    let run = answer(run.clone(), &[ended(&run, &e2e, "j5", 1), reported(&e2e, report(1))]);
    assert_eq!(run.state.phase, Phase::Failed);
    assert!(!run.is_settled());
    assert!(matches!(run.pending[0].effect, Effect::Leave(_)), "{:?}", run.pending);
    assert!(explain(&run, at(3)).ends_with("still open: its place in test"));
    let run = take(&run, &left());
    assert!(run.is_settled());
    unchanged(&run, &left());
}

#[test]
fn nothing_is_begun_while_an_environment_is_frozen_or_on_hold() {
    let run = built_run(DEFINITION_OF_ONE);
    let frozen = standing(plain(), |standing| {
        standing.frozen = Some(Frozen { until: at(60), reason: "weekend".to_owned() });
    });
    let on_hold = standing(plain(), |standing| standing.on_hold = Some("look first".to_owned()));
    for (closed, words) in [(frozen, "is frozen until"), (on_hold, "is on hold: look first")] {
        let run = take(&run, &closed);
        assert!(submissions(&run).is_empty());
        assert!(explain(&run, at(3)).contains(words), "{}", explain(&run, at(3)));
        let run = take(&run, &standing(plain(), |_| {}));
        assert_eq!(submissions(&run), ["test-verify/e2e attempt 1"]);
    }
}

#[test]
fn whoever_waits_before_a_closed_environment_is_superseded_by_a_newer_run_that_comes_as_far() {
    let newer = other_run(59);
    let closed = standing(plain(), |standing| {
        standing.on_hold = Some("look first".to_owned());
        standing.newer = Some(newer.clone());
    });
    let run = take(&built_run(DEFINITION_OF_ONE), &closed);
    assert_eq!(run.state.phase, Phase::Superseded);
    assert!(run.state.reason.as_deref().unwrap().contains(newer.as_str()));
    assert!(matches!(run.pending[0].effect, Effect::Leave(_)));
    // Where nobody has to wait, the older one passes first.
    let passing = standing(plain(), |standing| standing.newer = Some(newer));
    let run = take(&built_run(DEFINITION_OF_ONE), &passing);
    assert_eq!(submissions(&run), ["test-verify/e2e attempt 1"]);
}

#[test]
fn a_place_that_never_comes_is_waited_for_no_longer_than_the_deadline() {
    let behind = standing(plain(), |standing| standing.place = Place::Behind);
    let run = take(&built_run(DEFINITION_OF_ONE), &behind);
    let environment = EnvironmentName::parse("test").unwrap();
    let expired = Fact::Expired(Expired { environment, reason: "no place in 30 days".to_owned() });
    let run = take(&run, &expired);
    assert_eq!(run.state.phase, Phase::Errored);
    assert_eq!(run.state.reason.as_deref(), Some("test-validate: no place in 30 days"));
    unchanged(&run, &expired);
}

#[test]
fn a_run_that_has_left_does_not_come_back() {
    let gone = standing(plain(), |standing| standing.place = Place::Gone);
    let run = take(&built_run(DEFINITION_OF_ONE), &gone);
    assert_eq!((run.state.phase, run.is_settled()), (Phase::Errored, true));
    assert_eq!(
        phases(&run)[..2],
        [("test-validate", Phase::Errored), ("test-approve", Phase::Skipped)]
    );
}
