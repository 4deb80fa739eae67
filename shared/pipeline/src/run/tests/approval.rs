//! How people's decisions let a release go on, or end it.

use super::gates::{DEFINITION_OF_ONE, built_run, other_run, standing, unchanged};
use super::*;
use crate::settings::Approvals;

pub(super) fn asking(required: u32, epochs: &str) -> Option<Settings> {
    let text = format!("version: 1\nenvironment: test\nparameters: {{ EPOCHS: \"{epochs}\" }}\n");
    let mut settings = settings::parse(&text).unwrap();
    let from = vec![GroupName::parse("managers").unwrap()];
    settings.approvals =
        Some(Approvals { required, from, exclude_author: true, expire_seconds: 60 });
    Some(settings)
}

pub(super) fn waiting(required: u32) -> Run {
    take(&built_run(DEFINITION_OF_ONE), &standing(asking(required, "8"), |_| {}))
}

pub(super) fn gate(run: &Run) -> &state::Stage {
    run.state.stages.iter().find(|stage| stage.name.as_str() == "test-approve").unwrap()
}

pub(super) fn says(run: &Run, person: &str, choice: Choice) -> Decided {
    Decided {
        decision: EventId::parse(format!("d-{person}")).unwrap(),
        environment: EnvironmentName::parse("test").unwrap(),
        choice,
        release: run.state.release(gate(run)).unwrap(),
        person: PersonName::parse(person).unwrap(),
        principal: format!("AIDA{person}"),
        reason: Some("seen".to_owned()),
        break_glass: false,
    }
}

pub(super) fn approves(run: &Run, person: &str) -> Fact {
    Fact::Decided(says(run, person, Choice::Approve))
}

#[test]
fn as_many_people_as_are_asked_for_let_it_go_on_after_one_more_look() {
    let run = waiting(2);
    assert!(submissions(&run).is_empty());
    assert_eq!(explain(&run, at(3)), "waiting for 2 more approvals of managers for test");
    let run = take(&run, &approves(&run, "ada"));
    assert_eq!(explain(&run, at(3)), "waiting for one more approval of managers for test");
    assert!(run.questions().is_empty());
    let run = take(&run, &approves(&run, "bob"));
    assert!(submissions(&run).is_empty(), "what it had found there may be days old");
    assert_eq!(run.questions().len(), 1);
    let run = take(&run, &standing(asking(2, "8"), |_| {}));
    assert_eq!(submissions(&run), ["test-verify/e2e attempt 1"]);
    assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state);
}

#[test]
fn a_person_counts_once_however_many_decisions_and_principals() {
    let run = waiting(2);
    let run = take(&run, &approves(&run, "ada"));
    unchanged(&run, &approves(&run, "ada"));
    let mut again = says(&run, "ada", Choice::Approve);
    again.decision = EventId::parse("d-other").unwrap();
    again.principal = "AROAOTHER".to_owned();
    unchanged(&run, &Fact::Decided(again));
    assert_eq!(run.state.tally(gate(&run)), Some(approving::Tally::Open { missing: 1 }));
}

#[test]
fn one_rejection_ends_it() {
    let run = waiting(2);
    let run = take(&run, &approves(&run, "ada"));
    let run = take(&run, &Fact::Decided(says(&run, "bob", Choice::Reject)));
    assert_eq!(run.state.phase, Phase::Failed);
    assert_eq!(run.state.reason.as_deref(), Some("test-approve failed: bob rejected it: seen"));
    assert!(matches!(run.pending[0].effect, Effect::Leave(_)));
    unchanged(&run, &approves(&run, "eve"));
}

#[test]
fn an_approval_of_another_release_is_refused() {
    let run = waiting(1);
    let mut other = says(&run, "ada", Choice::Approve);
    other.release = hash('0');
    let decision = run.decide(&occurrence(Fact::Decided(other)), &platform(), at(3));
    let Decision::Rejected(rejection) = decision else { panic!("{decision:?}") };
    assert!(rejection.to_string().contains("about another release"), "{rejection}");
}

#[test]
fn newer_settings_void_what_was_approved_under_the_older() {
    let run = waiting(2);
    let run = take(&run, &approves(&run, "ada"));
    let run = take(&run, &standing(asking(2, "9"), |_| {}));
    assert_eq!(run.state.tally(gate(&run)), Some(approving::Tally::Open { missing: 2 }));
    // The same people are asked about what it is now.
    let mut again = says(&run, "ada", Choice::Approve);
    again.decision = EventId::parse("d-again").unwrap();
    let run = take(&run, &Fact::Decided(again));
    let run = take(&run, &approves(&run, "bob"));
    // Changed once more in the moment of the last approval.
    let run = take(&run, &standing(asking(2, "10"), |_| {}));
    assert!(submissions(&run).is_empty() && run.questions().is_empty());
    assert_eq!(run.state.tally(gate(&run)), Some(approving::Tally::Open { missing: 2 }));
}

#[test]
fn an_environment_that_has_lost_its_settings_lets_nothing_in() {
    let run = waiting(1);
    let run = take(&run, &approves(&run, "ada"));
    let Fact::Entered(mut lost) = standing(asking(1, "8"), |_| {}) else { panic!("it is one") };
    lost.settings = None;
    let run = take(&run, &Fact::Entered(lost));
    assert_eq!((run.state.phase, submissions(&run).len()), (Phase::Failed, 0));
    assert!(run.state.reason.as_ref().unwrap().contains("has no settings"));
}

#[test]
fn what_is_approved_still_waits_for_the_end_of_a_freeze() {
    let run = waiting(1);
    let run = take(&run, &approves(&run, "ada"));
    let frozen = standing(asking(1, "8"), |standing| {
        standing.frozen = Some(Frozen { until: at(60), reason: "weekend".to_owned() });
    });
    let run = take(&run, &frozen);
    assert!(submissions(&run).is_empty() && run.questions().is_empty());
    assert!(explain(&run, at(3)).contains("frozen until"));
    let run = take(&run, &standing(asking(1, "8"), |_| {}));
    assert_eq!(submissions(&run), ["test-verify/e2e attempt 1"]);
}

#[test]
fn a_newer_run_at_the_gate_supersedes_the_one_that_waits_there() {
    let run = waiting(1);
    let run = take(&run, &standing(asking(1, "8"), |one| one.newer = Some(other_run(59))));
    assert_eq!(run.state.phase, Phase::Superseded);
    unchanged(&run, &approves(&run, "ada"));
}

#[test]
fn nobody_s_approval_in_time_ends_it() {
    let run = waiting(1);
    let environment = EnvironmentName::parse("test").unwrap();
    let expired = Fact::Expired(Expired { environment, reason: "nobody in 7 days".to_owned() });
    let run = take(&run, &expired);
    assert_eq!(run.state.phase, Phase::Failed);
    unchanged(&run, &approves(&run, "ada"));
}

#[test]
fn one_who_breaks_the_glass_is_enough_and_stays_marked() {
    let run = waiting(3);
    let alone = Decided { break_glass: true, ..says(&run, "ada", Choice::Approve) };
    let run = take(&run, &Fact::Decided(alone));
    let run = take(&run, &standing(asking(3, "8"), |_| {}));
    assert_eq!(submissions(&run), ["test-verify/e2e attempt 1"]);
    assert!(gate(&run).approving.as_ref().unwrap().decisions[0].break_glass);
}
