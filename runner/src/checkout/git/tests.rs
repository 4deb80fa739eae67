use super::*;

#[test]
fn a_password_in_a_clone_address_is_not_shown() {
    assert_eq!(without_password("https://me:secret@git.example/a/b"), "https://git.example/a/b");
    assert_eq!(without_password("https://me:secret@git.example"), "https://git.example");
    assert_eq!(without_password("/srv/a@b.git"), "/srv/a@b.git");
}
