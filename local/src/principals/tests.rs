use super::*;

#[test]
fn a_principal_keeps_its_keys_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let first = Principals::open(dir.path()).unwrap().mint(Kind::User, "operator", None).unwrap();
    let again = Principals::open(dir.path()).unwrap();
    assert_eq!(again.mint(Kind::User, "operator", None).unwrap(), first);
    assert_eq!(again.by_access_key(&first.access_key_id), Some(first));
}

#[test]
fn a_session_carries_its_role_and_name_and_keys_of_a_session() {
    let dir = tempfile::tempdir().unwrap();
    let principals = Principals::open(dir.path()).unwrap();
    let job = principals.mint(Kind::Job, "task-1", Some("AROAJOBS")).unwrap();
    assert_eq!(job.user_id, "AROAJOBS:task-1");
    assert!(job.access_key_id.starts_with("ASIA") && job.access_key_id.len() == 20);
    assert_eq!(job.secret_access_key.len(), 40);
    assert!(job.session_token().is_some());
}

#[test]
fn a_user_and_a_job_of_one_name_are_two_principals() {
    let dir = tempfile::tempdir().unwrap();
    let principals = Principals::open(dir.path()).unwrap();
    let user = principals.mint(Kind::User, "a", None).unwrap();
    let job = principals.mint(Kind::Job, "a", None).unwrap();
    assert_ne!(user.access_key_id, job.access_key_id);
    assert!(user.user_id.starts_with("AIDA") && user.user_id.len() == 21);
    assert!(job.user_id.starts_with("AROA") && job.user_id.ends_with(":a"));
}

#[test]
fn another_role_changes_the_session_but_not_the_keys() {
    let dir = tempfile::tempdir().unwrap();
    let principals = Principals::open(dir.path()).unwrap();
    let before = principals.mint(Kind::Job, "a", Some("AROA1")).unwrap();
    let after = principals.mint(Kind::Job, "a", Some("AROA2")).unwrap();
    assert_eq!(after.user_id, "AROA2:a");
    assert_eq!(after.access_key_id, before.access_key_id);
}

#[test]
fn users_are_known_by_name_and_a_job_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let principals = Principals::open(dir.path()).unwrap();
    for name in ["grace", "ada"] {
        principals.mint(Kind::User, name, None).unwrap();
    }
    principals.mint(Kind::Job, "task", None).unwrap();
    let names: Vec<String> = principals.users().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["ada", "grace"]);
    assert!(is_user_name("ada.l@example.org") && !is_user_name("a/b") && !is_user_name(""));
}
