use serde_json::json;

use super::*;

const FAILED: &str = include_str!("../../tests/golden/1/run-failed.json");
const RELEASED: &str = include_str!("../../tests/golden/1/run-released.json");
const CANCELLED: &str = include_str!("../../tests/golden/2/run-cancelled.json");
const RUNNING: &str = include_str!("../../tests/golden/1/run-in-checks.json");

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:signalbox-releases";

fn run(text: &str) -> Run {
    serde_json::from_str(text).unwrap()
}

fn topic() -> Vec<Target> {
    vec![Target::Sns(TOPIC.parse().unwrap())]
}

#[test]
fn the_end_of_a_run_says_what_failed_and_why_and_how_to_go_on() {
    let run = run(FAILED);
    let notice = Notice::of_end(&run, topic()).unwrap();
    assert_eq!(notice.kind, Kind::Finished);
    assert_eq!(notice.id.as_str(), format!("rain.{}.end", run.id));
    assert_eq!(Some(notice.at), run.state.ended_at);
    let failed = run.state.stages.iter().find(|stage| stage.phase == Phase::Failed).unwrap();
    let job = failed.jobs.iter().find(|job| job.phase == Phase::Failed).unwrap();
    let told = format!("{}/{} failed: {}", failed.name, job.name, job.reason.as_ref().unwrap());
    assert!(notice.text.contains(&told), "{}", notice.text);
    assert!(notice.subject.contains(&format!("failed in {}", failed.name)), "{}", notice.subject);
    assert_eq!(notice.command, format!("signalbox show {}", run.id));
}

#[test]
fn a_notice_is_the_same_however_often_it_is_made() {
    for text in [FAILED, RELEASED, CANCELLED] {
        let notice = Notice::of_end(&run(text), topic());
        assert!(notice.is_some());
        assert_eq!(notice, Notice::of_end(&run(text), topic()));
    }
}

#[test]
fn nobody_is_told_of_a_run_that_goes_on_or_that_a_newer_one_replaced() {
    assert_eq!(Notice::of_end(&run(RUNNING), topic()), None);
    let mut replaced = run(FAILED);
    replaced.state.phase = Phase::Superseded;
    assert_eq!(Notice::of_end(&replaced, topic()), None);
}

#[test]
fn a_failure_of_the_machinery_is_told_apart() {
    let mut errored = run(FAILED);
    errored.state.phase = Phase::Errored;
    assert_eq!(Notice::of_end(&errored, topic()).unwrap().kind, Kind::Errored);
}

#[test]
fn other_peoples_words_move_no_cursor_and_fill_no_mailbox() {
    let mut failed = run(FAILED);
    let job = failed.state.stages.iter_mut().flat_map(|stage| &mut stage.jobs);
    let job = job.filter(|job| job.phase == Phase::Failed).last().unwrap();
    job.reason = Some(format!("\u{1b}[2Jgone\r{}", "ä".repeat(9000)));
    let notice = Notice::of_end(&failed, topic()).unwrap();
    assert!(!notice.text.contains(['\u{1b}', '\r']), "{}", notice.text);
    assert_eq!(notice.text.chars().count(), LONGEST_TEXT);
    let long = subject_line(&"ä\n".repeat(200));
    assert_eq!((long.len(), long.is_ascii()), (LONGEST_SUBJECT, true));
}

#[test]
fn the_message_is_read_again_as_it_was_written() {
    let notice = Notice::of_end(&run(FAILED), topic()).unwrap();
    let wire = serde_json::to_value(&notice).unwrap();
    assert_eq!(wire["schema"], 1);
    assert_eq!(wire["kind"], "finished");
    assert_eq!(wire["targets"], json!([{ "sns": TOPIC }]));
    assert_eq!(serde_json::from_value::<Notice>(wire).unwrap(), notice);
}

#[test]
fn a_target_is_something_that_the_function_may_reach() {
    let wrong = [
        json!({ "sns": "arn:aws:sns:eu-west-1:123456789012:alarms" }),
        json!({ "sns": "arn:aws:sns:eu-west-1:123456789012:signalbox-x.fifo" }),
        json!({ "sns": "arn:aws:sqs:eu-west-1:123456789012:signalbox-x" }),
        json!({ "sns": "arn:aws:sns:eu-west-1:12345678901:signalbox-x" }),
        json!({ "webhook": "https://example.com/hook" }),
        json!({ "webhook": "secret:database" }),
        json!({ "webhook": "secret:signalbox/" }),
        json!({ "github": "ghp_0123456789" }),
        json!({ "codecommit": "status" }),
        json!({ "email": "ops@example.com" }),
    ];
    for wire in wrong {
        assert!(serde_json::from_value::<Target>(wire.clone()).is_err(), "{wire}");
    }
    for wire in [
        json!({ "sns": "arn:aws-cn:sns:cn-north-1:123456789012:signalbox-x" }),
        json!({ "webhook": "secret:signalbox/chat" }),
        json!({ "github": "secret:signalbox/github" }),
        json!({ "codecommit": "comment" }),
    ] {
        let target: Target = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(target.to_string().parse(), Ok(target.clone()));
        assert_eq!(serde_json::to_value(target).unwrap(), wire);
    }
    assert!("mail=ops@example.com".parse::<Target>().is_err());
    assert_eq!(SecretName::parse("secret:signalbox/chat").unwrap().id(), "signalbox/chat");
}
