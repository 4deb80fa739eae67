//! Every input that is kept, through the function that it was kept for.

use std::fs;
use std::path::{Path, PathBuf};

use signalbox_cloud::store::parse;
use signalbox_fuzz::{TARGETS, Target};
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::head::Head;
use signalbox_pipeline::registration::Registration;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::settings::Settings;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
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
    let bytes = fs::read(path).expect("an input");
    let thread = std::thread::Builder::new().name(place.clone()).stack_size(2 * 1024 * 1024);
    let read = thread.spawn(move || (target.read)(&bytes)).expect("a thread");
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

/// What the functions of the first release stored, a run at three moments among it.
#[test]
fn documents_of_the_first_release_are_understood() {
    let stored = |name: &str| fs::read(root().join("fuzz/corpus").join(name)).unwrap();
    for name in ["begun", "live", "demo"] {
        let run: Run = parse("run.json", &stored(&format!("run/{name}.json"))).unwrap();
        run.register.verify().unwrap();
        assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state, "{name}");
    }
    parse::<Environment>("environment.json", &stored("environment/demo.json")).unwrap();
    parse::<Head>("head", &stored("head/demo.json")).unwrap();
    parse::<Registration>("registration", &stored("registration/demo.json")).unwrap();
    parse::<Settings>("settings", &stored("stored_settings/demo.json")).unwrap();
}

/// A folder that no target reads would be kept for nothing.
#[test]
fn every_target_has_its_folder_and_its_program() {
    let names = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(root().join("fuzz").join(folder)).unwrap();
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let mut names: Vec<String> =
            paths.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let targets: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names("corpus"), targets);
    assert_eq!(names("fuzz_targets"), targets);
}
