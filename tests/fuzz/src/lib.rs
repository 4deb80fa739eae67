//! Everything that reads bytes from outside, each as a function of bytes that must come back from
//! any input, in bounded time and memory, without a panic.
//!
//! The fuzzer calls these (`fuzz/README.md`); so does the test `corpus`, with every input that is
//! kept in `fuzz/corpus/`. Where there is a writer too, what was read is written and read again, and
//! must be the same.

mod documents;
mod events;
mod results;
mod texts;

pub use documents::{environment, head, registration, run, stored_settings};
pub use events::{batch, codecommit, decision, ecr};
pub use results::{junit, metrics, result};
pub use texts::{condition, definition, settings};

/// Something that reads bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: of the program in `fuzz/fuzz_targets` and of the folder in `fuzz/corpus`.
    pub name: &'static str,
    /// What it does with them.
    pub read: fn(&[u8]),
    /// Folders of the repository whose files are inputs too.
    pub seeds: &'static [&'static str],
}

const EVENTS: &[&str] = &["events"];
const EXAMPLES: &[&str] = &["examples"];
const NONE: &[&str] = &[];

/// All of them.
pub const TARGETS: [Target; 15] = [
    Target { name: "batch", read: batch, seeds: EVENTS },
    Target { name: "codecommit", read: codecommit, seeds: EVENTS },
    Target { name: "condition", read: condition, seeds: NONE },
    Target { name: "decision", read: decision, seeds: NONE },
    Target { name: "definition", read: definition, seeds: EXAMPLES },
    Target { name: "ecr", read: ecr, seeds: EVENTS },
    Target { name: "environment", read: environment, seeds: NONE },
    Target { name: "head", read: head, seeds: NONE },
    Target { name: "junit", read: junit, seeds: NONE },
    Target { name: "metrics", read: metrics, seeds: NONE },
    Target { name: "registration", read: registration, seeds: NONE },
    Target { name: "result", read: result, seeds: NONE },
    Target { name: "run", read: run, seeds: NONE },
    Target { name: "settings", read: settings, seeds: EXAMPLES },
    Target { name: "stored_settings", read: stored_settings, seeds: NONE },
];

/// Writes `value` as JSON and reads that again.
fn again<T>(value: &T) -> T
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let written = serde_json::to_vec(value).unwrap_or_else(|error| panic!("not written: {error}"));
    serde_json::from_slice(&written).unwrap_or_else(|error| {
        panic!("what was written is not read: {error}: {}", String::from_utf8_lossy(&written))
    })
}

/// Asserts that `value` is the same after it was written and read.
#[track_caller]
fn is_stable<T>(value: &T)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    assert_eq!(again(value), *value, "another value was read than was written");
}
