use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_768_174_800 + second).unwrap()
}

fn commit(digit: char) -> CommitSha {
    CommitSha::parse(digit.to_string().repeat(40)).unwrap()
}

fn run(second: i64, digit: char) -> RunId {
    let time = at(second).strftime("%Y%m%dt%H%M%Sz");
    let commit = digit.to_string().repeat(7);
    RunId::parse(format!("{time}-{commit}-{second:08x}")).unwrap()
}

/// The push of `digit` at `second`, made a claim on `head`: the run that carries it.
fn push(head: &mut Option<Head>, digit: char, second: i64) -> RunId {
    let claim = Head::pushed(head.as_ref(), &commit(digit), at(second), &run(second, digit), "w");
    *head = claim.head.or(head.take());
    claim.run
}

/// `tick` sees `digit` at the branch: the run that it has to begin.
fn tick(head: &mut Option<Head>, digit: char, second: i64) -> Option<RunId> {
    let seen = run(second, digit);
    let claim = Head::found(head.as_ref(), &commit(digit), at(second), &seen, "w")?;
    *head = claim.head.or(head.take());
    Some(claim.run)
}

#[test]
fn every_push_makes_its_run_and_the_newest_owns_the_branch() {
    let mut head = None;
    assert_eq!(push(&mut head, 'a', 1), run(1, 'a'));
    assert_eq!(push(&mut head, 'c', 3), run(3, 'c'));
    assert_eq!(push(&mut head, 'b', 2), run(2, 'b'), "it came late, and makes its run");
    let head = head.unwrap();
    assert_eq!((head.commit, head.run, head.revision), (commit('c'), run(3, 'c'), 2));
}

#[test]
fn a_claim_says_which_runs_are_before_and_after_it_however_often_it_is_made() {
    let claim = |head: &Option<Head>, digit, second| {
        Head::pushed(head.as_ref(), &commit(digit), at(second), &run(second, digit), "w")
    };
    let mut head = None;
    push(&mut head, 'a', 1);
    let second = claim(&head, 'c', 3);
    assert_eq!((&second.before, &second.newer), (&Some(run(1, 'a')), &None));
    push(&mut head, 'c', 3);
    let again = claim(&head, 'c', 3);
    assert_eq!((again.head, again.before, again.newer), (None, second.before, None));
    let late = claim(&head, 'b', 2);
    assert_eq!((late.before, late.newer), (None, Some(run(3, 'c'))));
}

#[test]
fn a_push_that_comes_again_finds_its_claim() {
    let mut head = None;
    push(&mut head, 'a', 1);
    let claimed = head.clone();
    assert_eq!(push(&mut head, 'a', 1), run(1, 'a'));
    assert_eq!(head, claimed);
}

#[test]
fn tick_finds_nothing_where_an_event_has_come() {
    let mut head = None;
    push(&mut head, 'a', 1);
    assert_eq!(tick(&mut head, 'a', 9), None);
    push(&mut head, 'b', 20);
    assert_eq!(tick(&mut head, 'a', 15), None, "what it saw is older than the push");
}

#[test]
fn a_late_event_adopts_the_run_that_tick_has_begun_and_makes_no_second_one() {
    let mut head = None;
    push(&mut head, 'a', 1);
    assert_eq!(tick(&mut head, 'b', 9), Some(run(9, 'b')));
    assert_eq!(tick(&mut head, 'b', 70), Some(run(9, 'b')), "tick may have died in between");
    for _ in 0..3 {
        assert_eq!(push(&mut head, 'b', 5), run(9, 'b'));
    }
    assert_eq!(tick(&mut head, 'b', 130), None, "its event has come");
    push(&mut head, 'c', 200);
    assert_eq!(push(&mut head, 'b', 5), run(9, 'b'), "the same event, later still");
}

#[test]
fn a_found_run_is_adopted_once_and_a_true_push_of_the_same_commit_makes_its_own() {
    let mut head = None;
    tick(&mut head, 'a', 9);
    assert_eq!(push(&mut head, 'a', 5), run(9, 'a'));
    assert_eq!(push(&mut head, 'a', 300), run(300, 'a'));
}

#[test]
fn a_head_remembers_a_bounded_number_of_late_events() {
    let mut head = None;
    for round in 0..100 {
        let digit = if round % 2 == 0 { 'a' } else { 'b' };
        tick(&mut head, digit, 10 * round + 9);
        push(&mut head, digit, 10 * round + 5);
    }
    assert_eq!(head.unwrap().adopted.len(), REMEMBERED);
}

#[test]
fn a_head_that_was_written_before_commits_were_found_is_read_and_written_alike() {
    let text = r#"{"schema":1,"revision":1,"write_id":"w","commit":"3e5983d000000000000000000000000000000000","pushed_at":"2026-01-11T23:40:00Z","run":"20260111t234000z-3e5983d-3c6cfd33"}"#;
    let head: Head = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&head).unwrap(), text);
}

#[test]
fn a_late_event_adopts_its_found_run_also_when_the_branch_has_moved_on() {
    let mut head = None;
    assert_eq!(tick(&mut head, 'a', 10), Some(run(10, 'a')));
    push(&mut head, 'b', 20);
    assert_eq!(push(&mut head, 'a', 1), run(10, 'a'), "late: of the push that was found");
    assert_eq!(push(&mut head, 'a', 1), run(10, 'a'), "and as often as it comes");
    assert_eq!(push(&mut head, 'a', 2), run(2, 'a'), "another push of it, before the found one");
    assert_eq!(head.as_ref().unwrap().run, run(20, 'b'), "the newest owns the branch");
    assert_eq!(push(&mut head, 'a', 30), run(30, 'a'), "pushed again");
}

#[test]
fn what_is_remembered_of_found_commits_is_bounded() {
    let mut head = None;
    for second in 0..100 {
        let commit = CommitSha::parse(format!("{second:040x}")).unwrap();
        let claim = Head::found(head.as_ref(), &commit, at(second), &run(second, 'a'), "w");
        head = claim.unwrap().head;
    }
    let passed = head.unwrap().passed;
    assert_eq!(passed.len(), 32);
    assert_eq!(passed.values().min(), Some(&run(67, 'a')), "the oldest are forgotten");
}
