//! What each step of a run asks of the services: counted, not timed.

use std::collections::BTreeMap;

use anyhow::Context as _;
use aws_sdk_batch::types::JobDetail;
use signalbox_pipeline::names::ImageTag;
use signalbox_pipeline::phase::Phase;
use signalbox_tests::event;
use signalbox_tests::installation::{Installation, RUN};
use signalbox_tests::program::root;
use signalbox_tests::repository::Tree;
use signalbox_tests::requests::Request;
use signalbox_tests::wait::until;

use crate::PROGRAM;

/// One process per function, and no event but those that the test sends: what belongs to a step can
/// be told from what belongs to the next.
const STEPWISE: [(&str, &str); 3] = [
    ("    MemorySize: 128\n", "    MemorySize: 128\n    ReservedConcurrentExecutions: 1\n"),
    ("status: [RUNNING, SUCCEEDED, FAILED]", "status: [PENDING]"),
    ("action-type: [PUSH]", "action-type: [REPLICATE]"),
];

/// The kinds of requests, in the order in which a row names them.
const KINDS: [&str; 26] = [
    "GET registration",
    "PUT event",
    "PUT event (412)",
    "PUT marker",
    "GET head",
    "PUT head",
    "GET run",
    "GET result",
    "GET definition",
    "HEAD settings",
    "COPY source",
    "DescribeImages",
    "GET settings",
    "BatchGetImage",
    "DescribeJobQueues",
    "DescribeComputeEnvironments",
    "PUT run (412)",
    "PUT run",
    "SubmitJob (refused)",
    "RegisterJobDefinition",
    "SubmitJob",
    "GET environment",
    "PUT environment",
    "DELETE marker",
    "LIST",
    "other",
];

/// A run that is carried on one event at a time.
struct Steps {
    signalbox: Installation,
    rows: Vec<(&'static str, BTreeMap<usize, u32>)>,
    _template: tempfile::TempDir,
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_asks_for_what_the_documentation_says_and_nothing_more() -> anyhow::Result<()> {
    let mut steps = Steps::start().await?;
    let commit = steps.signalbox.repository.commit(&Tree::greeting("counted")).await?;
    steps.signalbox.repository.plant().await?;
    let push = event::push("rain", &commit)?;
    steps.emit("commits", &push).await?;
    steps.end("a push begins a run").await?;

    let checkout = steps.job("checkout", "checkout").await?;
    steps.begins(&checkout, "a job begins; this process has not seen the run yet").await?;
    steps
        .ends(&checkout, "checkout ends: the definition is read, two checks are submitted")
        .await?;
    let (unit, data) = (steps.job("checks", "unit").await?, steps.job("checks", "data").await?);
    steps.begins(&unit, "a job begins").await?;
    steps.ends(&unit, "a check ends, another still runs").await?;
    steps.ends(&data, "the last check ends: the build is submitted").await?;
    let build = steps.job("build", "build").await?;
    steps.image_pushed().await?;
    steps.end("an image is announced").await?;
    steps.ends(&build, "the build ends: the environment is entered, with a new image").await?;
    let e2e = steps.job("test-verify", "e2e").await?;
    steps.ends(&e2e, "the verification ends: the release is recorded, the run is over").await?;
    steps.ends(&e2e, "an event comes again").await?;
    steps.emit("commits", &push).await?;
    steps.end("a push comes again").await?;

    let run = steps.signalbox.only_run_succeeded().await?;
    assert_eq!(run.state.phase, Phase::Succeeded);
    let table = steps.table();
    println!("{table}");
    let documented = std::fs::read_to_string(root().join("docs").join("performance.md"))?;
    assert!(documented.contains(&table), "docs/performance.md has to hold this table:\n\n{table}");
    Ok(())
}

impl Steps {
    async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let template = Installation::template(folder.path(), &STEPWISE)?;
        let signalbox = Installation::start(PROGRAM, |setup| setup.template = template).await?;
        let mut steps = Self { signalbox, rows: Vec::new(), _template: folder };
        // Each function says that it is there before anything is counted.
        let queues = steps.signalbox.facts.queues.clone();
        for queue in [queues.commits, queues.jobs, queues.images] {
            steps.signalbox.send(&queue, "hello").await?;
        }
        steps.end("the functions start").await?;
        steps.rows.clear();
        Ok(steps)
    }

    async fn emit(&self, queue: &str, event: &serde_json::Value) -> anyhow::Result<()> {
        let queues = &self.signalbox.facts.queues;
        let url = match queue {
            "commits" => &queues.commits,
            "images" => &queues.images,
            _ => &queues.jobs,
        };
        self.signalbox.emit(url, event).await
    }

    async fn job(&self, stage: &str, job: &str) -> anyhow::Result<JobDetail> {
        let run = self.signalbox.begun().await?;
        self.signalbox.job_ended(&run, stage, job, 1).await
    }

    async fn begins(&mut self, job: &JobDetail, step: &'static str) -> anyhow::Result<()> {
        self.signalbox.deliver_begin(job).await?;
        self.end(step).await
    }

    async fn ends(&mut self, job: &JobDetail, step: &'static str) -> anyhow::Result<()> {
        self.signalbox.deliver(job).await?;
        self.end(step).await
    }

    /// The registry's event of the image that the build pushed.
    async fn image_pushed(&self) -> anyhow::Result<()> {
        let run = self.signalbox.begun().await?;
        let tag = ImageTag::parse(format!("{}.{}.1", run.pipeline, run.id))?;
        let images = self.signalbox.ecr().describe_images().repository_name("rain-trainer");
        let images = images.send().await?;
        let pushed = images
            .image_details()
            .iter()
            .find(|image| image.image_tags().iter().any(|found| *found == tag.as_str()));
        let digest = pushed.and_then(|image| image.image_digest()).context("no image is pushed")?;
        let mut event = event::fresh("ecr-push")?;
        event["detail"]["image-digest"] = digest.into();
        event["detail"]["image-tag"] = tag.as_str().into();
        self.emit("images", &event).await
    }

    /// Waits until all is quiet, and counts what the functions asked for since the last step.
    async fn end(&mut self, step: &'static str) -> anyhow::Result<()> {
        self.signalbox.quiet().await?;
        // A request of our own marks the place in the log: when it is there, so are those before it.
        let mark = format!("marks/{}", event::id());
        let (s3, state) = (self.signalbox.s3(), self.signalbox.facts.buckets.state.clone());
        let missing = s3.head_object().bucket(state).key(&mark).send().await;
        assert!(missing.is_err(), "there is no such object");
        let requests = until("the mark in the log", RUN, async || {
            let requests = self.signalbox.requests()?;
            Ok(requests.iter().any(|it| it.detail.ends_with(&mark)).then_some(requests))
        })
        .await?;
        let is_mark = |it: &&Request| it.detail.contains("/marks/");
        let end = requests.iter().position(|it| it.detail.ends_with(&mark)).unwrap_or(0);
        let begin = requests[..end].iter().rposition(|it| is_mark(&it)).unwrap_or(0);
        let mut counts = BTreeMap::new();
        for request in requests[begin..end].iter().filter(|it| it.is_of_function()) {
            *counts.entry(kind(request)).or_default() += 1;
        }
        self.rows.push((step, counts));
        Ok(())
    }

    fn table(&self) -> String {
        let mut table = "| step | requests |\n| --- | --- |\n".to_owned();
        for (step, counts) in &self.rows {
            let words = counts.iter().map(|(kind, count)| match count {
                1 => KINDS[*kind].to_owned(),
                _ => format!("{count} × {}", KINDS[*kind]),
            });
            let words: Vec<_> = words.collect();
            let words = if words.is_empty() { "none".to_owned() } else { words.join(", ") };
            table.push_str(&format!("| {step} | {words} |\n"));
        }
        table
    }
}

/// The place of a request's kind among the [`KINDS`].
fn kind(request: &Request) -> usize {
    let Request { operation, detail, status, .. } = request;
    let verb = match operation.as_str() {
        "GetObject" => "GET",
        "HeadObject" => "HEAD",
        "PutObject" => "PUT",
        "CopyObject" => "COPY",
        "DeleteObject" => "DELETE",
        "ListObjectsV2" | "ListJobs" => "LIST",
        other => other,
    };
    // The first part of the key that tells what it is.
    let parts = [
        ("/active/", "marker"),
        ("/events/", "event"),
        ("/repositories/", "registration"),
        ("/heads/", "head"),
        ("/result.json", "result"),
        ("/files/signalbox.yaml", "definition"),
        ("/source.tar.zst", "source"),
        ("/settings.json", "settings"),
        ("/environment.json", "environment"),
        ("/run.json", "run"),
    ];
    let part = parts.iter().find(|(part, _)| detail.contains(part)).map(|(_, name)| *name);
    let text = match (verb, part, status) {
        ("SubmitJob", _, 400..) => "SubmitJob (refused)".to_owned(),
        (
            "SubmitJob"
            | "RegisterJobDefinition"
            | "DescribeImages"
            | "BatchGetImage"
            | "DescribeJobQueues"
            | "DescribeComputeEnvironments"
            | "LIST",
            _,
            _,
        ) => verb.to_owned(),
        ("PUT", Some(part @ ("run" | "event")), 412) => format!("PUT {part} (412)"),
        (_, Some(part), _) => format!("{verb} {part}"),
        (_, None, _) => "other".to_owned(),
    };
    KINDS.iter().position(|kind| *kind == text).unwrap_or(KINDS.len() - 1)
}
