//! Every input that is kept, through the function that it was kept for.

use std::fs;
use std::path::{Path, PathBuf};

use signalbox_fuzz::{TARGETS, Target};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

/// The kept inputs of `target`, and the files that people and services write for it.
fn inputs(target: &Target) -> Vec<PathBuf> {
    let kept = files(&root().join("fuzz/corpus").join(target.name));
    let seeds = target.seeds.iter().flat_map(|folder| files(&root().join(folder)));
    kept.into_iter().chain(seeds).collect()
}

/// On a thread with the stack of one of tokio's, so that what calls itself too deep is found here.
fn read(target: Target, path: PathBuf) {
    let place = format!("{} of {}", target.name, path.display());
    let bytes = fs::read(path).unwrap();
    let thread = std::thread::Builder::new().name(place.clone()).stack_size(2 * 1024 * 1024);
    let read = thread.spawn(move || (target.read)(&bytes)).unwrap();
    assert!(read.join().is_ok(), "{place}");
}

#[test]
fn every_kept_input_is_read_without_a_panic_and_written_as_it_was_read() {
    for target in TARGETS {
        let inputs = inputs(&target);
        assert!(inputs.len() >= 8, "{} has too few inputs: {inputs:?}", target.name);
        inputs.into_iter().for_each(|path| read(target, path));
    }
}

/// A folder that no target reads would be kept for nothing.
#[test]
fn every_target_has_its_folder_and_its_program() {
    let names = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(root().join("fuzz").join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut names: Vec<String> =
            paths.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let targets: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names("corpus"), targets);
    assert_eq!(names("fuzz_targets"), targets);
}
