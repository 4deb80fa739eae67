use super::*;
use crate::faults::Collector;

fn refused(text: &str) -> String {
    let mut faults = Collector::default();
    let node = load(text, &mut faults);
    faults.finish(node).expect_err(text).to_string()
}

fn loaded(text: &str) -> Node {
    let mut faults = Collector::default();
    let node = load(text, &mut faults);
    faults.finish(node).expect(text)
}

#[test]
fn what_is_not_one_plain_document_is_one_clear_fault() {
    let anchors = "anchors (&…) and aliases (*…) are not supported; \
                   write the value out; put a text that begins with & or * in quotes";
    let tags = "tags (!…) are not supported; \
                write the value without a tag, in quotes where it is a text";
    for (text, expected) in [
        ("", "1:1: the file is empty".to_owned()),
        ("\n# only a comment\n", "1:1: the file is empty".to_owned()),
        (
            "a: 1\n---\nb: 2\n",
            "2:1: a second document begins here; keep one document per file".to_owned(),
        ),
        ("a: &x 1\nb: 2\n", format!("1:4: {anchors}")),
        ("a: !!str 1\n", format!("1:4: {tags}")),
        ("a: !Sub x\n", format!("1:4: {tags}")),
        ("a:\n\tb: 1\n", "2:1: a tab where YAML wants spaces; indent with spaces".to_owned()),
        (
            "a: 1\n  b: 2\n",
            "2:4: not YAML: mapping values are not allowed in this context".to_owned(),
        ),
        ("[a]: 1\n", "1:1: a key must be a text".to_owned()),
        (
            "a: \"\u{0}\"",
            "1:5: the character U+0000 does not belong in a text file; save the file as UTF-8"
                .to_owned(),
        ),
        (
            "ab: caf\u{FFFD}",
            "1:8: the character U+FFFD does not belong in a text file; save the file as UTF-8"
                .to_owned(),
        ),
        ("a: [1, 2", "2:1: not YAML".to_owned()),
        ("a: 'x", "1:4: not YAML".to_owned()),
    ] {
        let refused = refused(text);
        assert!(refused.starts_with(&expected) && !refused.contains('\n'), "{text:?}: {refused}");
    }
}

#[test]
fn duplicate_keys_are_all_told() {
    assert_eq!(
        refused("a: 1\nb: { c: 1, c: 2 }\na: 2\n"),
        "2:12: `c` is given twice, first in line 2\n3:1: `a` is given twice, first in line 1"
    );
}

#[test]
fn a_bomb_is_refused_at_its_fuse() {
    let mut bomb = "a0: &a0 [x, x]\n".to_owned();
    for level in 1..30 {
        let below = level - 1;
        bomb += &format!("a{level}: &a{level} [*a{below}, *a{below}, *a{below}]\n");
    }
    assert!(refused(&bomb).starts_with("1:5: anchors"));
}

#[test]
fn size_depth_and_number_are_bounded() {
    assert!(refused(&"x".repeat(64 * 1024 + 1)).contains("65536 are read at most"));
    assert!(refused(&"[".repeat(5_000)).contains("nested deeper than 12 levels"));
    assert!(refused(&"- ".repeat(5_000)).contains("nested deeper than 12 levels"));
    assert!(refused(&"{a: ".repeat(5_000)).contains("nested deeper than 12 levels"));
    assert!(refused(&"- x\n".repeat(6_000)).contains("more than 5000 values"));
}

#[test]
fn places_count_characters() {
    let Value::Mapping(entries) = loaded("ä: [\"öü\", x]\n").value else { panic!() };
    let Value::List(items) = &entries[0].value.value else { panic!() };
    assert_eq!(items[0].place, Place::new(1, 5, 4));
    assert_eq!(items[1].place, Place::new(1, 11, 1));
    assert_eq!(items[0].inside(1), Some(Place::new(1, 7, 1)));
}
