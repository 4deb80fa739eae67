//! What a release is that waits for approval: shown before anybody decides about it.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use signalbox_cloud::decision::Decision;
use signalbox_pipeline::approval::{self, Refusal};
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{CommitSha, EnvironmentName, GroupName, RunId, Sha256};
use signalbox_pipeline::people::People;
use signalbox_pipeline::report::Metric;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::fact::{Choice, Decided, LiveRelease};
use signalbox_pipeline::run::state::StageWork;
use signalbox_pipeline::settings::Settings;

use super::commits;
use crate::connect::{Connection, Read, RunRef};
use crate::exit::Exit;
use crate::output::Output;
use crate::verbs::env;
use crate::view::{job, safe};

/// More metrics are not listed.
const MOST_METRICS: usize = 40;

/// What waits, and beside what.
#[derive(Debug, Serialize)]
pub(in crate::verbs) struct Page {
    /// What is decided about.
    pub(super) release: Sha256,
    run: RunId,
    pub(super) environment: EnvironmentName,
    commit: CommitSha,
    /// Who had a part in it.
    makers: Vec<Maker>,
    /// Why nobody can approve, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_up: Option<String>,
    asked: Asked,
    live: Option<Live>,
    /// The commits that the live release does not have, where this folder knows them.
    commits: Vec<String>,
    /// What its checks and its verification so far came to.
    jobs: Vec<String>,
    metrics: Vec<Measured>,
    /// How its settings differ from those of the live release.
    settings: Vec<String>,
    /// What was said of it so far.
    said: Vec<Decided>,
}

#[derive(Debug, Serialize)]
struct Maker {
    part: &'static str,
    name: Option<String>,
}

#[derive(Debug, Serialize)]
struct Asked {
    required: u32,
    from: Vec<GroupName>,
    exclude_author: bool,
}

#[derive(Debug, Serialize)]
struct Live {
    run: RunId,
    commit: Option<CommitSha>,
}

#[derive(Debug, Serialize)]
struct Measured {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Metric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<Metric>,
}

impl Page {
    /// What `run` waits with in `environment`; its commits are looked up in the folder `clone`.
    pub(super) async fn of(
        connection: &Connection,
        run: &Run,
        environment: &EnvironmentName,
        people: Option<&People>,
        clone: &Path,
    ) -> anyhow::Result<Self> {
        let refused = |refusal: Refusal| Exit::Failed.because(refusal);
        let (stage, asked) = approval::open(run, environment, Timestamp::now()).map_err(refused)?;
        let state = &run.state;
        let nothing = || Exit::Errored.because(format!("{} has no release yet", run.id));
        let entered = state.entered(stage).ok_or_else(nothing)?;
        let release = state.release(stage).ok_or_else(nothing)?;
        let commit = state.trigger.commit.clone();
        let live = match &entered.current {
            Some(current) => Some(live(connection, run, current).await?),
            None => None,
        };
        let commits = match live.as_ref().and_then(|live| live.commit.as_ref()) {
            Some(live) => commits::between(live, &commit, clone).await,
            None => Vec::new(),
        };
        let settings = entered.settings.as_deref().ok_or_else(nothing)?;
        let before = settings_of(connection, run, environment).await?;
        let makers = approval::makers(state);
        let said = stage.approving.iter().flat_map(|approving| &approving.decisions);
        let said = said.filter(|one| one.release == release).cloned().collect();
        Ok(Self {
            release,
            run: run.id.clone(),
            environment: environment.clone(),
            commit,
            makers: makers
                .into_iter()
                .map(|one| Maker { part: one.part, name: one.name.map(str::to_owned) })
                .collect(),
            held_up: people.and_then(|people| approval::held_up(state, asked, people)),
            asked: Asked {
                required: asked.required,
                from: asked.from.clone(),
                exclude_author: asked.exclude_author,
            },
            live,
            commits,
            jobs: jobs(run),
            metrics: metrics(run, entered.current.as_ref()),
            settings: before.map(|before| env::differences(&before, settings)).unwrap_or_default(),
            said,
        })
    }

    /// Shows it.
    pub(super) fn print(&self, output: &Output) -> std::io::Result<()> {
        let all: Vec<&str> = self.metrics.iter().map(|one| one.name.as_str()).collect();
        self.lines(&all).into_iter().try_for_each(|line| output.line(line))
    }

    /// What there is to see, line by line, with these metrics of all.
    pub(in crate::verbs) fn lines(&self, metrics: &[&str]) -> Vec<String> {
        let Asked { required, from, .. } = &self.asked;
        let groups: Vec<&str> = from.iter().map(GroupName::as_str).collect();
        let live = match &self.live {
            None => "nothing yet".to_owned(),
            Some(Live { run, commit: Some(commit) }) => {
                format!("{run}: git log {}..{}", commit.short(), self.commit.short())
            }
            Some(Live { run, commit: None }) => run.to_string(),
        };
        let makers = self.makers.iter().map(|Maker { part, name }| {
            format!("{part}: {}", name.as_deref().unwrap_or("nobody has said it"))
        });
        let commit = std::iter::once(self.commit.to_string()).chain(makers);
        let settings = if self.live.is_some() && self.settings.is_empty() {
            vec!["the same as those of the live release".to_owned()]
        } else {
            self.settings.clone()
        };
        let measured = self.metrics.iter().filter(|one| metrics.contains(&one.name.as_str()));
        let parts = [
            ("release", vec![format!("{} of {} for {}", self.release, self.run, self.environment)]),
            ("asked", vec![format!("{required} of {}", groups.join(", "))]),
            ("commit", commit.collect()),
            ("held up", self.held_up.iter().cloned().collect()),
            ("live", vec![live]),
            ("commits", self.commits.clone()),
            ("jobs", self.jobs.clone()),
            ("metrics", measured.map(Measured::told).collect()),
            ("settings", settings),
            ("said", self.said.iter().map(told).collect()),
        ];
        let lines = parts.into_iter().flat_map(|(name, lines)| {
            let names = std::iter::once(name).chain(std::iter::repeat(""));
            let told = |(name, text): (&str, String)| format!("{name:9} {}", safe::line(&text));
            names.zip(lines).map(told).collect::<Vec<_>>()
        });
        lines.collect()
    }

    /// Shows what would be sent, and sends nothing.
    pub(super) fn dry_run(&self, decision: &Decision, output: &Output) -> anyhow::Result<Exit> {
        let message = decision.message().map_err(|error| Exit::Usage.because(error))?;
        if output.json {
            let message: serde_json::Value = serde_json::from_str(&message)?;
            output.object(&serde_json::json!({
                "dry_run": true, "decision": message, "about": self,
            }))?;
        } else {
            output.line(format!("\nNothing is sent. This would be\n  {message}"))?;
        }
        Ok(Exit::Success)
    }
}

impl Measured {
    fn told(&self) -> String {
        let Self { name, value, live } = self;
        let value = value.as_ref().map_or_else(|| "not measured".to_owned(), ToString::to_string);
        match live {
            Some(live) => format!("{name}  {value} (live: {live})"),
            None => format!("{name}  {value}"),
        }
    }
}

/// A decision in a sentence.
pub(in crate::verbs) fn told(decided: &Decided) -> String {
    let word = match decided.choice {
        Choice::Approve if decided.break_glass => "BROKE THE GLASS",
        Choice::Approve => "approved",
        Choice::Reject => "rejected",
    };
    let why = decided.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{} {word} as {}{why}", decided.person, decided.principal)
}

/// The live release, with the commit of its run where that is still kept.
async fn live(connection: &Connection, run: &Run, current: &LiveRelease) -> anyhow::Result<Live> {
    let of = RunRef { pipeline: run.pipeline.clone(), id: current.run.clone() };
    let seen = connection.existing_run(&of).await?;
    let commit = seen.map(|seen| seen.run.state.trigger.commit);
    Ok(Live { run: current.run.clone(), commit })
}

/// The settings under which the live release was verified.
async fn settings_of(
    connection: &Connection,
    run: &Run,
    environment: &EnvironmentName,
) -> anyhow::Result<Option<Settings>> {
    let state = connection.state();
    let key = keys::state::environment(&run.pipeline, environment);
    let Read::Found { bytes, .. } = state.read(&key, None).await? else { return Ok(None) };
    let document: Environment = serde_json::from_slice(&bytes)?;
    let Some(current) = document.current else { return Ok(None) };
    let version = keys::state::settings_version(environment, &current.settings);
    let Read::Found { bytes, .. } = state.read(&version, None).await? else { return Ok(None) };
    Ok(Some(serde_json::from_slice(&bytes)?))
}

/// Its checks and the jobs of environments that it has passed, a word each.
fn jobs(run: &Run) -> Vec<String> {
    let stages = run.state.stages.iter().filter(|stage| {
        matches!(stage.work, StageWork::Checks | StageWork::Verify { .. }) && !stage.jobs.is_empty()
    });
    stages
        .map(|stage| {
            let jobs = stage.jobs.iter().map(|job| format!("{} {}", job.name, job.phase));
            format!("{}: {}", stage.name, jobs.collect::<Vec<_>>().join(", "))
        })
        .collect()
}

/// What was measured of it, beside the same of the live release: where several jobs have measured the
/// same, the last of them.
fn metrics(run: &Run, live: Option<&LiveRelease>) -> Vec<Measured> {
    let jobs = run.state.stages.iter().flat_map(|stage| &stage.jobs);
    let reports = jobs.filter_map(|job| job::report(job.attempts.last()?));
    let mut all = BTreeMap::new();
    for (name, value) in reports.flat_map(|report| &report.metrics) {
        all.insert(name, value);
    }
    let of_live = |name: &String| live.and_then(|live| live.metrics.get(name)).copied();
    let missing = live.into_iter().flat_map(|live| &live.metrics);
    let missing = missing.filter(|(name, _)| !all.contains_key(name));
    let missing = missing.map(|(name, value)| Measured {
        name: name.clone(),
        value: None,
        live: Some(*value),
    });
    let measured = all.iter().map(|(name, value)| Measured {
        name: (*name).clone(),
        value: Some(**value),
        live: of_live(name),
    });
    measured.chain(missing).take(MOST_METRICS).collect()
}
