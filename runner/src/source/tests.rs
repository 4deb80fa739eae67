use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::testing::{Bench, archive};

fn packed(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, bytes).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    file
}

/// An archive of one entry whose name is written as it stands, which no honest packer does.
fn forged(name: &str, kind: EntryType, target: &str) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_link_name_literal(target).unwrap();
    header.set_size(0);
    header.set_mode(0o644);
    header.set_cksum();
    let mut archive = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    archive.append(&header, std::io::empty()).unwrap();
    archive.into_inner().unwrap().finish().unwrap()
}

fn refused(archive: &[u8]) -> String {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("src");
    fs::create_dir(&folder).unwrap();
    let error = unpack(packed(archive), &folder).unwrap_err();
    let beside: Vec<_> =
        fs::read_dir(outer.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(beside, ["src"]);
    assert!(fs::read_dir(&folder).unwrap().all(|entry| !entry.unwrap().path().is_symlink()));
    format!("{error:#}")
}

#[test]
fn modes_and_contents_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    unpack(packed(&archive(&[("a/run.sh", "x")])), folder.path()).unwrap();
    let mode = fs::metadata(folder.path().join("a/run.sh")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
}

#[test]
fn nothing_is_written_outside() {
    assert!(refused(&forged("../evil", EntryType::Regular, "")).contains("outside"));
    assert!(refused(&forged("a/../../evil", EntryType::Regular, "")).contains("outside"));
}

#[test]
fn links_that_leave_the_source_are_refused() {
    assert!(
        refused(&forged("a", EntryType::Symlink, "/etc/passwd")).contains("links to /etc/passwd")
    );
    assert!(refused(&forged("a", EntryType::Symlink, "../b")).contains("outside"));
}

#[test]
fn other_kinds_of_entries_are_refused() {
    assert!(refused(&forged("a", EntryType::Link, "b")).contains("does not hold"));
    assert!(refused(&forged("a", EntryType::Fifo, "")).contains("does not hold"));
}

#[test]
fn what_is_no_archive_is_refused() {
    refused(b"not zstd at all");
    let mut cut = archive(&[("a", "some content of the file")]);
    cut.truncate(cut.len() - 8);
    refused(&cut);
}

#[test]
fn a_folder_of_the_images_own_is_left_alone() {
    let bench = Bench::new();
    let place = bench.folder.path();
    assert_eq!(fresh_folder(&bench.attempt).unwrap(), place.join("src"));
    let second = fresh_folder(&bench.attempt).unwrap();
    assert_eq!(second.parent(), Some(place));
    assert_ne!(second, place.join("src"));
}
