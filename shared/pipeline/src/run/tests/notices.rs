//! Who is told what of a run, and that nobody is told twice.

use super::approval::{approves, asking, gate, says, waiting};
use super::gates::{standing, unchanged};
use super::*;
use crate::notice::{Kind, Notice, Target};

/// The same environment, whose settings name somebody to be told.
pub(super) fn telling(fact: Fact) -> Fact {
    let Fact::Entered(mut entered) = fact else { panic!("{fact:?}") };
    entered.settings = entered.settings.map(|settings| {
        let topic = "arn:aws:sns:eu-west-1:123456789012:signalbox-releases".parse().unwrap();
        let told = Settings { notify: vec![Target::Sns(topic)], schema: 3, ..(*settings).clone() };
        Shared::new(told)
    });
    Fact::Entered(entered)
}

/// What is about to be told.
fn due(run: &Run) -> Vec<Notice> {
    let notices = run.pending.iter().filter_map(|pending| match &pending.effect {
        Effect::Notify(notifying) => Some((*notifying.notice).clone()),
        _ => None,
    });
    notices.collect()
}

fn sent(notice: &Notice) -> Fact {
    Fact::Notified(Notified { notice: notice.id.clone() })
}

/// A run in `test`, whose job has this exit code.
fn verified(fact: &Fact, code: i32) -> Run {
    let run = pass(pass(checked_out(DEFINITION), "checks", "unit", "j2"), "checks", "style", "j3");
    let run = take(&built(run, "d"), fact);
    assert_eq!(due(&run), [], "nothing has happened yet");
    let e2e = attempt("test-verify", "e2e", 1);
    answer(run.clone(), &[ended(&run, &e2e, "j5", code), reported(&e2e, report(code))])
}

#[test]
fn the_end_of_a_run_is_told_once() {
    let run = verified(&telling(entered(true)), 1);
    let notices = due(&run);
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!((notice.kind, run.state.phase), (Kind::Finished, Phase::Failed));
    assert_eq!(notice.environment.as_ref().map(EnvironmentName::as_str), Some("test"));
    assert_eq!(run.schema, 4, "older code would lose whom to tell");
    let run = answer(run, &[left()]);
    assert!(!run.is_settled(), "somebody has to be told");
    assert!(explain(&run, at(3)).ends_with(&format!("still open: the notice {}", notice.id)));
    let run = take(&run, &sent(notice));
    assert!(run.is_settled());
    unchanged(&run, &sent(notice));
    // A job that turns up late brings the run to life, and nobody hears of its end again.
    let e2e = attempt("test-verify", "e2e", 1);
    let surplus = take(&run, &started(&run, &e2e, "j9"));
    assert!(!surplus.is_settled());
    assert_eq!(due(&surplus), []);
}

#[test]
fn where_nobody_is_named_nothing_is_sent() {
    let run = answer(verified(&entered(true), 1), &[left()]);
    assert!(run.is_settled(), "{:?}", run.pending);
}

#[test]
fn a_release_is_told_with_the_environment_that_it_is_live_in() {
    let run = verified(&telling(entered(true)), 0);
    assert_eq!(due(&run), []);
    let run = take(&run, &released());
    assert_eq!(due(&run)[0].phase, Phase::Succeeded);
    assert_eq!(due(&run)[0].subject, "rain succeeded: 3e5983d on main");
}

#[test]
fn an_approval_that_is_waited_for_is_told_once_for_each_release() {
    let run = take(&waiting(2), &telling(standing(asking(2, "8"), |_| {})));
    let first = due(&run).remove(0);
    assert_eq!(first.kind, Kind::Approval);
    assert!(first.text.ends_with("asked for: 2 of managers"), "{}", first.text);
    assert_eq!(first.command, format!("signalbox approve {} --environment test", run.id));
    let run = take(&run, &sent(&first));
    let run = take(&run, &approves(&run, "ada"));
    assert_eq!(due(&run), [], "the same wait goes on");
    // Other settings make another release, which nobody has approved of.
    let run = take(&run, &telling(standing(asking(2, "9"), |_| {})));
    let [second] = due(&run).try_into().unwrap();
    assert_ne!(first.id, second.id);
    let run = take(&run, &approves(&run, "bob"));
    let run = take(&run, &approves(&run, "eve"));
    assert_eq!(due(&run), [], "nobody has to approve any more");
    // It was on its way: that it is gone can be said, and changes nothing else.
    let later = take(&run, &sent(&second));
    assert_eq!((&later.state.stages, &later.pending), (&run.state.stages, &run.pending));
}

#[test]
fn whoever_breaks_the_glass_is_named_to_everybody() {
    let run = take(&waiting(2), &telling(standing(asking(2, "8"), |_| {})));
    let mut broken = says(&run, "ada", Choice::Approve);
    broken.break_glass = true;
    let run = take(&run, &Fact::Decided(broken));
    let notices = due(&run);
    assert_eq!(notices.iter().map(|notice| notice.kind).collect::<Vec<_>>(), [Kind::BreakGlass]);
    let text = &notices[0].text;
    assert!(text.contains("ada (AIDAada)") && text.ends_with("reason: seen"), "{text}");
    assert_eq!(gate(&run).phase, Phase::Running);
}
