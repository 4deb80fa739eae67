//! What a journal holds after whatever happened to it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;

use super::{Journal, SMALL};

type Records = BTreeMap<String, String>;

struct Bench {
    _dir: TempDir,
    path: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("records.jsonl");
        Self { _dir: dir, path }
    }

    fn open(&self) -> (Journal, Records) {
        Journal::open(&self.path).unwrap()
    }
}

#[test]
fn the_last_line_of_a_key_counts() {
    let bench = Bench::new();
    let (mut journal, records) = bench.open();
    assert!(records.is_empty());
    for (key, record) in [("a", "1"), ("b \"\n", "2"), ("a", "3"), ("c", "4")] {
        journal.put(key, &record).unwrap();
    }
    journal.remove("c").unwrap();
    journal.remove("never there").unwrap();
    let (_, records) = bench.open();
    let expected = [("a", "3"), ("b \"\n", "2")].map(|(key, one)| (key.into(), one.into()));
    assert_eq!(records, expected.into());
}

#[test]
fn a_line_that_was_cut_off_anywhere_never_was_and_the_next_one_follows_what_was_whole() {
    let bench = Bench::new();
    let (mut journal, _) = bench.open();
    journal.put("a", &"whole").unwrap();
    let whole = fs::read(&bench.path).unwrap();
    journal.put("a", &"cut").unwrap();
    let both = fs::read(&bench.path).unwrap();
    for cut in whole.len()..both.len() {
        fs::write(&bench.path, &both[..cut]).unwrap();
        let (mut journal, records) = bench.open();
        assert_eq!(records["a"], "whole", "cut at {cut}");
        journal.put("b", &"after").unwrap();
        let (_, records) = bench.open();
        assert_eq!((&*records["a"], &*records["b"]), ("whole", "after"), "cut at {cut}");
    }
}

#[test]
fn a_file_that_grows_without_holding_more_is_written_anew() {
    let bench = Bench::new();
    let (mut journal, _) = bench.open();
    let large = "x".repeat(100_000);
    journal.put("kept", &"from the beginning").unwrap();
    for round in 0..100 {
        journal.put("changed", &format!("{round} {large}")).unwrap();
        journal.put(&format!("gone {round}"), &large).unwrap();
        journal.remove(&format!("gone {round}")).unwrap();
        assert!(fs::metadata(&bench.path).unwrap().len() <= SMALL);
    }
    // What is written after the file was written anew goes into the new one.
    journal.put("last", &"word").unwrap();
    let (_, records) = bench.open();
    assert_eq!(records.len(), 3);
    assert_eq!(records["kept"], "from the beginning");
    assert!(records["changed"].starts_with("99 "));
    assert_eq!(records["last"], "word");
}

#[test]
fn what_a_crash_left_of_a_file_written_anew_is_passed_over() {
    let bench = Bench::new();
    let (mut journal, _) = bench.open();
    journal.put("a", &"1").unwrap();
    fs::write(bench.path.with_extension("new"), r#"{"key":"a","record":"0"}"#).unwrap();
    let (mut journal, records) = bench.open();
    assert_eq!(records["a"], "1");
    journal.size = SMALL + 1;
    journal.put("b", &"2").unwrap();
    assert!(!bench.path.with_extension("new").exists());
    assert_eq!(bench.open().1.len(), 2);
}

#[test]
fn a_file_of_somebody_else_is_left_alone() {
    let bench = Bench::new();
    for text in ["not ours\n", "{\"key\":\"a\",\"record\":7}\n"] {
        fs::write(&bench.path, text).unwrap();
        let error = Journal::open::<String>(&bench.path).unwrap_err().to_string();
        assert!(error.contains("records.jsonl holds a line that this engine did not write"));
        assert_eq!(fs::read_to_string(&bench.path).unwrap(), text);
    }
}

proptest! {
    #[test]
    fn a_journal_holds_what_a_map_would(
        changes in prop::collection::vec(("[a-d]", prop::option::of("[ -~]{0,9}")), 0..40),
        reopened in prop::collection::vec(any::<bool>(), 40),
        compacted in prop::collection::vec(any::<bool>(), 40),
    ) {
        let bench = Bench::new();
        let (mut journal, mut expected) = bench.open();
        for (index, (key, record)) in changes.into_iter().enumerate() {
            match record {
                Some(record) => {
                    journal.put(&key, &record).unwrap();
                    expected.insert(key, record);
                }
                None => {
                    journal.remove(&key).unwrap();
                    expected.remove(&key);
                }
            }
            if compacted[index] {
                journal.compact().unwrap();
            }
            if reopened[index] {
                let (again, records) = bench.open();
                prop_assert_eq!(&records, &expected);
                journal = again;
            }
        }
        prop_assert_eq!(&bench.open().1, &expected);
    }
}
