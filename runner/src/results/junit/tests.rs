use super::*;

fn count_text(xml: impl AsRef<[u8]>) -> (Option<Tests>, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    crate::testing::write(dir.path(), "unit.xml", xml);
    let mut notes = Vec::new();
    let tests = count(&crate::tree::read(dir.path(), |_, _| true).unwrap(), &mut notes);
    (tests, notes)
}

#[test]
fn cases_are_counted_whatever_the_totals_say() {
    let (tests, notes) = count_text(
        "<?xml version='1.0'?><!-- by unittest --><testsuites tests='0'><testsuite tests='99'>\
         <testcase name='a'/><testcase name='b'><failure message='1 != 2'>&lt;x&gt;</failure></testcase>\
         <testsuite><testcase name='c'><error/></testcase><testcase name='d'><skipped/></testcase></testsuite>\
         </testsuite></testsuites>",
    );
    assert_eq!(
        tests,
        Some(Tests { total: 4, passed: 1, failed: 1, errored: 1, skipped: 1 }),
        "{notes:?}"
    );
}

#[test]
fn entities_are_never_expanded() {
    let bomb = "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">\
                <!ENTITY f SYSTEM \"file:///etc/passwd\">]>\
                <testsuite><testcase name='x'><system-out>&b;&f;</system-out></testcase></testsuite>";
    let (tests, notes) = count_text(bomb);
    assert_eq!(tests, None);
    assert!(notes[0].contains("declares a document type"), "{notes:?}");
    let (tests, notes) = count_text(format!("\u{feff} <!-- <!DOCTYPE in a comment --> {bomb}"));
    assert_eq!((tests, notes.len()), (None, 1));
}

#[test]
fn a_document_type_inside_a_cases_output_is_only_text() {
    let (tests, _) = count_text(
        "<testsuite><testcase name='x'><system-out><![CDATA[<!DOCTYPE html>]]></system-out></testcase></testsuite>",
    );
    assert_eq!(tests.unwrap().passed, 1);
}

#[test]
fn malformed_files_are_noted() {
    for xml in ["", "<testsuite>", "<html/>", "{}", "<testsuite><testcase></testsuite>"] {
        let (tests, notes) = count_text(xml);
        assert!(tests.is_none() && notes.len() == 1, "{xml}: {tests:?} {notes:?}");
    }
}

#[test]
fn suites_without_end_are_noted_and_do_not_end_the_runner() {
    let (tests, notes) = count_text("<testsuite>".repeat(100_000));
    assert!(tests.is_none() && notes[0].contains("more than 64 deep"));
}

#[test]
fn a_file_that_is_too_large_is_noted() {
    let (tests, notes) = count_text(vec![b' '; 9 * 1024 * 1024]);
    assert!(tests.is_none() && notes[0].contains("is the most"));
}

#[test]
fn a_comment_that_ends_a_suite_does_not_hide_how_deep_they_lie() {
    for end in ["<!--</testsuite>-->", "<![CDATA[</testsuite>]]>", "<?x </testsuite>?>"] {
        let (tests, notes) = count_text(format!("<testsuite>{end}").repeat(10_000));
        assert!(tests.is_none() && notes[0].contains("more than 64 deep"), "{notes:?}");
    }
    let text = "<testsuite>".repeat(1000);
    let (tests, notes) = count_text(format!("<testsuite><!--{text}--></testsuite>"));
    assert_eq!((tests, notes), (Some(Tests::default()), Vec::new()));
}
