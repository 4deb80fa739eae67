//! Facts that contradict each other, or that somebody would like to be believed.

use super::*;
use crate::report::Metric;

#[test]
fn a_job_that_batch_counts_as_failed_has_not_succeeded_whatever_its_exit_code() {
    let run = checked_out(DEFINITION);
    let unit = attempt("checks", "unit", 1);
    let mut fact = ended(&run, &unit, "u1", 0);
    if let Fact::JobEnded(ended) = &mut fact {
        // Batch told it to end, and the command took that well.
        ended.ending.succeeded = false;
        ended.ending.reason = Some("ended by ada".to_owned());
    }
    let run = answer(run, &[fact, reported(&unit, report(0))]);
    let attempt = run.state.attempt(&unit).unwrap();
    assert_eq!(attempt.phase, Phase::Errored);
    assert!(attempt.reason.as_ref().unwrap().contains("ended by ada"), "{:?}", attempt.reason);
}

#[test]
fn a_job_of_an_attempt_that_was_given_up_has_to_go() {
    let checkout = attempt("checkout", "checkout", 1);
    let begun = begun();
    let refused = JobRefused { attempt: checkout.clone(), reason: "no".to_owned() };
    let run = take(&begun, &Fact::JobRefused(refused));
    assert_eq!(run.state.phase, Phase::Errored);
    let run = take(&run, &started(&begun, &checkout, "late"));
    let Effect::Terminate(termination) = &run.pending[0].effect else { panic!("{run:?}") };
    assert_eq!(termination.job_id.as_str(), "late");
    let run = take(&run, &ended(&begun, &checkout, "late", 137));
    assert!(run.is_settled());
}

#[test]
fn when_a_job_began_does_not_depend_on_which_event_came_first() {
    let run = checked_out(DEFINITION);
    let unit = attempt("checks", "unit", 1);
    let mut start = started(&run, &unit, "u1");
    if let Fact::JobStarted(started) = &mut start {
        started.started_at = Some(at(7));
    }
    let end = ended(&run, &unit, "u1", 0);
    let began = |facts: [&Fact; 2]| {
        let run = facts.into_iter().fold(run.clone(), hear);
        run.state.attempt(&unit).unwrap().started_at
    };
    assert_eq!(began([&start, &end]), began([&end, &start]));
}

#[test]
fn words_that_a_job_left_behind_are_cut_before_they_are_repeated() {
    let run = checked_out(DEFINITION);
    let unit = attempt("checks", "unit", 1);
    let failure = Failure { class: FailureClass::Exit, message: "ü".repeat(100_000) };
    let report = Report { failure: Some(failure), ..report(1) };
    let run = answer(run.clone(), &[ended(&run, &unit, "u1", 1), reported(&unit, report)]);
    let reason = run.state.attempt(&unit).unwrap().reason.clone().unwrap();
    assert_eq!(reason.chars().count(), 500);
}

#[test]
fn a_register_is_whole_when_it_is_read_again_whatever_numbers_it_holds() {
    let run = checked_out(DEFINITION);
    let unit = attempt("checks", "unit", 1);
    // Numbers that a quick reader misses by the last bit.
    let numbers = [0.1 + 0.2, 1e23, 8.41e21, 2.225_073_858_507_201e-308, 60.300_000_000_000_004];
    let mut metrics: std::collections::BTreeMap<String, Metric> = Default::default();
    let mut number = 1.0_f64;
    for index in 0..500 {
        number = (number * 1.734_567_891_234_567).rem_euclid(9_876.543_21) + 1e-3;
        let value = numbers.get(index).copied().unwrap_or(number);
        metrics.insert(format!("m{index}"), Metric::Number(value));
    }
    let report = Report { metrics, ..report(0) };
    let run = answer(run.clone(), &[ended(&run, &unit, "u1", 0), reported(&unit, report)]);
    let run = take(&run, &started(&run, &attempt("checks", "style", 1), "s1"));
    let stored = serde_json::to_string(&run).unwrap();
    let read: Run = serde_json::from_str(&stored).unwrap();
    assert_eq!(read.register.verify(), Ok(()));
    assert_eq!(read, run);
}
