use crate::settings::{Settings, parse};

fn settings(freeze: &str) -> Settings {
    parse(&text(freeze)).unwrap_or_else(|faults| panic!("{freeze}: {faults}"))
}

fn text(freeze: &str) -> String {
    format!("version: 1\nenvironment: production\nfreeze:\n{freeze}")
}

fn refused(freeze: &str) -> String {
    parse(&text(freeze)).expect_err(freeze).to_string()
}

/// Until when `settings` are frozen at `time`.
fn until(settings: &Settings, time: &str) -> Option<String> {
    settings.frozen(time.parse().unwrap()).map(|frozen| frozen.until.to_string())
}

const WEEKEND: &str = "  - { cron: \"0 17 * * FRI\", for: 64h, reason: weekend }\n";

#[test]
fn a_freeze_lasts_from_its_first_second_to_its_last() {
    let settings = settings(WEEKEND);
    assert_eq!(settings.schema, 3, "older code would release on a weekend");
    for (time, expected) in [
        ("2026-11-20T16:59:59Z", None),
        ("2026-11-20T17:00:00Z", Some("2026-11-23T09:00:00Z")),
        ("2026-11-22T12:00:00Z", Some("2026-11-23T09:00:00Z")),
        ("2026-11-23T08:59:59Z", Some("2026-11-23T09:00:00Z")),
        ("2026-11-23T09:00:00Z", None),
    ] {
        assert_eq!(until(&settings, time).as_deref(), expected, "{time}");
    }
}

#[test]
fn a_pattern_is_of_its_zone_in_summer_and_in_winter() {
    let night = "  - { cron: \"0 22 * * *\", zone: Europe/Berlin, for: 8h, reason: night }\n";
    let settings = settings(night);
    assert_eq!(until(&settings, "2026-01-10T21:00:00Z").as_deref(), Some("2026-01-11T05:00:00Z"));
    assert_eq!(until(&settings, "2026-01-10T20:59:59Z"), None);
    assert_eq!(until(&settings, "2026-07-10T20:00:00Z").as_deref(), Some("2026-07-11T04:00:00Z"));
}

#[test]
fn freezes_that_follow_each_other_are_one_wait() {
    let both = format!("{WEEKEND}  - {{ cron: \"0 9 23 11 *\", for: 1d, reason: inventory }}\n");
    let settings = settings(&both);
    let frozen = settings.frozen("2026-11-21T00:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(frozen.until.to_string(), "2026-11-24T09:00:00Z");
    assert_eq!(frozen.reason, "weekend");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let found = refused(
        "  - { cron: \"0 17 * *\", for: 64, reason: x }\n  \
         - { cron: \"61 17 * * *\", for: 30s, reason: x, until: never }\n  \
         - { cron: \"0 0 30 2 *\", zone: Mars, for: 1h, reason: \"\" }\n  - { for: 1h }\n",
    );
    let expected = [
        "4:13: `cron` is no cron pattern of five fields; write five fields, such as \"0 17 * * FRI\"",
        "4:30: `for` is wrong: \"64\" is not a duration",
        "5:13: `cron` is no cron pattern: ",
        "5:33: `for` is wrong: a freeze lasts from one minute to 60 days",
        "5:49: unknown key `until`",
        "6:13: `cron` never comes: there is no such day",
        "6:33: `zone` is no time zone",
        "6:56: `reason` is empty",
        "7:5: `cron` is missing: a freeze needs it",
        "7:5: `reason` is missing: a freeze needs it",
    ];
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{found}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}\n{expected}");
    }
}

#[test]
fn a_freeze_without_end_is_refused() {
    let words = "`freeze` never ends: one freeze follows the other";
    assert!(refused("  - { cron: \"0 * * * *\", for: 2h, reason: x }\n").contains(words));
    let halves = "  - { cron: \"0 0 * * *\", for: 12h, reason: x }\n  \
                  - { cron: \"0 12 * * *\", for: 12h, reason: y }\n";
    assert!(refused(halves).contains(words));
}
