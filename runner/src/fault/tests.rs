use super::*;

#[test]
fn a_message_is_one_line_of_at_most_500_characters() {
    let failure =
        failure(FailureClass::Exit, format!("first\r\n  second\x1b\n{}", "ä".repeat(900)));
    assert!(failure.message.starts_with("first second ää"));
    assert!(failure.message.ends_with("ä…"));
    assert_eq!(failure.message.chars().count(), 500);
}
