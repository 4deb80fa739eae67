//! How runs of one branch get along.

use super::gates::{other_run, unchanged};
use super::*;

fn definition(concurrency: &str) -> String {
    DEFINITION.replace("checks:", &format!("concurrency: {concurrency}\nchecks:"))
}

/// A run that another one owned the branch before, up to its definition.
fn second(concurrency: &str, change: impl FnOnce(&mut Trigger)) -> Run {
    let mut trigger = begun().state.trigger;
    trigger.before = Some(other_run(1));
    change(&mut trigger);
    let first = occurrence(Fact::Triggered(trigger));
    let run = Run::begin(begun().id, begun().pipeline, first, &platform(), at(0)).unwrap();
    assert_eq!(run.schema, 4, "older code would not know about the other run");
    defined_by(run, &definition(concurrency))
}

fn defined_by(run: Run, definition: &str) -> Run {
    let checkout = attempt("checkout", "checkout", 1);
    let facts = [
        started(&run, &checkout, "j1"),
        ended(&run, &checkout, "j1", 0),
        reported(&checkout, report(0)),
        defined(definition),
    ];
    answer(run, &facts)
}

fn superseded() -> Fact {
    Fact::Superseded(Superseded { by: other_run(59) })
}

fn overtaken() -> Fact {
    Fact::Overtaken(Overtaken { run: other_run(1) })
}

#[test]
fn a_newer_run_ends_the_one_before_it_and_goes_on_meanwhile() {
    let run = second("supersede", |_| {});
    assert!(!submissions(&run).is_empty());
    let overtakes =
        |run: &Run| run.pending.iter().any(|pending| matches!(pending.effect, Effect::Overtake(_)));
    assert!(overtakes(&run));
    let run = take(&run, &overtaken());
    assert!(!overtakes(&run));
    unchanged(&run, &overtaken());
}

#[test]
fn a_run_that_is_superseded_ends_its_jobs_and_passes_it_on_to_the_one_before() {
    // Before its definition is known, too: nobody else knows of the run before it.
    let mut trigger = begun().state.trigger;
    trigger.before = Some(other_run(1));
    let first = occurrence(Fact::Triggered(trigger));
    let run = Run::begin(begun().id, begun().pipeline, first, &platform(), at(0)).unwrap();
    let run = take(&run, &superseded());
    assert_eq!(run.state.phase, Phase::Superseded);
    let kinds: Vec<String> = run.pending.iter().map(|pending| pending.id.to_string()).collect();
    assert!(kinds.iter().any(|id| id.starts_with("withdraw:")), "{kinds:?}");
    assert!(kinds.iter().any(|id| id.starts_with("overtake:")), "{kinds:?}");
    unchanged(&run, &superseded());
    assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state);
}

#[test]
fn a_push_that_comes_late_is_superseded_before_it_checks_anything() {
    let run = second("supersede", |trigger| {
        trigger.before = None;
        trigger.newer = Some(other_run(59));
    });
    assert_eq!((run.state.phase, run.is_settled()), (Phase::Superseded, true));
    assert_eq!(run.state.stages.len(), 1);
    let parallel = second("parallel", |trigger| trigger.newer = Some(other_run(59)));
    assert_eq!(parallel.state.phase, Phase::Running);
}

#[test]
fn a_queued_run_checks_nothing_before_the_one_before_it_is_over() {
    let run = second("queue", |_| {});
    assert!(submissions(&run).is_empty() && run.pending.is_empty());
    let first = other_run(1);
    let expected = format!("waiting for the end of {first}, the run before it on its branch");
    assert_eq!(explain(&run, at(3)), expected);
    unchanged(&run, &Fact::Overtaken(Overtaken { run: other_run(2) }));
    let run = take(&run, &overtaken());
    assert_eq!(submissions(&run), ["checks/unit attempt 1", "checks/style attempt 1"]);
    assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state);
}

#[test]
fn what_is_first_on_its_branch_waits_for_nobody() {
    for concurrency in ["queue", "supersede", "parallel"] {
        let run = second(concurrency, |trigger| {
            trigger.before = None;
            trigger.pushed_by = Some("ada".to_owned());
        });
        assert_eq!(submissions(&run).len(), 2, "{concurrency}");
    }
}
