//! The line of a log that says most about a failure.

/// As much of the end of a log as is looked at: what a command says last is about its end.
const LOOKED_AT: usize = 64 * 1024;
/// As much of the line as is repeated.
const LONGEST: usize = 200;
/// What such a line holds, as compilers, test runners and Python write it.
const SIGNS: [&str; 6] = ["Error:", "error:", "Exception:", "FAIL:", "ERROR:", "fatal:"];

/// The first line near the end of `log` that sounds like a failure, or else its last.
pub(super) fn telling(log: &[u8]) -> Option<String> {
    let end = log.get(log.len().saturating_sub(LOOKED_AT)..)?;
    let text = String::from_utf8_lossy(end);
    let lines = || text.lines().map(str::trim).filter(|line| says_something(line));
    let sounds = |line: &&str| SIGNS.iter().any(|sign| line.contains(sign));
    let line = lines().find(sounds).or_else(|| lines().next_back())?;
    Some(crate::fault::one_line(line, LONGEST))
}

/// Whether a line is the command's own, and more than a rule.
fn says_something(line: &str) -> bool {
    !line.starts_with("signalbox: ") && line.contains(|c: char| c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_sounds_wrong_tells_the_most() {
        let log = b"signalbox: Error: ours\nok\n=====\nTraceback (most recent call last):\n  File \"a.py\"\n\
                    ValueError: no such column: rain\nsignalbox: done\n";
        assert_eq!(telling(log).as_deref(), Some("ValueError: no such column: rain"));
        let log = b"...F\n======\nFAIL: test_a (tests.A)\n------\nAssertionError: 1 != 2\n\nRan 4 tests\n";
        assert_eq!(telling(log).as_deref(), Some("FAIL: test_a (tests.A)"));
    }

    #[test]
    fn where_nothing_sounds_wrong_it_is_the_last_and_of_an_empty_log_nothing() {
        assert_eq!(telling(b"one\ntwo\n-----\n").as_deref(), Some("two"));
        assert_eq!(telling(b"\n ---\nsignalbox: source unpacked\n"), None);
        let long = telling("x".repeat(100_000).as_bytes()).unwrap();
        assert_eq!(long.chars().count(), LONGEST);
    }
}
