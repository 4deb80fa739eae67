//! Runs that are ended from outside: by a person, or by a deadline.

use super::*;
use crate::deadline::overdue;
use crate::effect::{Pending, Termination};
use crate::run::state::GivenUp;

const LEASE: SignedDuration = SignedDuration::from_secs(45);

fn cancelled() -> Fact {
    Fact::Cancelled(Cancelled {
        decision: EventId::parse("d-1").unwrap(),
        by: "ada".to_owned(),
        reason: Some("the wrong branch".to_owned()),
    })
}

fn checkout() -> AttemptId {
    attempt("checkout", "checkout", 1)
}

fn withdrawn() -> Fact {
    Fact::Withdrawn(Withdrawn { attempt: checkout() })
}

fn kinds(run: &Run) -> Vec<&'static str> {
    let kind = |pending: &Pending| match pending.effect {
        Effect::Submit(_) => "submit",
        Effect::Terminate(_) => "terminate",
        Effect::Withdraw(_) => "withdraw",
        Effect::Release(_) => "release",
        Effect::Leave(_) => "leave",
        Effect::Notify(_) => "notify",
        Effect::Overtake(_) => "overtake",
    };
    run.pending.iter().map(kind).collect()
}

fn decide(run: &Run, fact: Fact) -> Decision {
    run.decide(&occurrence(fact), &platform(), at(3))
}

#[test]
fn a_cancelled_run_ends_its_jobs_and_is_settled_only_when_their_end_was_seen() {
    let run = checked_out(DEFINITION);
    let (unit, style) = (attempt("checks", "unit", 1), attempt("checks", "style", 1));
    let run = take(&run, &started(&run, &unit, "u1"));
    let run = pass(run, "checks", "style", "s1");
    let run = take(&run, &cancelled());
    let phases: Vec<Phase> = run.state.stages.iter().map(|stage| stage.phase).collect();
    assert_eq!(run.state.phase, Phase::Cancelled);
    assert_eq!(phases[..3], [Phase::Succeeded, Phase::Cancelled, Phase::Skipped]);
    assert_eq!(run.state.attempt(&unit).unwrap().phase, Phase::Cancelled);
    assert_eq!(run.state.attempt(&style).unwrap().phase, Phase::Succeeded);
    let [Effect::Terminate(Termination { job_id, reason, .. })] =
        &run.pending.iter().map(|pending| pending.effect.clone()).collect::<Vec<_>>()[..]
    else {
        panic!("{:?}", run.pending)
    };
    assert_eq!(
        (job_id.as_str(), reason.as_str()),
        ("u1", "signalbox: ada cancelled it: the wrong branch")
    );
    assert_eq!(
        explain(&run, at(3)),
        "cancelled: ada cancelled it: the wrong branch; still open: the end of the job u1 of \
         checks/unit attempt 1"
    );
    let told = Fact::Terminated(Terminated { attempt: unit.clone(), job_id: job_id.clone() });
    assert_eq!(decide(&run, told), Decision::AlreadyApplied, "only its end acknowledges it");
    assert!(!run.is_settled());
    let run = take(&run, &ended(&run, &unit, "u1", 143));
    assert!(run.is_settled());
    assert_eq!(run.state.attempt(&unit).unwrap().phase, Phase::Cancelled);
    assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state);
    assert_eq!(cancelled().schema(), 2);
}

#[test]
fn a_run_that_is_over_cannot_be_cancelled_and_a_decision_counts_once() {
    let run = take(&begun(), &cancelled());
    assert_eq!(decide(&run, cancelled()), Decision::AlreadyApplied);
    let failed = take(
        &begun(),
        &Fact::JobRefused(JobRefused { attempt: checkout(), reason: "no".to_owned() }),
    );
    assert_eq!(decide(&failed, cancelled()), Decision::AlreadyApplied);
    assert_eq!(failed.schema, 1, "older code goes on with what it knows");
}

#[test]
fn a_submission_in_somebodys_hands_is_looked_up_when_it_can_no_longer_be_made() {
    let mut run = begun();
    run.seal("writer", at(0), LEASE);
    let run = take(&run, &cancelled());
    assert_eq!(kinds(&run), ["withdraw"]);
    let Effect::Withdraw(withdrawal) = &run.pending[0].effect else { panic!() };
    assert_eq!(withdrawal.queue, platform().queue);
    assert!(withdrawal.definition.starts_with("signalbox-"));
    for second in [4, 45, 74] {
        assert!(!run.has_work(at(second)), "the submission may still come at {second}");
        assert_eq!(run.clone().seal("other", at(second), LEASE), []);
    }
    assert_eq!(run.clone().seal("other", at(75), LEASE).len(), 1);
    assert_eq!(run.abandoned(at(99)).count(), 0, "nobody takes the submission over");
    assert!(!run.is_settled());
    assert!(take(&run, &withdrawn()).is_settled());
}

#[test]
fn a_submission_that_was_made_after_all_is_ended() {
    let begun = begun();
    let run = take(&begun, &cancelled());
    let found = JobFound { attempt: checkout(), placement: placement(&begun, &checkout(), "late") };
    let run = take(&run, &Fact::JobFound(found));
    assert_eq!(kinds(&run), ["terminate"]);
    let run = take(&run, &ended(&begun, &checkout(), "late", 0));
    assert!(run.is_settled());
    assert_eq!(run.state.phase, Phase::Cancelled);
}

#[test]
fn a_job_that_turns_up_after_its_submission_was_withdrawn_is_ended_all_the_same() {
    let begun = begun();
    let run = take(&take(&begun, &cancelled()), &withdrawn());
    assert!(run.is_settled());
    let run = take(&run, &started(&begun, &checkout(), "slow"));
    assert_eq!(kinds(&run), ["terminate"]);
    let run = take(&run, &started(&begun, &checkout(), "second"));
    assert_eq!(kinds(&run), ["terminate", "terminate"]);
    let run = take(&run, &ended(&begun, &checkout(), "second", 137));
    assert!(!run.is_settled(), "the believed one still runs");
    assert!(take(&run, &ended(&begun, &checkout(), "slow", 137)).is_settled());
}

#[test]
fn a_refusal_that_comes_after_the_cancel_leaves_nothing_to_look_up() {
    let run = take(&begun(), &cancelled());
    let refused = JobRefused { attempt: checkout(), reason: "no".to_owned() };
    assert!(take(&run, &Fact::JobRefused(refused)).is_settled());
}

#[test]
fn a_job_that_ended_on_its_own_when_the_run_was_cancelled_has_nothing_left_to_do() {
    let begun = begun();
    let run = hear(begun.clone(), &ended(&begun, &checkout(), "j1", 0));
    let run = hear(run, &cancelled());
    assert!(run.is_settled() && run.questions().is_empty());
    let late = reported(&checkout(), report(0));
    assert_eq!(decide(&run, late), Decision::AlreadyApplied);
    assert_eq!(decide(&run, defined(DEFINITION)), Decision::AlreadyApplied);
}

/// What is known about the attempt does not depend on whether the cancel came first.
#[test]
fn what_is_known_about_a_job_does_not_depend_on_when_the_cancel_came() {
    let begun = begun();
    let facts =
        [cancelled(), started(&begun, &checkout(), "j"), ended(&begun, &checkout(), "j", 143)];
    let ends = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0]].map(|order| {
        let run = order.into_iter().fold(begun.clone(), |run, index| hear(run, &facts[index]));
        assert!(run.is_settled(), "{order:?}");
        run.state
    });
    assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "{ends:#?}");
}

#[test]
fn a_release_that_was_begun_is_carried_through_and_nothing_after_it() {
    let run = pass(checked_out(DEFINITION), "checks", "unit", "j2");
    let run = built(pass(run, "checks", "style", "j3"), "d");
    let run = pass(take(&run, &entered(true)), "test-verify", "e2e", "j5");
    let run = take(&run, &cancelled());
    assert_eq!((run.state.phase, kinds(&run)), (Phase::Cancelled, vec!["release"]));
    assert!(explain(&run, at(3)).contains("the release in test, which was begun before"));
    let run = take(&run, &released());
    assert!(run.is_settled());
    assert_eq!(run.state.stages.last().unwrap().phase, Phase::Succeeded);
}

#[test]
fn a_cancelled_run_does_not_enter_an_environment() {
    let run = pass(checked_out(DEFINITION), "checks", "unit", "j2");
    let run = built(pass(run, "checks", "style", "j3"), "d");
    let run = hear(run, &cancelled());
    assert!(run.is_settled());
    // Its request was on the way: what it got there it gives back.
    let run = take(&run, &entered(true));
    assert_eq!((run.state.phase, kinds(&run)), (Phase::Cancelled, vec!["leave"]));
    assert!(take(&run, &left()).is_settled());
}

#[test]
fn what_outlived_its_deadline_is_errored_and_not_made_again_and_its_job_has_to_go() {
    let run = checked_out(DEFINITION);
    let unit = attempt("checks", "unit", 1);
    let run = take(&run, &started(&run, &unit, "u1"));
    let reason = "its job ran for more than 1 hour".to_owned();
    let fact = Fact::Overdue(Overdue { attempt: unit.clone(), reason });
    let run = take(&run, &fact);
    assert_eq!(decide(&run, fact), Decision::AlreadyApplied);
    let job = run.state.job(&unit).unwrap();
    assert_eq!((job.phase, job.attempts.len()), (Phase::Errored, 1));
    assert_eq!(kinds(&run), ["terminate", "submit"], "the other check goes on");
    let run = pass(run, "checks", "style", "s1");
    assert_eq!((run.state.phase, run.is_settled()), (Phase::Errored, false));
    assert_eq!(
        run.state.reason.as_deref(),
        Some("checks errored: unit: its job ran for more than 1 hour")
    );
    assert!(take(&run, &ended(&run, &unit, "u1", 137)).is_settled());
}

#[test]
fn a_submission_that_outlived_its_deadline_is_withdrawn() {
    let mut run = begun();
    run.seal("writer", at(0), LEASE);
    let day = 24 * 60 * 60;
    assert_eq!(overdue(&run, at(day)), []);
    let late = overdue(&run, at(day + 1));
    let [(attempt, reason)] = &late[..] else { panic!("{late:?}") };
    let fact = Overdue { attempt: attempt.clone(), reason: reason.clone() };
    let run = take(&run, &Fact::Overdue(fact));
    assert_eq!(run.state.phase, Phase::Errored);
    assert_eq!(run.state.attempt(&checkout()).unwrap().given_up, Some(GivenUp::InDoubt));
    assert_eq!(kinds(&run), ["withdraw"]);
    assert!(take(&run, &withdrawn()).is_settled());
}

#[test]
fn why_a_job_has_no_place_is_told_and_forgotten_when_it_runs() {
    let begun = begun();
    let waiting =
        |reason: &str| Fact::Waiting(Waiting { attempt: checkout(), reason: reason.to_owned() });
    let run = take(&begun, &waiting("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"));
    assert_eq!(
        explain(&run, at(3)),
        "waiting for checkout (submitted, AWS Batch gives it no place: \
         MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE) in checkout"
    );
    let same = waiting("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE");
    assert_eq!(decide(&run, same), Decision::AlreadyApplied);
    let wavering = (0..100).fold(run, |run, round| hear(run, &waiting(&format!("{}", round % 3))));
    assert_eq!(wavering.register.entries().len(), 9, "a queue that wavers is not told for ever");
    let run = take(&wavering, &started(&begun, &checkout(), "j1"));
    assert_eq!(run.state.attempt(&checkout()).unwrap().waiting, None);
    assert_eq!(decide(&run, waiting("late")), Decision::AlreadyApplied);
}

fn only(late: &[(AttemptId, String)]) -> String {
    let [(attempt, reason)] = late else { panic!("{late:?}") };
    assert_eq!(*attempt, checkout());
    reason.clone()
}

#[test]
fn a_job_that_runs_for_longer_than_batch_lets_it_is_overdue() {
    let run = begun();
    let run = take(&run, &started(&run, &checkout(), "j1"));
    // Half an hour for a checkout, two minutes for the runner's last words, and then some.
    let granted = 1 + 30 * 60 + 2 * 60 + 15 * 60;
    assert_eq!(overdue(&run, at(granted)), []);
    assert_eq!(only(&overdue(&run, at(granted + 1))), "its job ran for more than 47 minutes");
}

#[test]
fn a_job_that_never_gets_a_place_is_overdue_a_day_after_batch_took_it() {
    let run = begun();
    let found = JobFound { attempt: checkout(), placement: placement(&run, &checkout(), "j1") };
    let run = take(&run, &Fact::JobFound(found));
    let day = 24 * 60 * 60;
    assert_eq!(overdue(&run, at(3 + day)), []);
    assert_eq!(
        only(&overdue(&run, at(3 + day + 1))),
        "AWS Batch gave its job no place for more than 24 hours"
    );
}

#[test]
fn a_result_that_cannot_be_read_is_overdue_a_day_after_its_job_ended() {
    let run = begun();
    let run = hear(run.clone(), &ended(&run, &checkout(), "j1", 0));
    let day = 24 * 60 * 60;
    assert_eq!(overdue(&run, at(2 + day)), []);
    let reason = only(&overdue(&run, at(2 + day + 1)));
    let run = hear(run, &Fact::Overdue(Overdue { attempt: checkout(), reason }));
    assert_eq!(run.questions(), [], "it is not asked for any more");
}

#[test]
fn a_run_that_is_over_has_no_deadlines() {
    let mut run = begun();
    run.seal("writer", at(0), LEASE);
    let run = take(&run, &cancelled());
    assert_eq!(overdue(&run, at(1_000_000)), []);
}
