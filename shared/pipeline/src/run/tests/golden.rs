//! Documents that older versions wrote are read for ever: loaded, written alike, carried on. They
//! lie in `tests/golden/<schema of the run>`, and none is ever changed.

use std::path::PathBuf;

use jiff::SignedDuration;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::world::{End, Fate, Gate, History, Reading, World};
use super::*;
use crate::environment::{Environment, Moved};
use crate::head::Head;
use crate::launch::Launch;
use crate::people::People;
use crate::registration::Registration;
use crate::rollout::{Ended, Outcome};
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

#[test]
fn a_rollout_that_an_older_version_began_goes_on() {
    let found: Environment = load(4, "environment-rolling");
    let candidate = found.candidate.clone().expect("something is rolled out");
    let later = candidate.ramp.since + SignedDuration::from_hours(1);
    let ended = |number: u32, ended: Ended| Outcome {
        environment: found.environment.clone(),
        pipeline: found.pipeline.clone(),
        launch: LaunchId::parse(format!("20261120t10000{number}z-000000000000")).unwrap(),
        release: candidate.release.run.clone(),
        ended,
    };
    let look = |listed: &[Outcome]| found.look_at_rollout(listed, false, |_| None, "w", later);
    let well: Vec<Outcome> = (1..=3).map(|number| ended(number, Ended::Succeeded)).collect();
    let (_, moved) = look(&well).expect("it was baked for long enough");
    assert_eq!(moved, Moved::Stepped(100));
    let (fallen, _) = look(&[ended(1, Ended::Broke)]).expect("one is enough");
    assert!(fallen.candidate.is_none() && fallen.current == found.current);
    let written: Environment = load(4, "environment-fallen-back");
    assert_eq!(written.hold.map(|hold| hold.by), fallen.hold.map(|hold| hold.by));
}

#[test]
fn a_launch_that_an_older_version_began_is_carried_to_its_end() {
    let outcome = |name: &str| load::<Launch>(4, name).outcome().map(|outcome| outcome.ended);
    assert_eq!(outcome("launch-succeeded"), Some(Ended::Succeeded));
    assert_eq!(outcome("launch-failed"), Some(Ended::Failed));
    let mut running: Launch = load(4, "launch-running");
    assert!(running.stop("its release is out", &platform(), at(1)));
    assert!(matches!(running.pending[0].effect, Effect::Terminate(_)), "{:?}", running.pending);
    assert_eq!((running.phase, running.outcome()), (Phase::Cancelled, None));
}
