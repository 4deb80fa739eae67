use super::*;
use crate::names::GroupName;

const TEST: &str = "\
version: 1
environment: test
data: { DATASET_URI: \"s3://rain/test/\" }
parameters:
  EPOCHS: \"20\"
  _SEED: \"7\"
compute: { queue: gpu-test, vcpus: 0.5, memory: 2GiB, gpus: 1, timeout: 6h }
";

fn refused(text: &str) -> String {
    parse(text).expect_err(text).to_string()
}

#[test]
fn settings_are_read_and_stored_under_their_digest() {
    let settings = parse(TEST).unwrap();
    assert_eq!(
        settings.to_json(),
        r#"{"schema":1,"environment":"test","data":{"DATASET_URI":"s3://rain/test/"},"parameters":{"EPOCHS":"20","_SEED":"7"},"compute":{"queue":"gpu-test","vcpus":0.5,"memory_mib":2048,"gpus":1,"timeout_seconds":21600}}"#
    );
    assert_eq!(settings.digest(), sha256(settings.to_json().as_bytes()));
    let stored: Settings = serde_json::from_str(&settings.to_json()).unwrap();
    assert_eq!(stored, settings);
    let variables: Vec<String> =
        settings.variables().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(variables, ["DATASET_URI=s3://rain/test/", "EPOCHS=20", "_SEED=7"]);
}

#[test]
fn the_digest_does_not_depend_on_how_the_file_is_written() {
    let other = "\
# the same
compute:
  { timeout: 360m, gpus: 1, memory: 2048MiB, vcpus: 0.50, queue: gpu-test }
parameters: { _SEED: '7', EPOCHS: '20' }
data: { DATASET_URI: s3://rain/test/ }
environment: test
version: 1
";
    assert_eq!(parse(other).unwrap().digest(), parse(TEST).unwrap().digest());
    let changed = TEST.replace("\"20\"", "\"21\"");
    assert_ne!(parse(&changed).unwrap().digest(), parse(TEST).unwrap().digest());
}

#[test]
fn the_smallest_settings_name_their_environment() {
    let settings = parse("version: 1\nenvironment: test\n").unwrap();
    assert_eq!(settings.compute, EnvironmentCompute::default());
    assert_eq!(settings.variables().count(), 0);
}

#[test]
fn what_is_not_built_is_refused_at_its_place() {
    assert!(keys::SETTINGS.later.is_empty());
    assert_eq!(
        refused("version: 1\nenvironment: test\nexecutor: { eks: { namespace: jobs } }\n"),
        "3:11: `executor` has `eks`, which is not supported yet; leave it out for now: jobs run on \
         AWS Batch"
    );
    assert!(refused("version: 1\nenvironment: test\nexecutor: slurm\n").contains("one of batch"));
    parse("version: 1\nenvironment: test\nexecutor: batch\n").unwrap();
    assert_eq!(
        refused("version: 1\nenvironment: test\ncompute: { retries: { spot: 11, jobs: 1 } }\n"),
        "3:29: `spot` must be a whole number from 0 to 10, found the number 11\n\
         3:33: unknown key `jobs`; `retries` may have: spot, platform"
    );
}

#[test]
fn what_is_wrong_is_told_all_at_once() {
    let text = "\
version: 1
environment: Test
data: { epochs: x, AWS_REGION: x, SIGNALBOX_ORDER: x, 1A: x, OK: 20 }
parameters: { A: a, B: \"\" }
compute: { queue: a/b, memory: 2GB, timeout: 5 }
";
    let expected = [
        "2:14: \"Test\" is not an environment name",
        "3:9: \"epochs\" is not a variable that can be set here",
        "3:20: \"AWS_REGION\" is not a variable that can be set here",
        "3:35: \"SIGNALBOX_ORDER\" is not a variable that can be set here",
        "3:55: \"1A\" is not a variable that can be set here",
        "3:66: `OK` must be a text, found the number 20; put it in quotes: \"20\"",
        "4:24: `B` is empty",
        "5:19: \"a/b\" is not a Batch job queue",
        "5:32: `memory` is wrong: \"2GB\" is not a size; did you mean 2GiB?",
        "5:46: `timeout` is wrong: \"5\" is not a duration",
    ];
    let found = refused(text);
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{found}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}\n{expected}");
    }
}

#[test]
fn a_variable_is_set_once() {
    let text = "version: 1\nenvironment: test\ndata: { A: x }\nparameters: { A: y }\n";
    assert_eq!(refused(text), "4:15: `A` is given twice, first in `data`");
}

#[test]
fn variables_fit_into_a_submission() {
    let text = format!("version: 1\nenvironment: test\ndata: {{ A: {} }}\n", "x".repeat(9_000));
    assert!(refused(&text).starts_with("1:1: the variables take 9001 bytes"));
}

#[test]
fn who_may_enter_is_read_and_makes_a_document_that_older_code_leaves_alone() {
    let text = "version: 1\nenvironment: test\npipelines: [rain]\nbranches: [main, \"release/*\"]\n\
                require_checks: [unit, data]\n";
    let settings = parse(text).unwrap();
    assert_eq!(settings.schema, 2);
    assert!(settings.to_json().ends_with(
        r#""compute":{},"pipelines":["rain"],"branches":["main","release/*"],"require_checks":["unit","data"]}"#
    ));
    let stored: Settings = serde_json::from_str(&settings.to_json()).unwrap();
    assert_eq!(stored, settings);
    let everybody = parse("version: 1\nenvironment: test\npipelines: [\"*\"]\n").unwrap();
    assert_eq!(everybody, parse("version: 1\nenvironment: test\n").unwrap());
    assert_eq!(everybody.schema, 1);
}

#[test]
fn who_may_enter_is_told_wrong_all_at_once() {
    let text = "\
version: 1
environment: test
pipelines: [rain, \"*\"]
branches: [\"rel ease\", main, main]
require_checks: []
";
    let found = refused(text);
    let expected = [
        "3:12: `pipelines` has names beside \"*\", which stands for all pipelines",
        "4:12: \"rel ease\" is not a branch pattern",
        "4:30: \"main\" stands there twice",
        "5:17: `require_checks` is empty; leave `require_checks` out where nothing is meant",
    ];
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{found}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}\n{expected}");
    }
}

#[test]
fn who_is_told_is_read_and_a_target_that_could_not_be_reached_is_refused() {
    let text = "\
version: 1
environment: test
notify:
  - { sns: \"arn:aws:sns:eu-west-1:123456789012:signalbox-releases\" }
  - { webhook: \"secret:signalbox/chat\" }
  - { github: \"secret:signalbox/github\" }
  - { codecommit: comment }
";
    let settings = parse(text).unwrap();
    let told: Vec<String> = settings.notify.iter().map(ToString::to_string).collect();
    assert_eq!(
        told[1..],
        ["webhook=secret:signalbox/chat", "github=secret:signalbox/github", "codecommit=comment"]
    );
    assert_eq!(settings.schema, 3, "older code would tell nobody");
    assert_eq!(serde_json::from_str::<Settings>(&settings.to_json()).unwrap(), settings);

    let text = "\
version: 1
environment: test
notify:
  - { sns: \"arn:aws:sns:eu-west-1:123456789012:alarms\" }
  - { webhook: \"https://example.com/hook?token=1\" }
  - { codecommit: comment }
  - { codecommit: comment }
  - { mail: ops@example.com }
  - later
";
    let found = refused(text);
    let expected = [
        "4:12: \"arn:aws:sns:eu-west-1:123456789012:alarms\" is not a topic that can be told",
        "5:16: \"https://example.com/hook?token=1\" is not a secret that can be read",
        "7:5: codecommit=comment stands there twice",
        "8:7: unknown key `mail`",
        "9:5: `notify` must be a mapping, found \"later\"",
    ];
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{found}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}\n{expected}");
    }
    assert!(refused("version: 1\nenvironment: test\nnotify: []\n").contains("names nobody"));
}

#[test]
fn whom_to_ask_is_read_with_its_defaults_and_is_part_of_the_digest() {
    let text = "version: 1\nenvironment: test\napprovals: { required: 2, from: [managers, ops] }\n";
    let settings = parse(text).unwrap();
    assert_eq!(settings.schema, 3);
    let asked = settings.approvals.clone().unwrap();
    assert_eq!((asked.required, asked.exclude_author, asked.expire_seconds), (2, true, 604_800));
    assert_eq!(asked.from.iter().map(GroupName::as_str).collect::<Vec<_>>(), ["managers", "ops"]);
    let stored: Settings = serde_json::from_str(&settings.to_json()).unwrap();
    assert_eq!(stored, settings);
    let all = text.replace(" }", ", exclude_author: false, expire: 30d }");
    let other = parse(&all).unwrap();
    let asked = other.approvals.clone().unwrap();
    assert_eq!((asked.exclude_author, asked.expire_seconds), (false, 2_592_000));
    assert_ne!(other.digest(), settings.digest());
}

#[test]
fn whom_to_ask_is_told_wrong_all_at_once() {
    let refused = |approvals: &str| {
        refused(&format!("version: 1\nenvironment: test\napprovals: {approvals}\n"))
    };
    let found = refused("{ required: 0, from: [], exclude_author: maybe, expire: 31d, who: me }");
    let expected = [
        "3:24: `required` must be a whole number from 1 to 10, found the number 0",
        "3:33: `from` is empty; leave `from` out where nothing is meant",
        "3:53: `exclude_author` must be true or false, found \"maybe\"",
        "3:68: `expire` is wrong: people cannot be given 31d to decide; write a time from 1m to 30d",
        "3:73: unknown key `who`; `approvals` may have: required, from, exclude_author, expire",
    ];
    assert_eq!(found.lines().collect::<Vec<_>>(), expected, "{found}");
    assert!(refused("{ required: 11, from: [a, a], expire: 59s }").contains("stands there twice"));
    let found = refused("{}");
    assert!(found.contains("`required` is missing") && found.contains("`from` is missing"));
}

const GUARDED: &str = "\
version: 1
environment: test
data: { DATASET_URI: \"s3://rain/test/\" }
secrets:
  API_KEY: \"arn:aws:secretsmanager:eu-west-1:123456789012:secret:rain/api-AbCdEf:key::\"
  TOKEN: arn:aws:ssm:eu-west-1:123456789012:parameter/rain/token
service_account: { role: \"arn:aws:iam::123456789012:role/signalbox/training\", id: AROA1234567890ABCDEFG }
execution_role: arn:aws:iam::123456789012:role/signalbox/execution
validate: { datasets: [DATASET_URI], scan: { critical: 0, high: 5 } }
";

#[test]
fn whose_the_jobs_are_and_what_is_tried_first_is_read() {
    let settings = parse(GUARDED).unwrap();
    assert_eq!(settings.schema, 4, "older code would run jobs under another role");
    assert_eq!(serde_json::from_str::<Settings>(&settings.to_json()).unwrap(), settings);
    let trial = settings.trial().unwrap();
    assert_eq!((trial.data.len(), trial.secrets.len()), (1, 2));
    let other = parse(&GUARDED.replace("secret:rain/api", "secret:rain/other")).unwrap();
    assert_ne!(other.trial().unwrap().digest(), trial.digest());
    assert_ne!(other.digest(), settings.digest());
    assert_eq!(parse(TEST).unwrap().trial(), None, "there is nothing to be tried");
}

#[test]
fn what_no_job_can_be_given_is_told_all_at_once() {
    let text = "\
version: 1
environment: test
data: { DATASET_URI: \"s3://rain/test/\", API_KEY: x }
secrets: { API_KEY: \"arn:aws:ssm:eu-west-1:123456789012:parameter/a\", TOKEN: hunter2 }
service_account: arn:aws:iam::123456789012:role/signalbox/training
execution_role: arn:aws:iam::123456789012:role/execution
validate: { datasets: [OTHER], scan: {} }
";
    let found = refused(text);
    let expected = [
        "4:12: `API_KEY` is given twice: it is no secret",
        "4:78: \"hunter2\" is not the ARN of a secret",
        "5:18: `service_account` is a role without its id; write { role: ",
        "6:17: \"arn:aws:iam::123456789012:role/execution\" is not a role that jobs may have",
        "7:38: `scan` bounds nothing",
    ];
    for expected in expected {
        assert!(found.contains(expected), "{expected}\n{found}");
    }
    let text = "version: 1\nenvironment: test\nvalidate: { datasets: [OTHER] }\n";
    assert_eq!(refused(text), "3:1: `datasets` names OTHER, and `data` has none of that name");
}
