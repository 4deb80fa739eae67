use super::*;
use crate::names::BranchName;

mod faulty;
mod schema;

/// As much of the example in the contract as is built.
const RAIN: &str = include_str!("tests/rain.yaml");

fn parsed(text: &str) -> Definition {
    parse(text).unwrap_or_else(|faults| panic!("{faults}\n{text}"))
}

#[test]
fn a_whole_definition_is_read_in_the_order_of_the_file() {
    let definition = parsed(RAIN);
    let names: Vec<&str> = definition.checks.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["unit", "integration", "model", "data", "quality"]);
    let [unit, integration, model, _, quality] = &definition.checks[..] else { panic!() };
    assert_eq!(unit.image.as_ref().unwrap().as_str(), "python:3.12");
    assert_eq!(unit.command, ["sh", "-ec", "python -m unittest discover tests/unit"]);
    assert_eq!(unit.setup, [["sh", "-ec", "pip install -r requirements.txt"]]);
    assert_eq!((unit.timeout_seconds, unit.retries, unit.optional), (3600, 0, false));
    assert_eq!((integration.timeout_seconds, integration.retries), (600, 1));
    assert_eq!(integration.command, ["python", "-m", "unittest", "a b", "$HOME"]);
    assert_eq!(integration.setup, [["pip", "install", "."].to_vec(), ["make", "data"].to_vec()]);
    assert_eq!(model.require.len(), 2);
    assert!(quality.optional);

    let build = definition.build.unwrap();
    assert_eq!((build.dockerfile.as_str(), build.context.as_str()), ("Dockerfile", "."));
    assert_eq!((build.repository.as_str(), build.timeout_seconds), ("rain-trainer", 3600));

    let environments: Vec<&str> =
        definition.deploy.iter().map(|to| to.environment.as_str()).collect();
    assert_eq!(environments, ["test", "staging", "production"]);
    let full = &definition.deploy[1].verify[0];
    assert_eq!(full.compute.vcpus.unwrap().to_string(), "4");
    assert_eq!((full.compute.memory_mib, full.compute.gpus), (Some(16_384), Some(1)));
    assert_eq!(full.image, None);
    assert_eq!(definition.train.unwrap().command, ["sh", "-ec", "train"]);
}

#[test]
fn the_example_that_users_copy_is_read() {
    parsed(include_str!("../../../../examples/rain/signalbox.yaml"));
}

#[test]
fn a_definition_survives_being_stored() {
    let definition = parsed(RAIN);
    let stored = serde_json::to_string_pretty(&definition).unwrap();
    assert_eq!(serde_json::from_str::<Definition>(&stored).unwrap(), definition);
    // This shape is read for ever: what changes it needs a new schema version.
    assert_eq!(stored.trim(), include_str!("tests/rain.json").trim());
}

#[test]
fn the_smallest_definition_has_a_name_alone() {
    let definition = parsed("version: 1\npipeline: rain\n");
    assert_eq!(definition.checks, []);
    assert_eq!((definition.build, definition.deploy), (None, vec![]));
    assert_eq!(definition.branches, [BranchPattern::everything()]);
    parsed("version: 1\npipeline: rain\nconcurrency: parallel\ndeploy: []\nchecks: {}\n");
}

#[test]
fn a_push_is_carried_out_where_a_pattern_matches_its_branch() {
    let branch = |name: &str| BranchName::parse(name).unwrap();
    let of = |patterns: &str| {
        parsed(&format!("version: 1\npipeline: rain\non: {{ push: {{ branches: {patterns} }} }}\n"))
    };
    for (patterns, yes, no) in [
        ("[main]", vec!["main"], vec!["main2", "x/main", "mai"]),
        ("[main, \"release/*\"]", vec!["main", "release/1.2"], vec!["release", "release/1/x"]),
        ("[\"**\"]", vec!["main", "a/b/c"], vec![]),
        ("[\"*\"]", vec!["main"], vec!["a/b"]),
        ("[\"feat/**\"]", vec!["feat/a/b"], vec!["feat", "x/feat/a"]),
        ("[\"v*.*\"]", vec!["v1.2", "v1.2.3"], vec!["v1"]),
        ("[\"**/fix-*-b\"]", vec!["a/c/fix-x-b", "a/fix-b-b"], vec!["fix-x-b", "a/fix-x/y-b"]),
    ] {
        let definition = of(patterns);
        for name in yes {
            assert!(definition.triggers_on(&branch(name)), "{patterns} {name}");
        }
        for name in no {
            assert!(!definition.triggers_on(&branch(name)), "{patterns} {name}");
        }
    }
    assert!(parsed("version: 1\npipeline: rain\n").triggers_on(&branch("any/thing")));
}

#[test]
fn a_pattern_that_is_made_to_be_slow_is_not() {
    let pattern = BranchPattern::parse("*a".repeat(100)).unwrap();
    assert!(!pattern.matches(&BranchName::parse("a".repeat(199) + "b").unwrap()));
}

#[test]
fn vcpus_are_exact_quarters() {
    for (number, shown, json) in
        [(0.25, "0.25", "0.25"), (4.0, "4", "4.0"), (512.0, "512", "512.0")]
    {
        let vcpus = Vcpus::try_from(number).unwrap();
        assert_eq!(vcpus.to_string(), shown);
        assert_eq!(serde_json::to_string(&vcpus).unwrap(), json);
        assert_eq!(serde_json::from_str::<Vcpus>(shown).unwrap(), vcpus);
    }
    for bad in [0.0, -1.0, 0.1, 513.0, f64::NAN, f64::INFINITY, 1e300] {
        assert_eq!(Vcpus::try_from(bad), Err(VcpusError), "{bad}");
    }
}

#[test]
fn what_a_job_does_not_ask_for_is_filled_in() {
    let own = Compute { gpus: Some(0), ..Compute::default() };
    let environment = Compute { gpus: Some(4), memory_mib: Some(512), vcpus: None };
    assert_eq!(own.or(environment), Compute { gpus: Some(0), memory_mib: Some(512), vcpus: None });
}

#[test]
fn paths_stay_in_the_tree() {
    for (text, path) in
        [("./a//b/", "a/b"), (".", "."), ("./", "."), ("a/./b", "a/b"), ("..a", "..a")]
    {
        assert_eq!(RelativePath::parse(text).unwrap().as_str(), path);
    }
    for bad in ["", "/", "/etc", "..", "a/../b", "a\\b", "a\nb", &"a".repeat(256)] {
        assert!(RelativePath::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn an_environment_without_settings_is_a_fault_at_its_place_among_the_others() {
    let text = "version: 1\npipeline: rain\nchecks: { unit: { run: x, retrys: 1 } }\n\
        build: { repository: rain }\ndeploy:\n  - environment: test\n  - environment: stagin\n";
    let named: Vec<String> = environments(text).iter().map(ToString::to_string).collect();
    assert_eq!(named, ["stagin", "test"]);
    let known = ["test"].map(|name| EnvironmentName::parse(name).unwrap()).into_iter().collect();
    let faults = parse_among(text, &known).unwrap_err().to_string();
    let lines: Vec<&str> = faults.lines().collect();
    assert!(lines[0].starts_with("3:"), "{faults}");
    let second = "7:18: the environment stagin has no settings; ops apply them with \
        `signalbox env apply stagin.yaml`";
    assert_eq!(lines[1], second);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_parsing_panic(text in "[ -~\n\té]{0,200}") {
        let _ = parse(&text);
        let _ = crate::settings::parse(&text);
    }

    #[test]
    fn no_mutilated_definition_makes_parsing_panic(
        from in 0..RAIN.len(), to in 0..RAIN.len(), with in "[ -~\n\t]{0,4}"
    ) {
        let (from, to) = (from.min(to), from.max(to));
        if let (Some(head), Some(tail)) = (RAIN.get(..from), RAIN.get(to..)) {
            let text = format!("{head}{with}{tail}");
            if let Err(faults) = parse(&text) {
                let lines = text.split('\n').count();
                for fault in faults.iter() {
                    proptest::prop_assert!(fault.line >= 1 && fault.line as usize <= lines + 1);
                    proptest::prop_assert!(fault.column >= 1);
                }
                let _ = faults.render("signalbox.yaml", &text, true);
            }
        }
    }
}
