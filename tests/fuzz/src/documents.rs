//! What is stored: by us, yet anything may have become of it, and old versions are read for ever.

use jiff::{SignedDuration, Timestamp};
use signalbox_cloud::store::{Stored, parse};
use signalbox_pipeline::audit::audit;
use signalbox_pipeline::deadline::overdue;
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::explain::explain;
use signalbox_pipeline::head::Head;
use signalbox_pipeline::names::EventId;
use signalbox_pipeline::platform::{Capability, Platform};
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::registration::Registration;
use signalbox_pipeline::run::fact::{Cancelled, Ending, JobEnded, JobStarted, Placement};
use signalbox_pipeline::run::{Decision, Fact, Run};
use signalbox_pipeline::settings::Settings;
use signalbox_pipeline::{invariant, keys};

use crate::is_stable;

/// The document in `bytes`, if there is one; the audit says so too, or finds something.
fn stored<D: Stored + PartialEq + std::fmt::Debug>(key: &str, bytes: &[u8]) -> Option<D> {
    let audited = audit(key, bytes);
    let document = parse(key, bytes);
    assert!(audited.is_err() || document.is_ok(), "only the audit understands it");
    let document = document.ok()?;
    is_stable(&document);
    Some(document)
}

/// `environment.json`.
pub fn environment(bytes: &[u8]) {
    let Some(environment) =
        stored::<Environment>("pipelines/rain/environments/test/environment.json", bytes)
    else {
        return;
    };
    let _live = environment.current.map(|release| release.live());
}

/// A branch's head.
pub fn head(bytes: &[u8]) {
    let Some(head) = stored::<Head>("heads/host/rain/main.json", bytes) else { return };
    let later = head.pushed_at.saturating_add(SignedDuration::from_mins(1));
    let later = later.unwrap_or(Timestamp::MAX);
    let claim = Head::pushed(Some(&head), &head.commit, later, &head.run, "w");
    claim.head.iter().for_each(is_stable);
    let _found = Head::found(Some(&head), &head.commit, later, &head.run, "w");
}

/// A repository's registration.
pub fn registration(bytes: &[u8]) {
    let Some(registration) = stored::<Registration>("repositories/host/rain.json", bytes) else {
        return;
    };
    let _admitted = ["main", "feature/x"]
        .iter()
        .all(|branch| branch.parse().is_ok_and(|branch| registration.admits(&branch)));
}

/// An environment's settings, as they are stored.
pub fn stored_settings(bytes: &[u8]) {
    let Some(settings) = stored::<Settings>("environments/test/settings.json", bytes) else {
        return;
    };
    assert!(settings.variables().count() >= settings.data.len());
    let _digest = settings.digest();
}

/// `run.json`, and what is done with one.
pub fn run(bytes: &[u8]) {
    let key = "pipelines/rain/runs/2026/11/20/20261120t091427z-9a2d57f-53c2ec4d/run.json";
    let Some(run) = stored::<Run>(key, bytes) else { return };
    let now = Timestamp::UNIX_EPOCH;
    if audit(&keys::state::run(&run.pipeline, &run.id), bytes).is_ok() {
        assert_eq!(run.register.verify(), Ok(()));
        assert_eq!(Run::fold(run.register.entries()).as_ref(), Ok(&run.state));
    }
    let _words = (explain(&run, now), overdue(&run, now), run.questions());
    for fact in facts(&run) {
        let event = EventId::parse("fuzz").expect("a name");
        let occurrence = Occurrence { event, actor: "fuzz".to_owned(), fact };
        if let Decision::Advance(mut next) = run.decide(&occurrence, &platform(), now) {
            let _sound = invariant::check(&run, &next);
            next.seal("w", now, SignedDuration::from_secs(45));
            is_stable(&*next);
        }
    }
}

/// What can always be told: a cancel, and the start and the end of each attempt.
fn facts(run: &Run) -> Vec<Fact> {
    let decision = EventId::parse("d").expect("a name");
    let mut facts =
        vec![Fact::Cancelled(Cancelled { decision, by: "ada".to_owned(), reason: None })];
    for (attempt, _, found) in run.state.attempts().take(8) {
        let Ok(job_id) = "j-1".parse() else { continue };
        let (definition, queue) = ("signalbox-x".to_owned(), "q".to_owned());
        let other = Placement { job_id, definition, queue };
        let placement = found.placement.clone().unwrap_or(other);
        let (attempt, started_at) = (attempt.clone(), None);
        let ending = Ending {
            cause: None,
            succeeded: false,
            exit_code: None,
            reason: None,
            task: None,
            started_at,
            stopped_at: None,
        };
        let started =
            JobStarted { attempt: attempt.clone(), placement: placement.clone(), started_at };
        facts.push(Fact::JobStarted(started));
        facts.push(Fact::JobEnded(JobEnded { attempt, placement, ending }));
    }
    facts
}

fn platform() -> Platform {
    let text = str::to_owned;
    Platform {
        queue: text("arn:aws:batch:eu-west-1:123456789012:job-queue/jobs"),
        job_role: text("arn:aws:iam::123456789012:role/jobs"),
        job_role_id: text("AROA1"),
        execution_role: text("arn:aws:iam::123456789012:role/execution"),
        runner_image: text("runner:1"),
        registry: text("registry"),
        artifacts_bucket: text("artifacts"),
        capability: Capability::Fargate,
    }
}
