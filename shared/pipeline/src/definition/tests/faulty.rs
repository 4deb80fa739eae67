//! What is wrong is told with its line, its column and the remedy.

use super::parse;

#[track_caller]
fn refused(text: &str) -> String {
    match parse(text) {
        Ok(_) => panic!("taken: {text}"),
        Err(faults) => faults.to_string(),
    }
}

/// `rest` after a sound beginning; it starts in line 3.
#[track_caller]
fn after_name(rest: &str) -> String {
    refused(&format!("version: 1\npipeline: rain\n{rest}\n"))
}

#[test]
fn six_faults_are_six() {
    let text = "\
version: 2
pipeline: Rain
checks:
  unit:
    rum: make
    timeout: 10
  model: { run: train, require: [\"metric.auc > 0.6\", \"metrics.auc >\"] }
";
    assert_eq!(
        refused(text),
        "\
1:10: `version` 2 is not known; write version: 1
2:11: \"Rain\" is not a pipeline name: expected a lower-case letter, then lower-case letters, \
digits and single dashes, 40 at most
4:3: `run` is missing: a check needs it
5:5: unknown key `rum`; did you mean `run`?
6:14: `timeout` is wrong: \"10\" is not a duration; write a whole number and s, m, h or d, \
such as 90s, 10m, 6h or 7d
7:34: `metric` is not known in a condition; did you mean `metrics`?
7:68: the condition does not parse: it ends too early"
    );
}

#[test]
fn what_is_not_built_is_refused_at_its_place() {
    for (rest, expected) in [
        ("on: { push: { paths: [x] } }", "3:15: `paths` is not supported yet"),
        ("build:\n  repository: r\n  args: {}", "5:3: `args` is not supported yet"),
    ] {
        let found = after_name(rest);
        assert!(found.starts_with(expected) && !found.contains('\n'), "{rest}: {found}");
    }
}

#[test]
fn every_kind_of_fault_has_its_words() {
    let deploy = "build: { repository: r }\ndeploy:\n";
    for (rest, expected) in [
        ("chekcs: {}", "3:1: unknown key `chekcs`; did you mean `checks`?"),
        (
            "stages: {}",
            "3:1: unknown key `stages`; the definition may have: version, pipeline, on, concurrency, checks, build, deploy, train",
        ),
        ("checks: []", "3:9: `checks` must be a mapping, found a list"),
        ("checks:", "3:1: `checks` must be a mapping, found nothing"),
        (
            "build: { repository: r, artifacts: [../dist/*.whl] }",
            "3:37: \"../dist/*.whl\" is not a pattern of files: expected a relative path such as dist/*.whl, with * or ? for any part of a name and ** alone for any folders, without .. and [ ] { }, 255 at most",
        ),
        (
            "build: { repository: r }\ndeploy: [{ environment: e }]\non: { image: { tags: [a/b] } }",
            "5:23: \"a/b\" is not a pattern of image tags: expected letters, digits and . _ -, with * for anything, 128 at most",
        ),
        (
            "on: { image: { tags: [x] } }",
            "3:5: `on` takes images, and `deploy` names no environment for them",
        ),
        (
            "concurrency: both",
            "3:14: `concurrency` must be one of parallel, queue, supersede, found \"both\"",
        ),
        (
            "on: { push: { branches: [] } }",
            "3:25: `branches` is empty; name a branch, or leave `branches` out for all of them",
        ),
        ("on: { push: { branches: main } }", "3:25: `branches` must be a list, found \"main\""),
        ("on: { push: { branches: [a b] } }", "3:26: \"a b\" is not a branch pattern"),
        ("checks: { Unit: { run: x } }", "3:11: \"Unit\" is not a job name"),
        ("checks: { unit: { } }", "3:11: `run` is missing: a check needs it"),
        ("checks: { unit: { run: } }", "3:19: `run` is empty"),
        ("checks: { unit: { run: \" \" } }", "3:24: `run` is empty"),
        ("checks: { unit: { run: [] } }", "3:24: `run` is empty"),
        ("checks: { unit: { run: [a, \"\"] } }", "3:28: `run` is empty"),
        (
            "checks: { unit: { run: [a, 1] } }",
            "3:28: `run` must be a text, found the number 1; put it in quotes: \"1\"",
        ),
        (
            "checks: { unit: { run: true } }",
            "3:24: `run` must be a text, found true; put it in quotes: \"true\"",
        ),
        ("checks: { unit: { run: \"a\\0b\" } }", "3:24: `run` holds a control character"),
        (
            "checks: { unit: { run: x, setup: [[a], b] } }",
            "3:40: `setup` must be a list, found \"b\"",
        ),
        ("checks: { unit: { run: x, image: \"a b\" } }", "3:34: \"a b\" is not an image"),
        (
            "checks: { unit: { run: x, retries: 11 } }",
            "3:36: `retries` must be a whole number from 0 to 10, found the number 11",
        ),
        (
            "checks: { unit: { run: x, retries: -1 } }",
            "3:36: `retries` must be a whole number from 0 to 10, found the number -1",
        ),
        (
            "checks: { unit: { run: x, optional: yes } }",
            "3:37: `optional` must be true or false, found \"yes\"",
        ),
        (
            "checks: { unit: { run: x, timeout: 30s } }",
            "3:36: `timeout` is wrong: \"30s\" is too short for a timeout; write 60s or more",
        ),
        (
            "checks: { unit: { run: x, require: metrics.ok } }",
            "3:36: `require` must be a list, found \"metrics.ok\"",
        ),
        (
            "checks: { unit: { run: x, require: [!metrics.ok] } }",
            "3:37: tags (!…) are not supported",
        ),
        (
            "checks: { unit: { run: x, compute: { cpu: 1 } } }",
            "3:38: unknown key `cpu`; did you mean `vcpus`?",
        ),
        (
            "checks: { unit: { run: x, compute: { vcpus: 0.3 } } }",
            "3:45: `vcpus` must be a number of processors from 0.25 to 512",
        ),
        (
            "checks: { unit: { run: x, compute: { vcpus: \"4\" } } }",
            "3:45: `vcpus` must be a number, found \"4\"",
        ),
        (
            "checks: { unit: { run: x, compute: { memory: 16 } } }",
            "3:46: `memory` is wrong: \"16\" is not a size",
        ),
        (
            "checks: { unit: { run: x, compute: { memory: 16GB } } }",
            "3:46: `memory` is wrong: \"16GB\" is not a size; did you mean 16GiB?",
        ),
        (
            "checks: { unit: { run: x, compute: { gpus: 17 } } }",
            "3:44: `gpus` must be a whole number from 0 to 16",
        ),
        ("checks: { a: { run: x }, a: { run: y } }", "3:26: `a` is given twice, first in line 3"),
        ("build: { }", "3:1: `repository` is missing: `build` needs it"),
        ("build: { repository: R }", "3:22: \"R\" is not an image repository"),
        (
            "build: { repository: r, context: ../x }",
            "3:34: \"../x\" is not a path in the repository",
        ),
        (
            "build: { repository: r, dockerfile: /D }",
            "3:37: \"/D\" is not a path in the repository",
        ),
        ("build: { repository: r, dockerfile: ./ }", "3:37: `dockerfile` must be a file"),
        (
            "deploy: [{ environment: test }]",
            "3:1: `deploy` without `build`: there is no image to deploy; add build: { repository: … }",
        ),
        (
            &format!("{deploy}  - verify: {{}}"),
            "5:5: `environment` is missing: an entry of `deploy` needs it",
        ),
        (&format!("{deploy}  - environment: a_b"), "5:18: \"a_b\" is not an environment name"),
        (
            &format!("{deploy}  - environment: test\n  - environment: test"),
            "6:18: `environment` test is deployed to twice, first in line 5",
        ),
        (
            &format!(
                "{deploy}  - environment: test\n    verify: {{ e2e: {{ run: x, image: y }} }}"
            ),
            "6:30: `image` may not stand here; a job of `verify` runs in the image of the release, always",
        ),
    ] {
        let found = after_name(rest);
        assert!(
            found.starts_with(expected) && !found.contains('\n'),
            "{rest}\n {found}\n {expected}"
        );
    }
}

#[test]
fn a_definition_needs_version_and_name() {
    assert_eq!(
        refused("checks: {}\n"),
        "1:1: `pipeline` is missing: the definition needs it\n\
         1:1: `version` is missing: the definition needs it"
    );
    assert_eq!(refused("rain\n"), "1:1: `the definition` must be a mapping, found \"rain\"");
    assert_eq!(
        refused("pipeline: 12\nversion: \"1\"\n"),
        "1:11: `pipeline` must be a text, found the number 12; put it in quotes: \"12\"\n\
         2:10: `version` must be a whole number from 0 to 4294967295, found \"1\""
    );
}

#[test]
fn numbers_and_lengths_are_bounded() {
    let many = |count: usize, of: &dyn Fn(usize) -> String| {
        (0..count).map(of).collect::<Vec<_>>().join(", ")
    };
    let job = |at: usize| format!("j{at}: {{ run: x }}");
    let environment = |at: usize| format!("{{ environment: e{at} }}");
    for (rest, expected) in [
        (
            format!("checks: {{ {} }}", many(33, &job)),
            "3:1: `checks` has 33 entries, at most 32 are allowed",
        ),
        (
            format!("build: {{ repository: r }}\ndeploy: [{}]", many(17, &environment)),
            "4:1: `deploy` has 17 entries, at most 16 are allowed",
        ),
        (
            format!(
                "build: {{ repository: r }}\ndeploy: [{{ environment: e, verify: {{ {} }} }}]",
                many(17, &job)
            ),
            "4:28: `verify` has 17 entries, at most 16 are allowed",
        ),
        (
            format!(
                "checks: {{ a: {{ run: x, require: [{}] }} }}",
                many(17, &|_| "metrics.ok".to_owned())
            ),
            "3:24: `require` has 17 entries, at most 16 are allowed",
        ),
        (
            format!("checks: {{ a: {{ run: x, require: [\"metrics.{}\"] }} }}", "a".repeat(600)),
            "3:34: the condition has 608 characters, at most 512 are read",
        ),
        (
            format!("checks: {{ a: {{ run: [{}] }} }}", many(129, &|_| "x".to_owned())),
            "3:16: `run` has 129 entries, at most 128 are allowed",
        ),
        (
            format!("checks: {{ a: {{ run: \"{}\" }} }}", "x".repeat(9_000)),
            "3:11: `run` takes 9014 bytes, at most 8192 can be sent",
        ),
        (
            format!("checks: {{ a: {{ run: x, setup: '{}' }} }}", "\"".repeat(1_600)),
            "3:11: `setup` takes 6423 bytes, at most 6144 can be sent",
        ),
        (
            format!("on: {{ push: {{ branches: [{}] }} }}", many(33, &|at| format!("b{at}"))),
            "3:15: `branches` has 33 entries, at most 32 are allowed",
        ),
    ] {
        let found = after_name(&rest);
        assert!(found.starts_with(expected) && !found.contains('\n'), "{found}\n {expected}");
    }
}

#[test]
fn all_that_is_at_its_bound_is_read() {
    let jobs = |count: usize| {
        let job = |at| format!("j{at}: {{ run: x, require: [\"metrics.a{at} > {at}\"] }}");
        (0..count).map(job).collect::<Vec<_>>().join(", ")
    };
    let deploy: String = (0..16)
        .map(|at| format!("  - {{ environment: e{at}, verify: {{ {} }} }}\n", jobs(16)))
        .collect();
    super::parsed(&format!(
        "version: 1\npipeline: rain\nchecks: {{ {} }}\nbuild: {{ repository: r }}\ndeploy:\n{deploy}",
        jobs(32)
    ));
}
