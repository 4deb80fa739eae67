//! Documents that older versions wrote are read for ever: loaded, written alike, carried on. They
//! lie in `tests/golden/<schema of the run>`, and none is ever changed.

use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::world::{End, Fate, Gate, History, Reading, World};
use super::*;
use crate::environment::Environment;
use crate::head::Head;
use crate::people::People;
use crate::registration::Registration;
use crate::settings::Settings;

fn folder(schema: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{schema}"))
}

/// The document, which must be written again exactly as it was.
pub(super) fn load<D: DeserializeOwned + Serialize>(schema: u32, name: &str) -> D {
    let text = std::fs::read_to_string(folder(schema).join(format!("{name}.json"))).unwrap();
    let document: D = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(serde_json::to_string_pretty(&document).unwrap() + "\n", text, "{name}");
    document
}

fn runs(schema: u32) -> Vec<String> {
    let files = std::fs::read_dir(folder(schema)).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let runs = names.filter(|name| name.starts_with("run-"));
    runs.map(|name| name.trim_end_matches(".json").to_owned()).collect()
}

#[test]
fn a_run_that_an_older_version_wrote_is_carried_to_its_end() {
    for (schema, many) in [(1, 9), (2, 5), (3, 2), (4, 5), (5, 2)] {
        let names = runs(schema);
        assert!(names.len() >= many, "{names:?}");
        for name in names {
            let run: Run = load(schema, &name);
            assert_eq!((run.schema, run.register.verify()), (schema, Ok(())), "{name}");
            assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state, "{name}");
            let fate = Fate { end: End::Succeeds, surplus: true, talkative: true, lost: false };
            let waits = |kind: &str| run.state.waits_before().any(|it| it.name.as_str() == kind);
            let gate = match () {
                () if waits("test-approve") => Gate::Asking,
                () if waits("test-validate") => Gate::Crowded,
                () => Gate::Open,
            };
            let reading = Reading::Accepted;
            let world = World { fates: vec![fate], reading, settings: true, gate };
            let over = run.state.phase;
            let mut history = History::of(world, run);
            history.finish();
            let run = history.run;
            assert!(run.is_settled(), "{name}: {}", explain(&run, at(3)));
            let expected = if over.is_terminal() { over } else { Phase::Succeeded };
            assert_eq!(run.state.phase, expected, "{name}: {:?}", run.state.reason);
            assert_eq!(run.register.verify(), Ok(()), "{name}");
            assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state, "{name}");
        }
    }
}

#[test]
fn the_other_documents_are_read_and_written_alike() {
    load::<Environment>(1, "environment");
    load::<Head>(1, "head");
    load::<Head>(2, "head-found");
    load::<Head>(2, "head-adopted");
    load::<Registration>(1, "registration");
    load::<Settings>(1, "settings");
    load::<Settings>(3, "settings");
    load::<People>(4, "people");
}
