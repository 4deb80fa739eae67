use super::*;

#[test]
fn a_log_that_fits_is_kept_byte_for_byte() {
    let log = Log::new(std::io::sink(), 4);
    log.pass(b"\xff\x00ab");
    log.pass(b"cdef");
    assert_eq!(log.text(), b"\xff\x00abcdef");
}

#[test]
fn of_a_long_log_both_ends_are_kept_with_a_mark_between() {
    let log = Log::new(std::io::sink(), 4);
    log.pass(b"begin");
    log.pass(b" and much between ");
    log.pass(b"end!");
    assert_eq!(log.text(), b"begi\nsignalbox: 19 bytes of the log are left out here\nend!");
}

#[test]
fn our_own_lines_never_begin_inside_a_line() {
    let log = Log::new(std::io::sink(), 1024);
    log.say("one");
    log.pass(b"half a line");
    log.say("two");
    assert_eq!(log.text(), b"signalbox: one\nhalf a line\nsignalbox: two\n");
}

#[test]
fn a_secret_is_kept_out_also_where_it_comes_in_parts() {
    let log = Log::new(std::io::sink(), 1024);
    for secret in ["hunter2", "hunter2-and-more", "abc", ""] {
        log.mask(secret);
    }
    for part in
        ["it is hun", "ter2!", " abc hunter", "\nhunter2-and-", "more hunter2-and-", "less hunt"]
    {
        log.pass(part.as_bytes());
    }
    log.say("the runner's own word on hunter2");
    let text = String::from_utf8(log.text()).unwrap();
    assert_eq!(
        text,
        "it is ***! abc hunter\n*** ***-and-less hunt\nsignalbox: the runner's own word on ***\n"
    );
}
