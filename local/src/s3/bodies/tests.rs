use std::io::Read as _;

use super::super::stored::Stored;
use super::*;

fn read(bodies: &Bodies, (place, size): (Place, u64)) -> String {
    let mut text = String::new();
    let mut stored = Stored::new(bodies.file(place).unwrap(), place.offset, size);
    stored.read_to_string(&mut text).unwrap();
    text
}

fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn bodies_lie_side_by_side_and_are_found_again_by_the_next_engine() {
    let dir = tempfile::tempdir().unwrap();
    let mut bodies = Bodies::open(dir.path(), std::iter::empty()).unwrap();
    let kept = ["one", "", "three"].map(|body| (bodies.add(body.as_bytes()).unwrap(), body));
    let kept = kept.map(|(place, body)| (place, body.len() as u64));
    assert_eq!(files(dir.path()), ["0"]);
    let mut bodies = Bodies::open(dir.path(), kept.into_iter()).unwrap();
    let added = (bodies.add(b"four").unwrap(), 4);
    assert_eq!(kept.map(|one| read(&bodies, one)), ["one", "", "three"]);
    assert_eq!(read(&bodies, added), "four");
}

#[test]
fn what_a_crash_left_behind_the_last_body_is_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let mut bodies = Bodies::open(dir.path(), std::iter::empty()).unwrap();
    let first = (bodies.add(b"first").unwrap(), 5);
    bodies.add(b"without a record").unwrap();
    let mut bodies = Bodies::open(dir.path(), std::iter::once(first)).unwrap();
    let second = (bodies.add(b"second").unwrap(), 6);
    assert_eq!(second.0.offset, 5);
    assert_eq!([first, second].map(|one| read(&bodies, one)), ["first", "second"]);
}

#[test]
fn a_full_file_goes_with_its_last_body_and_never_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut bodies = Bodies::open(dir.path(), std::iter::empty()).unwrap();
    let large = vec![b'a'; usize::try_from(FULL / 2).unwrap()];
    let [first, second] = [(); 2].map(|()| bodies.add(&large).unwrap());
    let third = (bodies.add(b"third").unwrap(), 5);
    assert_eq!(files(dir.path()), ["0", "1"]);
    bodies.release(first).unwrap();
    assert_eq!(read(&bodies, (second, 3)), "aaa");
    bodies.release(second).unwrap();
    assert_eq!(files(dir.path()), ["1"]);
    // The last file is still added to.
    bodies.release(third.0).unwrap();
    assert_eq!(files(dir.path()), ["1"]);
}

#[test]
fn a_file_that_was_full_once_goes_with_its_last_body_after_a_restart_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut bodies = Bodies::open(dir.path(), std::iter::empty()).unwrap();
    let low = (bodies.add(b"low").unwrap(), 3);
    bodies.add(&vec![b'a'; usize::try_from(FULL).unwrap()]).unwrap();
    let next = (bodies.add(b"next").unwrap(), 4);
    // What made the file full is not wanted any more.
    let mut bodies = Bodies::open(dir.path(), [low, next].into_iter()).unwrap();
    bodies.release(low.0).unwrap();
    assert_eq!(files(dir.path()), ["1"]);
    assert_eq!(read(&bodies, next), "next");
}

#[test]
fn a_file_that_lacks_bodies_is_told_of_and_not_made_good() {
    let dir = tempfile::tempdir().unwrap();
    let mut bodies = Bodies::open(dir.path(), std::iter::empty()).unwrap();
    let kept = (bodies.add(b"kept").unwrap(), 4);
    let file = dir.path().join("0");
    let told = || Bodies::open(dir.path(), std::iter::once(kept)).unwrap_err().to_string();
    fs::write(&file, "kep").unwrap();
    assert!(told().contains(&*file.to_string_lossy()), "{}", told());
    assert!(told().contains("3 of 4 bytes"), "{}", told());
    fs::remove_file(&file).unwrap();
    assert!(told().contains(&*file.to_string_lossy()), "{}", told());
    assert_eq!(files(dir.path()), Vec::<String>::new());
}

#[test]
fn a_file_that_nothing_refers_to_is_removed_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("7"), "left by a crash").unwrap();
    Bodies::open(dir.path(), std::iter::empty()).unwrap();
    assert_eq!(files(dir.path()), Vec::<String>::new());
}
