use super::*;

#[test]
fn a_path_below_the_root_is_cleaned() {
    assert_eq!(below_root(Path::new("./a/../b//c/.")), Some("b/c".into()));
    assert_eq!(below_root(Path::new("/etc")), Some("etc".into()));
    assert_eq!(below_root(Path::new(".")), Some("".into()));
}

#[test]
fn a_path_that_leaves_the_root_is_none() {
    assert_eq!(below_root(Path::new("a/../../b")), None);
    assert_eq!(below_root(Path::new("/..")), None);
}

#[test]
fn a_symlink_stays_inside_only_by_a_relative_path() {
    assert!(stays_inside(Path::new("a/b/link"), Path::new("../../c")));
    assert!(!stays_inside(Path::new("a/b/link"), Path::new("../../../c")));
    assert!(!stays_inside(Path::new("link"), Path::new("/a")));
}
