//! What queues deliver.

use signalbox_cloud::decision::Decision;
use signalbox_cloud::fault::Malformed;
use signalbox_cloud::ingest::batch::Of;
use signalbox_cloud::ingest::{self, Envelope, Read};
use signalbox_pipeline::keys;
use signalbox_pipeline::names::Host;

use crate::is_stable;

/// What `read` makes of the event in `bytes`, if it is one of ours.
fn event<T>(bytes: &[u8], read: impl Fn(&Envelope<'_>) -> Result<Read<T>, Malformed>) -> Option<T> {
    let envelope = Envelope::parse(std::str::from_utf8(bytes).ok()?).ok()?;
    match read(&envelope) {
        Ok(Read::Event(event)) => Some(event),
        Ok(Read::Ignored(reason)) => {
            assert!(!reason.is_empty());
            None
        }
        Err(malformed) => {
            assert!(!malformed.to_string().is_empty());
            None
        }
    }
}

/// CodeCommit Repository State Change.
pub fn codecommit(bytes: &[u8]) {
    let Ok(host) = Host::parse("codecommit.eu-west-1.amazonaws.com") else { return };
    if let Some(push) = event(bytes, |envelope| ingest::codecommit::read(envelope, &host)) {
        let run = keys::run_id(push.at, &push.commit, &push.event);
        is_stable(&run);
        let head = keys::state::head(&push.host, &push.repository, &push.branch);
        assert!(head.len() < 1024, "S3 takes no longer key: {head}");
    }
}

/// ECR Image Action.
pub fn ecr(bytes: &[u8]) {
    if let Some(push) = event(bytes, ingest::ecr::read) {
        is_stable(&push.digest);
        is_stable(&push.tag);
    }
}

/// Batch Job State Change.
pub fn batch(bytes: &[u8]) {
    if let Some(job) = event(bytes, ingest::batch::read) {
        let pipeline = &job.owner.pipeline;
        let document = match &job.owner.of {
            Of::Run(run) => keys::state::run(pipeline, run),
            Of::Launch(environment, launch) => keys::state::launch(pipeline, environment, launch),
        };
        assert!(document.len() < 1024, "S3 takes no longer key: {document}");
        is_stable(&job.occurrence().fact);
    }
}

/// A person's decision.
pub fn decision(bytes: &[u8]) {
    let Ok(body) = std::str::from_utf8(bytes) else { return };
    match Decision::parse(body) {
        Ok(decision) => {
            let _holds =
                (decision.holds(decision.at).is_ok(), decision.holds(decision.expires).is_ok());
            let message = decision.message().expect("what was read can be written");
            assert_eq!(Decision::parse(&message).as_ref(), Ok(&decision));
        }
        Err(malformed) => assert!(!malformed.to_string().is_empty()),
    }
}
