use super::*;

fn decision(what: What) -> Decision {
    Decision {
        id: EventId::parse("d1").unwrap(),
        at: "2026-11-20T09:20:00Z".parse().unwrap(),
        expires: "2026-11-20T10:20:00Z".parse().unwrap(),
        what,
    }
}

fn run() -> RunKey {
    RunKey {
        pipeline: "rain".parse().unwrap(),
        run: "20261120t091427z-9a2d57f-53c2ec4d".parse().unwrap(),
    }
}

fn verdict(reason: Option<&str>, break_glass: bool) -> Verdict {
    Verdict {
        run: run(),
        environment: "production".parse().unwrap(),
        release: "d".repeat(64).parse().unwrap(),
        reason: reason.map(str::to_owned),
        break_glass,
    }
}

fn steer(reason: Option<&str>, to: Option<RunId>) -> Steer {
    Steer {
        pipeline: "rain".parse().unwrap(),
        environment: "production".parse().unwrap(),
        meant_for: Generation { holds: 3, current: Some(run().run), candidate: None },
        to,
        reason: reason.map(str::to_owned),
    }
}

#[test]
fn whoever_keeps_releases_out_says_why_and_for_which_state() {
    for what in [What::Hold(steer(None, None)), What::Rollback(steer(Some(" "), None))] {
        let message = decision(what).message().unwrap();
        assert!(Decision::parse(&message).unwrap_err().to_string().contains("has to say why"));
    }
    let message = decision(What::Resume(steer(None, None))).message().unwrap();
    let unbound = message.replace(",\"holds\":3", "");
    assert!(unbound != message && Decision::parse(&unbound).is_err(), "{unbound}");
    let with_to = message.replace("\"holds\":3", "\"holds\":3,\"to\":\"x\"");
    assert!(Decision::parse(&with_to).is_err());
}

#[test]
fn what_is_written_is_read_as_it_was() {
    let event = EventId::parse("d107ea36").unwrap();
    for what in [
        What::Cancel(Cancel { run: run(), reason: None }),
        What::Cancel(Cancel { run: run(), reason: Some("\"enough\"".to_owned()) }),
        What::Retry(Retry { run: run(), from: None, definition: Follow::Original }),
        What::Retry(Retry {
            run: run(),
            from: Some("test-verify".parse().unwrap()),
            definition: Follow::Current,
        }),
        What::Approve(verdict(None, false)),
        What::Approve(verdict(Some("it burns"), true)),
        What::Reject(verdict(Some("not before the audit"), false)),
        What::Rollback(steer(Some("it drifts"), Some(run().run))),
        What::Hold(steer(Some("audit"), None)),
        What::Resume(steer(None, None)),
        What::Replay(Replay::Archived { day: "2026-11-20".parse().unwrap(), event }),
        What::Replay(Replay::Inline(signalbox_testkit::fixture("codecommit-push.json"))),
    ] {
        let written = decision(what);
        let read = Decision::parse(&written.message().unwrap()).unwrap();
        let trimmed = |decision: Decision| match decision.what {
            What::Replay(Replay::Inline(text)) => {
                let what = What::Replay(Replay::Inline(text.trim().to_owned()));
                Decision { what, ..decision }
            }
            _ => decision,
        };
        assert_eq!(trimmed(read), trimmed(written));
    }
}

#[test]
fn a_decision_holds_until_it_expires_and_not_before_it_is_made() {
    let decision = decision(What::Cancel(Cancel { run: run(), reason: None }));
    let at = |time: &str| decision.holds(format!("2026-11-20T{time}Z").parse().unwrap());
    assert!(at("09:20:00").is_ok() && at("10:19:59").is_ok());
    assert!(at("09:15:00").is_ok(), "clocks differ by a little");
    assert!(at("10:20:00").is_err() && at("09:14:59").is_err());
}

#[test]
fn a_decision_cut_anywhere_is_malformed_and_never_a_panic() {
    let message = decision(What::Cancel(Cancel { run: run(), reason: None })).message().unwrap();
    for end in 0..message.len() {
        assert!(Decision::parse(&message[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn a_verdict_is_read_to_the_last_key() {
    let message = decision(What::Approve(verdict(Some("fine"), false))).message().unwrap();
    let edits = [
        ("\"release\":", "\"digest\":", "unknown field `digest`"),
        ("\"environment\":\"production\",", "", "a key is missing (environment)"),
        (",\"release\":\"dddd", ",\"release\":\"xddd", "is not a SHA-256"),
        ("\"kind\":\"approve\"", "\"kind\":\"cancel\"", "a cancel has no key `environment`"),
        ("\"reason\":\"fine\"", "\"break_glass\":true", "has to say why"),
        ("\"reason\":\"fine\"", "\"reason\":\" \",\"break_glass\":true", "has to say why"),
        ("\"reason\":\"fine\"", "\"by\":\"AIDAEXAMPLEUSERID0001\"", "unknown field `by`"),
        ("\"reason\":\"fine\"", "\"from\":\"checkout\"", "an approval has no key `from`"),
    ];
    for (from, to, expected) in edits {
        let edited = message.replacen(from, to, 1);
        assert_ne!(edited, message, "{from}");
        let error = Decision::parse(&edited).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let broken = decision(What::Approve(verdict(Some("it burns"), true))).message().unwrap();
    let rejected = broken.replace("\"approve\"", "\"reject\"");
    let error = Decision::parse(&rejected).unwrap_err().to_string();
    assert!(error.contains("a rejection has no key `break_glass`"), "{error}");
}
