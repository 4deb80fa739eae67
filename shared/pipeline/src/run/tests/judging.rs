//! Whose word counts: every way in which one does not is told, and changes nothing.

use super::gates::{DEFINITION_OF_ONE, built_run, other_run, standing};
use super::*;
use crate::approval::{Refusal, Word, gate, judge};
use crate::people::{self, People};
use crate::report::{Commit, Signature};
use crate::settings::Approvals;

const PEOPLE: &str = "\
version: 1
people:
  ada:
    principals: [AIDAEXAMPLEUSERID0001]
    git: [ada@example.org]
    code_hosts: [\"arn:aws:iam::123456789012:user/ada\"]
    groups: [managers]
  bob: { principals: [AIDAEXAMPLEUSERID0002, AIDAEXAMPLEUSERID0003], git: [bob@example.org], groups: [managers] }
  shared: { principals: [AROAEXAMPLEROLEID0001], groups: [managers] }
  eve: { principals: [AIDAEXAMPLEUSERID0004], groups: [developers] }
";
const ADA: &str = "AIDAEXAMPLEUSERID0001";
const BOB: &str = "AIDAEXAMPLEUSERID0002";

fn people() -> People {
    people::parse(PEOPLE).unwrap()
}

fn asking(change: impl FnOnce(&mut Approvals)) -> Option<Settings> {
    let mut settings = settings::parse("version: 1\nenvironment: test\n").unwrap();
    let from = vec![GroupName::parse("managers").unwrap()];
    let mut asked = Approvals { required: 2, from, exclude_author: true, expire_seconds: 60 };
    change(&mut asked);
    settings.approvals = Some(asked);
    Some(settings)
}

/// Waits for two managers, with a commit of ada's that ada has pushed.
fn waiting() -> Run {
    let run = take(&built_run(DEFINITION_OF_ONE), &standing(asking(|_| {}), |_| {}));
    made_by(run, "ada@example.org", "ada@example.org", Some("arn:aws:iam::123456789012:user/ada"))
}

fn made_by(mut run: Run, author: &str, committer: &str, pusher: Option<&str>) -> Run {
    let signature = |email: &str| Signature { name: "N".to_owned(), email: email.to_owned() };
    let commit = Commit { author: signature(author), committer: signature(committer) };
    let report = Report { commit: Some(commit), ..report(0) };
    let Fact::Reported(fact) = reported(&attempt("checkout", "checkout", 1), report) else {
        unreachable!()
    };
    run.state.stages[0].jobs[0].attempts[0].evidence = Some(fact.evidence);
    run.state.trigger.pushed_by = pusher.map(str::to_owned);
    run
}

fn test() -> EnvironmentName {
    EnvironmentName::parse("test").unwrap()
}

fn release(run: &Run) -> Sha256 {
    run.state.release(gate(&run.state, &test()).unwrap()).unwrap()
}

/// What `sender` is told who approves of what waits.
fn approves(run: &Run, sender: &str) -> Result<String, Refusal> {
    says(run, sender, Choice::Approve, &release(run))
}

fn says(run: &Run, sender: &str, choice: Choice, release: &Sha256) -> Result<String, Refusal> {
    let environment = &test();
    let word = Word { environment, choice, release, sender };
    judge(run, Some(&people()), word, at(4)).map(ToString::to_string)
}

fn told(run: &Run, person: &str, choice: Choice) -> Run {
    take(
        run,
        &Fact::Decided(Decided {
            decision: EventId::parse(format!("d-{person}-{choice:?}")).unwrap(),
            environment: test(),
            choice,
            release: release(run),
            person: PersonName::parse(person).unwrap(),
            principal: BOB.to_owned(),
            reason: None,
            break_glass: false,
        }),
    )
}

#[test]
fn a_manager_who_did_not_make_the_commit_has_a_voice() {
    assert_eq!(approves(&waiting(), BOB), Ok("bob".to_owned()));
}

#[test]
fn who_made_the_commit_has_none_in_whatever_part() {
    let (run, pusher) = (waiting(), Some("arn:aws:iam::123456789012:user/ada"));
    let parts = [
        (("ada@example.org", "bob@example.org", None), "author"),
        (("bob@example.org", "ada@example.org", None), "committer"),
        // Whatever the commit says of itself: the code host says who has pushed it.
        (("bob@example.org", "bob@example.org", pusher), "pusher"),
    ];
    for ((author, committer, pusher), part) in parts {
        let run = made_by(run.clone(), author, committer, pusher);
        let person = PersonName::parse("ada").unwrap();
        assert_eq!(approves(&run, ADA), Err(Refusal::Maker { person, part }));
    }
    assert_eq!(says(&run, ADA, Choice::Reject, &release(&run)), Ok("ada".to_owned()));
}

#[test]
fn a_maker_whom_nobody_knows_holds_the_approval_up_and_a_rejection_not() {
    let pusher = Some("arn:aws:iam::123456789012:user/ada");
    let unknown = [
        (("who@example.org", "ada@example.org", pusher), "who@example.org"),
        (("ada@example.org", "who@example.org", pusher), "who@example.org"),
        (("ada@example.org", "ada@example.org", Some("arn:aws:iam::1:user/x")), "user/x"),
        (("ada@example.org", "ada@example.org", None), "who the pusher of the commit is"),
    ];
    for ((author, committer, pusher), named) in unknown {
        let run = made_by(waiting(), author, committer, pusher);
        let Err(Refusal::HeldUp(why)) = approves(&run, BOB) else { panic!("{named}") };
        assert!(why.contains(named), "{why}");
        assert_eq!(says(&run, BOB, Choice::Reject, &release(&run)), Ok("bob".to_owned()));
    }
    let mut silent = waiting();
    silent.state.stages[0].jobs[0].attempts[0].evidence = None;
    assert!(matches!(approves(&silent, BOB), Err(Refusal::HeldUp(_))));
}

#[test]
fn nobody_is_left_out_where_the_settings_say_so() {
    let settings = asking(|asked| asked.exclude_author = false);
    let run = take(&built_run(DEFINITION_OF_ONE), &standing(settings, |_| {}));
    assert_eq!(approves(&run, ADA), Ok("ada".to_owned()));
}

#[test]
fn a_principal_that_is_nobody_s_has_no_voice() {
    for sender in ["AIDAEXAMPLEUSERID0009", "AROAEXAMPLEROLEID0002:ada", "ada", ""] {
        assert_eq!(approves(&waiting(), sender), Err(Refusal::Unmapped(sender.to_owned())));
    }
    let (run, environment) = (waiting(), test());
    let (choice, release) = (Choice::Approve, release(&run));
    let word = Word { environment: &environment, choice, release: &release, sender: BOB };
    let nobody = judge(&run, None, word, at(4)).unwrap_err();
    assert_eq!(nobody, Refusal::Unmapped(BOB.to_owned()), "without people.json nobody has one");
}

#[test]
fn who_is_in_none_of_the_groups_has_no_voice_not_even_to_reject() {
    for choice in [Choice::Approve, Choice::Reject] {
        let run = waiting();
        let refused = says(&run, "AIDAEXAMPLEUSERID0004", choice, &release(&run)).unwrap_err();
        assert!(refused.to_string().starts_with("eve is in none of the groups"), "{refused}");
    }
}

#[test]
fn a_word_about_another_release_does_not_count() {
    let run = waiting();
    let refused = says(&run, BOB, Choice::Approve, &hash('0')).unwrap_err();
    assert_eq!(refused, Refusal::OtherRelease { meant: hash('0'), waiting: release(&run) });
    let before = release(&run);
    let newer = asking(|asked| asked.required = 3);
    let run = take(&run, &standing(newer, |_| {}));
    let refused = says(&run, BOB, Choice::Approve, &before).unwrap_err();
    assert!(matches!(refused, Refusal::OtherRelease { .. }), "settings are part of the release");
}

#[test]
fn a_person_counts_once_with_all_principals_and_may_still_reject() {
    let run = told(&waiting(), "bob", Choice::Approve);
    let bob = PersonName::parse("bob").unwrap();
    for principal in [BOB, "AIDAEXAMPLEUSERID0003"] {
        assert_eq!(approves(&run, principal), Err(Refusal::Again(bob.clone())));
    }
    assert_eq!(says(&run, BOB, Choice::Reject, &release(&run)), Ok("bob".to_owned()));
    assert_eq!(told(&run, "bob", Choice::Reject).state.phase, Phase::Failed);
}

#[test]
fn two_sessions_of_one_role_are_one_person() {
    let run = waiting();
    let session = |name: &str| format!("AROAEXAMPLEROLEID0001:{name}");
    assert_eq!(approves(&run, &session("grace")), Ok("shared".to_owned()));
    let run = told(&run, "shared", Choice::Approve);
    let refused = approves(&run, &session("linus")).unwrap_err();
    assert_eq!(refused, Refusal::Again(PersonName::parse("shared").unwrap()));
}

#[test]
fn a_word_after_the_time_is_too_late_though_nobody_has_noticed_yet() {
    let (run, environment) = (waiting(), test());
    let (choice, release) = (Choice::Approve, release(&run));
    let word = Word { environment: &environment, choice, release: &release, sender: BOB };
    let since = gate(&run.state, &environment).unwrap().started_at.unwrap();
    let after = |seconds| since.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    assert!(judge(&run, Some(&people()), word, after(60)).is_ok());
    let late = judge(&run, Some(&people()), word, after(61)).unwrap_err();
    assert!(matches!(late, Refusal::Expired(_)), "{late}");
}

#[test]
fn a_run_that_does_not_wait_there_is_not_decided_about() {
    let waits = waiting();
    let why = |run: &Run, environment: &str| {
        let environment = &EnvironmentName::parse(environment).unwrap();
        let release = &release(&waits);
        let word = Word { environment, choice: Choice::Approve, release, sender: BOB };
        match judge(run, Some(&people()), word, at(4)) {
            Err(Refusal::NotWaiting { why, .. }) => why,
            other => panic!("{other:?}"),
        }
    };
    let newer = standing(asking(|_| {}), |one| one.newer = Some(other_run(59)));
    assert_eq!(why(&take(&waits, &newer), "test"), "it is over (superseded)");
    assert_eq!(why(&built_run(DEFINITION_OF_ONE), "test"), "it has not come there yet");
    assert_eq!(why(&waits, "moon"), "it does not go there");
    let open = take(&built_run(DEFINITION_OF_ONE), &standing(super::gates::plain(), |_| {}));
    assert_eq!(why(&open, "test"), "test-approve succeeded");
}

#[test]
fn facts_that_name_people_make_documents_that_older_code_leaves_alone() {
    let Fact::Triggered(plain) = begun().register.entries()[0].fact.clone() else { unreachable!() };
    assert_eq!(Fact::Triggered(plain.clone()).schema(), 1);
    let pushed = Trigger { pushed_by: Some("github.com/ada".to_owned()), ..plain };
    assert_eq!(Fact::Triggered(pushed).schema(), 4);
    let checkout = attempt("checkout", "checkout", 1);
    assert_eq!(reported(&checkout, report(0)).schema(), 1);
    let run = waiting();
    let evidence = run.state.stages[0].jobs[0].attempts[0].evidence.clone().unwrap();
    let told = Fact::Reported(Reported { attempt: checkout, evidence, verdicts: Vec::new() });
    assert_eq!(told.schema(), 4);
    let said = serde_json::to_string(&told).unwrap();
    assert_eq!(serde_json::from_str::<Fact>(&said).unwrap(), told);
}

/// One that this version wrote: it is never changed.
#[test]
fn a_run_that_waits_for_people_is_read_for_ever_and_goes_on_when_they_approve() {
    let run: Run = super::golden::load(4, "asking");
    assert_eq!((run.schema, run.register.verify()), (4, Ok(())));
    assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state);
    assert_eq!(run.seal, Some(run.sealed()));
    assert!(matches!(approves(&run, ADA), Err(Refusal::Maker { .. })));
    assert_eq!(approves(&run, BOB), Ok("bob".to_owned()));
    let run = told(&told(&run, "bob", Choice::Approve), "shared", Choice::Approve);
    let run = take(&run, &standing(asking(|_| {}), |_| {}));
    assert_eq!(submissions(&run), ["test-verify/e2e attempt 1"]);
}
