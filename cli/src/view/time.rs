//! Spans of time in a few characters.

use jiff::Timestamp;

/// How long it took or has taken, such as `3.2 s`, `4 m 05 s`, `2 h 10 m`.
pub(crate) fn took(seconds: f64) -> String {
    if seconds < 0.0 {
        return "0.0 s".to_owned();
    }
    if seconds < 60.0 {
        return format!("{:.1} s", (seconds * 10.0).floor() / 10.0);
    }
    let whole = whole(seconds);
    if whole < 3600 {
        return format!("{} m {:02} s", whole / 60, whole % 60);
    }
    format!("{} h {:02} m", whole / 3600, whole % 3600 / 60)
}

/// How long ago `then` was at `now`, such as `now`, `5 m`, `3 h`, `12 d`.
pub(crate) fn age(then: Timestamp, now: Timestamp) -> String {
    match now.as_second() - then.as_second() {
        ..5 => "now".to_owned(),
        seconds @ 5..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} m", seconds / 60),
        seconds @ 3600..86_400 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// The seconds from `start` to `end`.
pub(crate) fn between(start: Timestamp, end: Timestamp) -> f64 {
    end.duration_since(start).as_secs_f64()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds of a run; a cast of a larger number ends at the largest"
)]
fn whole(seconds: f64) -> u64 {
    seconds as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_as_precise_as_it_is_short() {
        for (seconds, text) in
            [(0.04, "0.0 s"), (59.99, "59.9 s"), (65.0, "1 m 05 s"), (7800.5, "2 h 10 m")]
        {
            assert_eq!(took(seconds), text);
        }
        assert_eq!(took(-1.0), "0.0 s", "clocks of two machines differ");
    }

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let now = Timestamp::from_second(1_768_174_800).unwrap();
        for (seconds, text) in [
            (-3, "now"),
            (0, "now"),
            (59, "59 s"),
            (3599, "59 m"),
            (86_399, "23 h"),
            (864_000, "10 d"),
        ] {
            let then = Timestamp::from_second(1_768_174_800 - seconds).unwrap();
            assert_eq!(age(then, now), text);
        }
    }
}
