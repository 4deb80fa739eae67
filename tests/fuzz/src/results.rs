//! What jobs leave behind: anybody who can write a test can write these.

use signalbox_pipeline::report::Report;

use crate::is_stable;

/// How many bytes of notes one byte of a `metrics.json` may cause: `a:0,` under a long name, with a sentence around it.
const MOST_SAID: usize = 256;

/// A `result.json`.
pub fn result(bytes: &[u8]) {
    if let Ok(report) = serde_json::from_slice::<Report>(bytes) {
        is_stable(&report);
    }
}

/// A JUnit file.
pub fn junit(bytes: &[u8]) {
    if let Ok(tests) = signalbox_runner::cases(bytes) {
        assert_eq!(tests.total, tests.passed + tests.failed + tests.errored + tests.skipped);
        is_stable(&tests);
    }
}

/// A `metrics.json`.
pub fn metrics(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut notes = Vec::new();
    if let Ok(metrics) = signalbox_runner::numbers(text, &mut notes) {
        is_stable(&metrics);
    }
    let said: usize = notes.iter().map(String::len).sum();
    assert!(said <= MOST_SAID * bytes.len(), "{said} bytes are said about {}", bytes.len());
}
