use super::*;
use crate::names::{PipelineName, RunId};

const BEGUN: &str = include_str!("golden/run-1-begun.json");
const CHECKED_OUT: &str = include_str!("golden/run-1-checked-out.json");
const RELEASING: &str = include_str!("golden/run-1-releasing.json");
const DONE: &str = include_str!("golden/run-1.json");
const WITHOUT_SEAL: &str = include_str!("golden/run-1-without-seal.json");
const ENVIRONMENT: &str = include_str!("golden/environment-1.json");

const ID: &str = "20260111t234000z-3e5983d-b94f5231";
const ENVIRONMENT_KEY: &str = "pipelines/rain/environments/test/environment.json";

fn key(pipeline: &str, run: &str) -> String {
    keys::state::run(&PipelineName::parse(pipeline).unwrap(), &RunId::parse(run).unwrap())
}

fn findings(text: &str) -> Vec<Finding> {
    audit(&key("rain", ID), text.as_bytes()).unwrap_err()
}

/// What is found after `alter` has changed the finished run, its seal made to fit again: only what
/// protects the place itself is left to find it.
fn altered(alter: impl FnOnce(&mut Value)) -> Vec<Finding> {
    let mut value: Value = serde_json::from_str(DONE).unwrap();
    alter(&mut value);
    let mut run: Run = serde_json::from_value(value).unwrap();
    run.seal = Some(run.sealed());
    findings(&serde_json::to_string(&run).unwrap())
}

fn told(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn run(text: &str) -> Run {
    match audit(&key("rain", ID), text.as_bytes()) {
        Ok(Audited::Run(run)) => *run,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_found_in_what_signalbox_wrote() {
    for text in [BEGUN, CHECKED_OUT, RELEASING, DONE, WITHOUT_SEAL] {
        assert_eq!(run(text).id.as_str(), ID);
    }
    let environment = audit(ENVIRONMENT_KEY, ENVIRONMENT.as_bytes());
    assert!(matches!(environment, Ok(Audited::Environment(_))), "{environment:?}");
}

#[test]
fn a_flip_of_any_byte_is_found() {
    let every = (0..BEGUN.len()).map(|index| (BEGUN, index));
    let some = (0..RELEASING.len()).step_by(13).map(|index| (RELEASING, index));
    for (text, index) in every.chain(some) {
        let mut bytes = text.as_bytes().to_vec();
        bytes[index] ^= 1;
        let found = audit(&key("rain", ID), &bytes);
        assert!(found.is_err(), "byte {index}, {:?}", &text[index.saturating_sub(40)..=index]);
    }
}

#[test]
fn a_byte_that_is_lost_or_added_is_found() {
    for index in (0..DONE.len()).step_by(101) {
        let mut bytes = DONE.as_bytes().to_vec();
        let byte = bytes.remove(index);
        assert!(audit(&key("rain", ID), &bytes).is_err(), "without byte {index}");
        bytes.insert(index, byte);
        bytes.insert(index, byte);
        assert!(audit(&key("rain", ID), &bytes).is_err(), "byte {index} twice");
    }
}

#[test]
fn an_altered_fact_is_named_with_what_it_makes_of_the_state() {
    let found = altered(|run| {
        run["register"][1]["fact"]["ending"]["stopped_at"] = "2026-01-11T23:50:00Z".into();
    });
    assert_eq!(
        told(&found),
        "entry 2: it was altered: entry 3 holds another hash of it\n\
         the state is not what the register folds to: \
         state.stages[0].jobs[0].attempts[0].ending.stopped_at is \"2026-01-11T23:40:02Z\" and \
         must be \"2026-01-11T23:50:00Z\""
    );
}

#[test]
fn who_is_said_to_have_brought_a_fact_cannot_be_altered() {
    let found = altered(|run| run["register"][4]["actor"] = "somebody".into());
    assert_eq!(told(&found), "entry 5: it was altered: entry 6 holds another hash of it");
}

#[test]
fn an_altered_hash_is_named() {
    let found = altered(|run| run["register"][3]["prev"] = "0".repeat(64).into());
    assert_eq!(told(&found), "entry 4: it holds a false hash of the one before");
    let found = altered(|run| run["register"][0]["prev"] = "0".repeat(64).into());
    assert_eq!(told(&found), "entry 1: it holds a false hash of the one before");
}

#[test]
fn the_last_entry_is_held_by_the_seal() {
    let mut value: Value = serde_json::from_str(DONE).unwrap();
    let last = value["register"].as_array().unwrap().len() - 1;
    value["register"][last]["actor"] = "somebody".into();
    let found = findings(&value.to_string());
    assert!(told(&found).contains("the seal does not fit"), "{found:#?}");
}

#[test]
fn entries_that_changed_places_are_named() {
    let found = altered(|run| run["register"].as_array_mut().unwrap().swap(2, 3));
    assert!(told(&found).contains("entry 4: it stands where entry 3 belongs"), "{found:#?}");
    let renumbered = altered(|run| {
        run["register"].as_array_mut().unwrap().swap(2, 3);
        run["register"][2]["seq"] = 3.into();
        run["register"][3]["seq"] = 4.into();
    });
    assert!(told(&renumbered).contains("entry 3: it holds a false hash"), "{renumbered:#?}");
}

#[test]
fn an_entry_that_was_taken_out_is_missed() {
    let found = altered(|run| drop(run["register"].as_array_mut().unwrap().remove(3)));
    assert!(told(&found).contains("entry 5: it stands where entry 4 belongs"), "{found:#?}");
}

#[test]
fn the_last_entry_cannot_go_while_the_state_stays() {
    let found = altered(|run| drop(run["register"].as_array_mut().unwrap().pop()));
    let told = told(&found);
    assert!(told.contains(r#"state.phase is "succeeded" and must be "running""#), "{told}");
}

#[test]
fn a_state_that_was_edited_is_named_with_what_the_register_says() {
    let found = altered(|run| run["state"]["stages"][1]["phase"] = "failed".into());
    assert_eq!(
        told(&found),
        "the state is not what the register folds to: state.stages[1].phase is \"failed\" and must \
         be \"succeeded\""
    );
}

#[test]
fn a_pending_effect_cannot_be_altered() {
    let text =
        RELEASING.replace("environment\":\"test\",\"release", "environment\":\"prod\",\"release");
    assert_ne!(text, RELEASING);
    assert!(told(&findings(&text)).starts_with("the seal does not fit"), "{text}");
}

#[test]
fn a_document_under_the_key_of_another_is_found() {
    let other = "20260111t234000z-3e5983d-00000000";
    for key in [key("snow", ID), key("rain", other)] {
        let found = audit(&key, DONE.as_bytes()).unwrap_err();
        assert_eq!(
            told(&found),
            format!("the document belongs under the key {}", self::key("rain", ID))
        );
    }
    assert_eq!(audit("pipelines/rain/runs/2026/01/12/x/run.json", b"{"), Ok(Audited::Unknown));
    let found = audit("pipelines/rain/environments/prod/environment.json", ENVIRONMENT.as_bytes());
    assert!(told(&found.unwrap_err()).contains("environments/test/"));
}

#[test]
fn a_run_that_took_the_id_of_another_commit_is_found() {
    let other = "20260111t234000z-aaaaaaa-b94f5231";
    let text =
        WITHOUT_SEAL.replacen(&format!("\"id\":\"{ID}\""), &format!("\"id\":\"{other}\""), 1);
    let found = audit(&key("rain", other), text.as_bytes()).unwrap_err();
    assert_eq!(told(&found), "the run is one of commit aaaaaaa, not of 3e5983d");
}

#[test]
fn what_cannot_be_read_is_named_by_its_entry() {
    let broken = DONE.replacen("\"kind\":\"reported\"", "\"kind\":\"reporte!\"", 1);
    let found = findings(&broken);
    assert!(told(&found).starts_with("entry 3: it cannot be read: unknown variant"), "{found:#?}");
    let at = DONE.find("{\"seq\":5").unwrap() + 10;
    let cut = &DONE[..at];
    let found = findings(cut);
    assert!(told(&found).starts_with("entry 5: it is not JSON: EOF"), "{found:#?}");
}

#[test]
fn a_member_that_nobody_writes_is_found() {
    let text = DONE.replacen("\"image\":{", "\"imaga\":{", 1);
    assert!(told(&findings(&text)).contains("state.imaga"), "{}", told(&findings(&text)));
    let spaced = DONE.replacen("\"schema\":1,", "\"schema\": 1,", 1);
    assert!(told(&findings(&spaced)).contains("from byte 10 on"), "{}", told(&findings(&spaced)));
}

#[test]
fn a_newer_schema_is_said_to_be_one() {
    let newer = DONE.replacen("\"schema\":1", "\"schema\":9", 1);
    assert!(told(&findings(&newer)).starts_with("it has schema 9, and this version"));
}

#[test]
fn a_version_goes_on_from_the_one_before() {
    let (begun, checked_out, done) = (run(BEGUN), run(CHECKED_OUT), run(DONE));
    assert_eq!(follows(&begun, &checked_out), Ok(()));
    let gap = follows(&checked_out, &done).unwrap_err();
    assert!(told(&gap).starts_with("revision 8 stands where revision 3 belongs"), "{gap:?}");
    let back = follows(&checked_out, &begun).unwrap_err();
    assert!(told(&back).starts_with("entry 2: the version before holds another"), "{back:?}");
}

#[test]
fn a_live_release_is_one_that_its_run_verified() {
    let Ok(Audited::Environment(mut environment)) = audit(ENVIRONMENT_KEY, ENVIRONMENT.as_bytes())
    else {
        panic!("it is whole");
    };
    assert_eq!(verified(&environment, &run(DONE)), Ok(()));
    let none = verified(&environment, &run(CHECKED_OUT)).unwrap_err();
    assert!(told(&none).contains("has verified nothing in test"), "{none:?}");
    let swapped = crate::names::ImageDigest::parse(format!("sha256:{}", "e".repeat(64))).unwrap();
    environment.current.as_mut().unwrap().image = swapped;
    let other = verified(&environment, &run(DONE)).unwrap_err();
    assert!(told(&other).contains("current.image is \"sha256:eeee"), "{other:?}");
}

#[test]
fn settings_lie_under_their_own_digest() {
    let settings = crate::settings::parse("version: 1\nenvironment: test\n").unwrap();
    let environment = settings.environment.clone();
    let key = keys::state::settings_version(&environment, &settings.digest());
    let text = settings.to_json();
    assert_eq!(audit(&key, text.as_bytes()), Ok(Audited::Known));
    assert_eq!(audit(&keys::state::settings(&environment), text.as_bytes()), Ok(Audited::Known));
    let edited = text.replace("\"data\":{}", "\"data\":{\"A\":\"b\"}");
    let found = audit(&key, edited.as_bytes()).unwrap_err();
    assert!(told(&found).contains("the settings hash to"), "{found:?}");
}

#[test]
fn people_lie_under_their_own_digest() {
    let people = crate::people::parse("version: 1\npeople: { ada: { groups: [devs] } }\n").unwrap();
    let (key, text) = (keys::state::people_version(&people.digest()), people.to_json());
    assert_eq!(audit(&key, text.as_bytes()), Ok(Audited::Known));
    assert_eq!(audit(keys::state::PEOPLE, text.as_bytes()), Ok(Audited::Known));
    let found = audit(&key, text.replace("ada", "eve").as_bytes()).unwrap_err();
    assert!(told(&found).contains("the people hash to"), "{found:?}");
    assert!(Kept::at(&key).is_written_once() && !Kept::at(keys::state::PEOPLE).is_written_once());
}

#[test]
fn heads_and_events_are_known_by_their_keys() {
    let commit = "3e5983d000000000000000000000000000000000";
    let head = format!(
        r#"{{"schema":1,"revision":1,"write_id":"w","commit":"{commit}","pushed_at":"2026-01-11T23:40:00Z","run":"{ID}"}}"#
    );
    let key = "heads/example.com/rain/main.json";
    assert_eq!(audit(key, head.as_bytes()), Ok(Audited::Known));
    let other = head.replace("-3e5983d-", "-3e5983e-");
    assert!(told(&audit(key, other.as_bytes()).unwrap_err()).contains("3e5983e"));
    let event = "events/2026/01/11/e-1.json";
    assert_eq!(audit(event, br#"{"id": "e-1", "detail": {}}"#), Ok(Audited::Known));
    let other = audit(event, br#"{"id": "e-2", "detail": {}}"#).unwrap_err();
    assert_eq!(told(&other), "it is the event e-2");
    assert_eq!(audit("notes.json", b"anything"), Ok(Audited::Unknown));
}
