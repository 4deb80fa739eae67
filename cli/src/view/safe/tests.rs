use super::*;

#[test]
fn escape_sequences_and_control_characters_never_pass() {
    let evil = "a\u{1b}[31mred\u{1b}[0m\u{7} \u{1b}]0;title\u{7}b\u{8}\u{9b}2Jc\u{202e}d\u{0}";
    let clean = block(evil);
    assert!(!clean.chars().any(|c| c.is_control() || turns_text(c)), "{clean:?}");
    assert!(clean.starts_with("ared") && clean.ends_with('d'), "{clean:?}");
    assert_eq!(line("one\ntwo\r\n  three\t"), "one two three");
}

#[test]
fn a_cell_holds_the_first_line_and_says_that_there_are_more() {
    assert_eq!(first_line("1:1: a\n\n2:2: b\n3:3: c\n"), "1:1: a (and 2 more lines)");
    assert_eq!(first_line("one"), "one");
    assert_eq!(first_line(""), "");
}

#[test]
fn lines_stay_and_a_returned_carriage_begins_one() {
    assert_eq!(block("10%\r20%\r\ndone\n\tü"), "10%\n20%\ndone\n\tü");
}

#[test]
fn a_stream_may_be_cut_anywhere() {
    let text = "zwölf \u{1b}[1;31mBoxkämpfer\u{1b}[0m 🚂\r\nend".as_bytes();
    let whole = "zwölf Boxkämpfer 🚂\nend";
    for size in 1..text.len() {
        let mut cleaner = Cleaner::default();
        let mut clean: String = text.chunks(size).map(|piece| cleaner.clean(piece)).collect();
        clean.push_str(&cleaner.finish());
        assert_eq!(clean, whole, "in pieces of {size}");
    }
}

#[test]
fn bytes_that_are_no_text_are_left_out() {
    let mut cleaner = Cleaner::default();
    assert_eq!(cleaner.clean(b"a\xffb"), "ab");
}
