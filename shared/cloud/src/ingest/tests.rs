//! Every file of `events/` is read as what its README says.

use signalbox_pipeline::names::Host;
use signalbox_testkit::fixture;

use super::*;

/// What each queue's function makes of a body.
fn readings(body: &str) -> [(&'static str, Result<bool, Malformed>); 3] {
    fn ours<T>(read: Result<Read<T>, Malformed>) -> Result<bool, Malformed> {
        read.map(|read| matches!(read, Read::Event(_)))
    }
    let envelope = Envelope::parse(body).unwrap();
    let host = Host::parse("codecommit.eu-west-1.amazonaws.com").unwrap();
    [
        ("commit", ours(codecommit::read(&envelope, &host))),
        ("image", ours(ecr::read(&envelope))),
        ("job", ours(batch::read(&envelope))),
    ]
}

#[test]
fn every_fixture_is_read_by_the_one_function_that_it_is_for() {
    for (name, reader) in [
        ("codecommit-push.json", Some("commit")),
        ("ecr-push.json", Some("image")),
        ("ecr-push-foreign-tag.json", Some("image")),
        ("batch-job-running.json", Some("job")),
        ("batch-job-succeeded.json", Some("job")),
        ("batch-job-failed.json", Some("job")),
        ("batch-job-failed-after-retry.json", Some("job")),
        ("batch-job-queue-blocked.json", Some("job")),
        ("batch-launch-succeeded.json", Some("job")),
        ("batch-job-runnable.json", None),
        ("codecommit-branch-deleted.json", None),
        ("codecommit-merge.json", None),
        ("ecr-delete.json", None),
        ("near-miss-commit-tag.json", None),
        ("near-miss-image-failed-push.json", None),
        ("near-miss-job-foreign-definition.json", None),
        ("near-miss-job-forged-source.json", None),
    ] {
        for (function, ours) in readings(&fixture(name)) {
            let ours = ours.unwrap_or_else(|error| panic!("{name} for {function}: {error}"));
            assert_eq!(ours, reader == Some(function), "{name} for {function}");
        }
    }
}

#[test]
fn a_fixture_cut_anywhere_is_malformed_and_never_a_panic() {
    for name in ["codecommit-push.json", "ecr-push.json", "batch-job-failed-after-retry.json"] {
        let body = fixture(name);
        for end in 0..body.trim_end().len() {
            let Some(cut) = body.get(..end) else { continue };
            assert!(Envelope::parse(cut).is_err(), "{name} cut at {end}");
        }
    }
}

#[test]
fn the_end_of_a_launch_names_the_launch_and_its_environment() {
    let text = fixture("batch-launch-succeeded.json");
    let envelope = Envelope::parse(&text).unwrap();
    let Read::Event(event) = batch::read(&envelope).unwrap() else { panic!("it is ours") };
    let batch::Of::Launch(environment, launch) = &event.owner.of else {
        panic!("{:?}", event.owner)
    };
    assert_eq!(environment.as_str(), "production");
    assert_eq!(launch.as_str(), "20261121t020000z-9babeb461aea");
}
