//! What an attempt left behind: its `result.json`, and what its conditions say about it.

use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::effect;
use signalbox_pipeline::gate::{Current, ImageFacts, Scope};
use signalbox_pipeline::inspection::Finding;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::TaskId;
use signalbox_pipeline::order::files;
use signalbox_pipeline::report::{self, Commit, Report};
use signalbox_pipeline::run::fact::{Evidence, Found, Gated, Reported};
use signalbox_pipeline::run::state::{Stage, StageWork};
use signalbox_pipeline::run::{Fact, Run};
use signalbox_pipeline::shared::Shared;

use super::Runs;
use super::telling::Telling;
use crate::fault::Fault;
use crate::store::{Fetched, StoreError, Stored};

/// The version of `result.json` that this code reads.
const SCHEMA: u32 = 1;
/// How large evidence may make a run; the rest is for all that is not a job's to write.
const ROOM: usize = Run::LARGEST / 2;
/// As much of an error as is kept, in characters.
const LONGEST_ERROR: usize = 200;
/// As many findings of a preflight are kept: more than settings can name.
const MOST_FINDINGS: usize = 200;

impl Telling<'_> {
    /// Where `attempt` wrote the file `name`; the believed job's own event names the task.
    pub(super) fn delivered(&self, run: &Run, attempt: &AttemptId, name: &str) -> Option<String> {
        let task = run.state.attempt(attempt)?.ending.as_ref()?.task.as_ref()?;
        let stage = run.state.stages.iter().find(|stage| stage.name == attempt.stage)?;
        let settings = run.state.entered(stage).and_then(|entered| entered.settings.as_deref());
        let role = effect::role_id(settings, &self.runs.platform);
        let incoming = keys::artifacts::incoming(role);
        Some(keys::artifacts::delivered(&incoming, task, name))
    }

    pub(super) async fn reported(&self, run: &Run, attempt: &AttemptId) -> Result<Reported, Fault> {
        let evidence = match self.delivered(run, attempt, files::RESULT) {
            Some(key) => ours(run, attempt, self.runs.evidence(key).await?),
            None => missing("no task is known to have run it"),
        };
        let verdicts = match &evidence {
            Evidence::Read(found) if found.report.exit_code == 0 => {
                verdicts(run, attempt, &found.report)
            }
            _ => Vec::new(),
        };
        Ok(Reported { attempt: attempt.clone(), evidence, verdicts })
    }
}

impl Runs {
    /// What the job in `task`, which had the role of this id, reported: its own event names the task.
    pub(crate) async fn result(&self, role_id: &str, task: &TaskId) -> Result<Evidence, Fault> {
        let incoming = keys::artifacts::incoming(role_id);
        self.evidence(keys::artifacts::delivered(&incoming, task, files::RESULT)).await
    }

    async fn evidence(&self, key: String) -> Result<Evidence, Fault> {
        match self.artifacts.read(&key, None, report::LARGEST).await {
            Ok(Some(fetched)) => Ok(read(key, fetched)),
            Ok(None) => Ok(missing(&format!("there is no {key}"))),
            Err(StoreError::TooLarge { most, .. }) => {
                Ok(missing(&format!("{key} has more than {most} bytes")))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// `evidence`, unless it names an image under another tag than the one that the run had fixed: the
/// registry is asked for that one only, and would confirm nothing about the other.
fn ours(run: &Run, attempt: &AttemptId, evidence: Evidence) -> Evidence {
    let fixed = attempt.image_tag(&run.pipeline, &run.id);
    match &evidence {
        Evidence::Read(found) => match &found.report.image {
            Some(built) if built.tag != fixed => missing(&format!(
                "{} names an image under {}, and the run had fixed {fixed}",
                found.key, built.tag
            )),
            _ => evidence,
        },
        Evidence::Missing { .. } => evidence,
    }
}

/// `fact`, or the same without the evidence where the run has no room for that: a document that
/// has outgrown its bound could never be written again, and the run would not end.
pub(super) fn fitting(run: &Run, fact: Fact) -> Fact {
    let Fact::Reported(Reported { attempt, evidence: Evidence::Read(found), .. }) = &fact else {
        return fact;
    };
    // It is held twice, by the register and by the state.
    let grown = size(run).saturating_add(size(found).saturating_mul(2));
    if grown <= ROOM {
        return fact;
    }
    let evidence = missing(&format!("the run has no room for {}: report less", found.key));
    Fact::Reported(Reported { attempt: attempt.clone(), evidence, verdicts: Vec::new() })
}

fn size(value: &impl serde::Serialize) -> usize {
    let mut size = Size(0);
    serde_json::to_writer(&mut size, value).map_or(usize::MAX, |()| size.0)
}

/// Counts what is written, and keeps nothing of it.
struct Size(usize);

impl std::io::Write for Size {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn read(key: String, fetched: Fetched) -> Evidence {
    let Fetched { bytes, version, sha256 } = fetched;
    match serde_json::from_slice::<Report>(&bytes) {
        Ok(report) if report.schema > SCHEMA => {
            missing(&format!("{key} has schema {}, and {SCHEMA} is known", report.schema))
        }
        Ok(mut report) => {
            // Ours is; and what nobody can have written is nobody's word.
            report.commit = report.commit.filter(Commit::is_bounded);
            report.findings.truncate(MOST_FINDINGS);
            report.findings = report.findings.into_iter().map(Finding::bounded).collect();
            Evidence::Read(Shared::new(Found { key, version, sha256, report }))
        }
        Err(error) => {
            // The error repeats what it stumbled over, and a job may write anything there.
            let error: String = error.to_string().chars().take(LONGEST_ERROR).collect();
            missing(&format!("{key} is damaged: {error}"))
        }
    }
}

fn missing(reason: &str) -> Evidence {
    Evidence::Missing { reason: reason.to_owned() }
}

fn verdicts(run: &Run, attempt: &AttemptId, report: &Report) -> Vec<Gated> {
    let stage = run.state.stages.iter().find(|stage| stage.name == attempt.stage);
    let job = stage.and_then(|stage| run.state.specification(&stage.work, &attempt.job));
    let (Some(stage), Some(job)) = (stage, job) else { return Vec::new() };
    let scope = scope(run, stage, report);
    let gated = job.require.iter().map(|condition| Gated {
        condition: condition.as_str().to_owned(),
        verdict: condition.evaluate(&scope),
    });
    gated.collect()
}

fn scope(run: &Run, stage: &Stage, report: &Report) -> Scope {
    let live = run.state.entered(stage).and_then(|entered| entered.current.as_ref());
    let image = match stage.work {
        StageWork::Verify { .. } => run.state.image.as_ref(),
        _ => None,
    };
    Scope {
        metrics: report.metrics.clone(),
        evidence: report.evidence.clone(),
        tests: report.tests,
        current: live.map(|live| Current { metrics: live.metrics.clone(), tests: None }),
        image: image.map(|image| ImageFacts { digest: image.digest.clone(), bytes: image.bytes }),
    }
}
