//! JUnit XML: the cases are counted, because the totals that files state are often missing or wrong.

use std::fs;
use std::path::Path;

use junit_parser::{TestStatus, TestSuite};
use quick_xml::Reader;
use quick_xml::events::Event;
use quick_xml::name::QName;
use signalbox_pipeline::report::Tests;

use super::FOLDER;
use crate::fault::one_line;
use crate::tree::{Node, Tree};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 8 * 1024 * 1024;

/// How deep suites may lie in each other. The parser calls itself for every level.
const DEEPEST: usize = 64;

/// Counts the cases of every `.xml` file of `tree`; `None` where there are none.
pub(super) fn count(tree: &Tree, notes: &mut Vec<String>) -> Option<Tests> {
    let mut all: Option<Tests> = None;
    for (name, node) in tree {
        let Node::File { bytes, content, .. } = node else { continue };
        if name.extension().is_none_or(|extension| extension != "xml") {
            continue;
        }
        match count_file(content, *bytes) {
            Ok(tests) => add(all.get_or_insert_default(), tests),
            Err(reason) => {
                notes.push(format!("{FOLDER}/{} is not counted: {reason}", name.display()));
            }
        }
    }
    all
}

fn count_file(path: &Path, bytes: u64) -> Result<Tests, String> {
    if bytes > LARGEST {
        return Err(format!("it has {bytes} bytes, where {LARGEST} is the most"));
    }
    cases(&fs::read(path).map_err(|error| error.to_string())?)
}

/// Counts the cases of a JUnit file.
///
/// # Errors
/// When it is none, or is one that is not read.
pub fn cases(xml: &[u8]) -> Result<Tests, String> {
    if declares_a_type(xml) {
        return Err(
            "it declares a document type, whose entities could be anything; write plain JUnit XML"
                .into(),
        );
    }
    if depth(xml) > DEEPEST {
        return Err(format!("its suites lie more than {DEEPEST} deep"));
    }
    let suites = junit_parser::from_reader(xml)
        .map_err(|error| format!("it is not JUnit XML: {}", one_line(&error.to_string(), 120)))?;
    let mut tests = Tests::default();
    suites.suites.iter().for_each(|suite| count_suite(suite, &mut tests));
    Ok(tests)
}

fn count_suite(suite: &TestSuite, tests: &mut Tests) {
    for case in &suite.cases {
        tests.total += 1;
        *match case.status {
            TestStatus::Success => &mut tests.passed,
            TestStatus::Failure(_) => &mut tests.failed,
            TestStatus::Error(_) => &mut tests.errored,
            TestStatus::Skipped(_) => &mut tests.skipped,
        } += 1;
    }
    suite.suites.iter().for_each(|suite| count_suite(suite, tests));
}

fn add(sum: &mut Tests, more: Tests) {
    sum.total += more.total;
    sum.passed += more.passed;
    sum.failed += more.failed;
    sum.errored += more.errored;
    sum.skipped += more.skipped;
}

/// Whether a document type is declared before the root element, the only place where it may be.
fn declares_a_type(xml: &[u8]) -> bool {
    let mut rest = xml.strip_prefix(b"\xef\xbb\xbf").unwrap_or(xml).trim_ascii_start();
    loop {
        let end: &[u8] = match rest {
            _ if rest.starts_with(b"<?") => b"?>",
            _ if rest.starts_with(b"<!--") => b"-->",
            _ => return rest.starts_with(b"<!"),
        };
        let Some(at) = find(rest, end) else { return false };
        rest = rest[at + end.len()..].trim_ascii_start();
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// The deepest nesting of suites, as the parser's own reader sees them: a comment or a text that
/// speaks of suites is none.
fn depth(xml: &[u8]) -> usize {
    const SUITE: QName<'_> = QName("testsuite");
    let (mut reader, mut buffer) = (Reader::from_reader(xml), Vec::new());
    let (mut depth, mut deepest) = (0_usize, 0);
    loop {
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(element)) if element.name() == SUITE => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            Ok(Event::End(element)) if element.name() == SUITE => depth = depth.saturating_sub(1),
            // The parser stops at the same place.
            Ok(Event::Eof) | Err(_) => return deepest,
            Ok(_) => {}
        }
        buffer.clear();
    }
}

#[cfg(test)]
mod tests;
