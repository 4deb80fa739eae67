use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::{Context, Stack, parse, role_id};

const SMALL: &str = r#"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: { Type: String, Default: demo, AllowedValues: [demo, prod] }
  Repositories: { Type: CommaDelimitedList }
  Queue: { Type: String, Default: "" }
Conditions:
  OwnQueue: !Equals [!Ref Queue, ""]
Globals:
  Function:
    Timeout: 30
    Environment: { Variables: { STATE: !Ref State, SHARED: "1" } }
Resources:
  State:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "box-${Stage}-${AWS::AccountId}"
      VersioningConfiguration: { Status: Enabled }
  Commits:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Join ["-", [box, !Ref Stage, commits]]
      VisibilityTimeout: 180
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5 }
  Dead: { Type: AWS::SQS::Queue }
  JobQueue: { Type: AWS::Batch::JobQueue, Condition: OwnQueue, Properties: { JobQueueName: jobs } }
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern:
        source: [aws.codecommit]
        account: [!Ref AWS::AccountId]
        detail: { repositoryName: !Ref Repositories }
      Targets: [{ Id: commits, Arn: !GetAtt Commits.Arn }]
  Role: { Type: AWS::IAM::Role, Properties: { Path: /box/ } }
  Commit:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: commit } }
    Properties:
      Role: !GetAtt Role.Arn
      Environment:
        Variables:
          SHARED: "2"
          JOBS: !If [OwnQueue, !Ref JobQueue, !Ref Queue]
          ROLE_ID: !GetAtt Role.RoleId
          DEAD: !Ref Dead
      Events:
        Source:
          Type: SQS
          Properties: { Queue: !GetAtt Commits.Arn, BatchSize: 5, FunctionResponseTypes: [ReportBatchItemFailures] }
        Tick: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(2 minutes) } }
Outputs:
  CommitsUrl: { Value: !Ref Commits }
"#;

fn context(parameters: &[(&str, &str)]) -> Context {
    Context {
        parameters: parameters.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        stack_name: "box".to_owned(),
        endpoint: "http://127.0.0.1:1".to_owned(),
    }
}

fn read(text: &str) -> Result<Stack, String> {
    parse("template.yaml", text, &context(&[("Repositories", "rain,snow")]))
        .map_err(|error| error.to_string())
}

#[test]
fn a_template_becomes_what_the_engine_builds() {
    let stack = read(SMALL).expect("the template is sound");
    assert_eq!(stack.buckets[0].name, "box-demo-123456789012");
    assert!(stack.buckets[0].versioned);
    let commits = stack.queue("Commits").expect("the queue");
    assert_eq!(commits.name, "box-demo-commits");
    assert_eq!(commits.visibility, Duration::from_secs(180));
    let redrive = commits.redrive.as_ref().expect("a redrive policy");
    assert_eq!((redrive.target.as_str(), redrive.max_receive_count), ("box-Dead", 5));
    assert_eq!(stack.job_queues[0].arn, "arn:aws:batch:eu-west-1:123456789012:job-queue/jobs");
    assert_eq!(stack.outputs["CommitsUrl"], "http://127.0.0.1:1/123456789012/box-demo-commits");

    let rule = &stack.rules[0];
    assert_eq!(rule.targets, ["box-demo-commits"]);
    let event = |repository| json!({"source": "aws.codecommit", "account": "123456789012", "detail": {"repositoryName": repository}});
    assert!(rule.pattern.matches(&event("snow")));
    assert!(!rule.pattern.matches(&event("hail")));
}

#[test]
fn a_function_has_its_own_variables_over_those_of_all() {
    let stack = read(SMALL).expect("the template is sound");
    let function = stack.function("Commit").expect("the function");
    assert_eq!(function.binary, "commit");
    assert_eq!(function.timeout, Duration::from_secs(30));
    let expected: BTreeMap<String, String> = [
        ("STATE", "box-demo-123456789012"),
        ("SHARED", "2"),
        ("JOBS", "arn:aws:batch:eu-west-1:123456789012:job-queue/jobs"),
        ("ROLE_ID", &role_id("arn:aws:iam::123456789012:role/box/box-Role")),
        ("DEAD", "http://127.0.0.1:1/123456789012/box-Dead"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    assert_eq!(function.environment, expected);
    let source = &function.sources[0];
    assert_eq!((source.queue.as_str(), source.batch_size), ("box-demo-commits", 5));
    assert!(source.report_batch_item_failures);
    assert_eq!(function.schedules[0].rate, Duration::from_secs(120));
}

#[test]
fn every_fault_is_told_with_its_line_and_column() {
    let cases = [
        ("!GetAtt Dead.Arn", "!GetAtt Deed.Arn", "24:45: there is no parameter or resource `Deed`"),
        (
            "!GetAtt Commits.Arn }]",
            "!GetAtt Commits.Url }]",
            "34:37: `Commits` (AWS::SQS::Queue) has no attribute `Url`",
        ),
        ("${Stage}", "${Stag}", "17:19: there is no parameter or resource `Stag`"),
        (
            "VisibilityTimeout: 180",
            "VisibilityTimeOut: 180",
            "23:7: `Commits`: the local engine does not carry out `VisibilityTimeOut`",
        ),
        (
            "[aws.codecommit]",
            "[{ cidr: x }]",
            "31:17: `Rule`: `source` of the event pattern uses `cidr`, which the local engine does not know",
        ),
        (
            "AWS::S3::Bucket",
            "AWS::S3::Buckets",
            "14:3: `State`: the local engine does not know `AWS::S3::Buckets`",
        ),
        (
            "rate(2 minutes)",
            "cron(0 1)",
            "51:9: `cron(0 1)`: the local engine knows `rate(<number> minutes)` only",
        ),
        (
            "Default: demo",
            "Default: test",
            "4:3: parameter `Stage` is `test`, and must be one of demo, prod",
        ),
        ("!If [OwnQueue,", "!If [OwnQueu,", "44:22: there is no condition `OwnQueu`"),
        ("Outputs:", "Output:", "52:1: CloudFormation knows no section `Output`"),
        (
            "Type: AWS::S3::Bucket\n    Properties:",
            "Type: AWS::S3::Bucket\n    Propertys:",
            "16:5: CloudFormation knows no attribute `Propertys`",
        ),
        ("  Commits:", "  State:", "19:3: duplicated key in mapping"),
    ];
    for (from, to, expected) in cases {
        assert!(SMALL.contains(from), "{from}");
        let error = read(&SMALL.replacen(from, to, 1)).expect_err("the template has a fault");
        assert_eq!(error, format!("template.yaml:{expected}"), "{from} -> {to}");
    }
}

#[test]
fn a_parameter_without_a_value_and_a_value_without_a_parameter_are_faults() {
    let missing = parse("t", SMALL, &context(&[])).expect_err("Repositories has no value");
    let text = missing.to_string();
    assert_eq!(text, "t:5:3: parameter `Repositories` has no `Default` and no value was given");
    let unknown = context(&[("Repositories", "rain"), ("Colour", "red")]);
    let text = parse("t", SMALL, &unknown).expect_err("nobody knows Colour").to_string();
    assert!(text.contains("parameter `Colour` is given, but the template knows no such one"));
}

#[test]
fn what_a_condition_leaves_out_is_not_there() {
    let parameters = [("Repositories", "rain"), ("Queue", "arn:elsewhere")];
    let stack = parse("t", SMALL, &context(&parameters)).expect("the template is sound");
    assert_eq!(stack.job_queues, []);
    assert_eq!(stack.functions[0].environment["JOBS"], "arn:elsewhere");
}

/// The template of the project, as the local engine's users fill it in.
fn deployed() -> Stack {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let context = context(&[
        ("Repositories", "rain"),
        ("ImageRepositories", "rain-trainer"),
        ("JobQueue", "arn:aws:batch:eu-west-1:123456789012:job-queue/signalbox"),
        ("RunnerImage", "runner:1"),
        ("CheckoutImage", "checkout:1"),
    ]);
    super::read(&path, &context).expect("template.yaml is sound")
}

#[test]
fn each_event_reaches_the_queue_that_its_file_is_named_after() {
    let stack = deployed();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("events/ is there") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let expected = match name.split('-').next() {
            _ if [
                "batch-job-runnable",
                "codecommit-branch-deleted",
                "codecommit-merge",
                "ecr-delete",
            ]
            .contains(&name) =>
            {
                None
            }
            _ if name == "batch-job-queue-blocked" => Some("BlockedRule"),
            Some("batch") => Some("JobsRule"),
            Some("codecommit") => Some("CommitsRule"),
            Some("ecr") => Some("ImagesRule"),
            Some("near") => None,
            _ => continue,
        };
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let event = serde_json::from_str(&text).expect("an event is JSON");
        let rules = stack.rules.iter().filter(|rule| rule.pattern.matches(&event));
        let rules: Vec<_> = rules.map(|rule| rule.logical_id.as_str()).collect();
        assert_eq!(rules, Vec::from_iter(expected), "{name}");
        seen += 1;
    }
    assert!(seen >= 10, "only {seen} events were found");
}

#[test]
fn the_template_that_is_deployed_is_understood() {
    let stack = deployed();
    let mut binaries: Vec<_> = stack.functions.iter().map(|one| one.binary.as_str()).collect();
    binaries.sort_unstable();
    assert_eq!(binaries, ["commit", "decision", "image", "job", "launch", "notify", "tick"]);
    assert_eq!((stack.buckets.len(), stack.queues.len(), stack.rules.len()), (3, 12, 4));
    for function in &stack.functions {
        assert!(function.environment.contains_key("SIGNALBOX_STATE_BUCKET"), "{}", function.name);
        assert_eq!(function.sources.len() + function.schedules.len(), 1, "{}", function.name);
    }
}
