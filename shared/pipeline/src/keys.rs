//! Where things lie in S3: the layout that others' tools rely on.

use jiff::Timestamp;

use crate::digest::sha256;
use crate::names::{
    BranchName, CommitSha, EnvironmentName, EventId, Host, ImageDigest, LaunchId, PipelineName,
    RepositoryName, RunId, Sha256, TaskId,
};
use crate::rollout::Outcome;

/// The id of the run that a trigger makes: the same trigger can only ever make the same run.
///
/// `identity` is EventBridge's id of the event; `at` its time.
#[must_use]
pub fn run_id(at: Timestamp, commit: &CommitSha, identity: &EventId) -> RunId {
    let hash = sha256(identity.as_str().as_bytes());
    RunId::assembled(format!("{}{}", run_id_prefix(at, commit), &hash.as_str()[..8]))
}

/// The id of the run that an image from outside starts. The digest stands where others have their
/// commit: which definition is followed may differ from one delivery of the event to the next.
#[must_use]
pub fn image_run_id(at: Timestamp, image: &ImageDigest, identity: &EventId) -> RunId {
    let hash = sha256(identity.as_str().as_bytes());
    let at = at.strftime("%Y%m%dt%H%M%Sz");
    RunId::assembled(format!("{at}-{}-{}", image_short(image), &hash.as_str()[..8]))
}

/// The beginning of a digest, as the ids of runs hold it.
#[must_use]
pub fn image_short(image: &ImageDigest) -> &str {
    let hex = image.as_str().rsplit(':').next().unwrap_or_default();
    hex.get(..7).unwrap_or(hex)
}

/// The id of the launch that a request makes: the same request can only ever make the same launch.
///
/// `identity` is the request's own id; `at` its time.
#[must_use]
pub fn launch_id(at: Timestamp, identity: &EventId) -> LaunchId {
    let hash = sha256(identity.as_str().as_bytes());
    LaunchId::assembled(format!("{}-{}", at.strftime("%Y%m%dt%H%M%Sz"), &hash.as_str()[..12]))
}

/// What the ids of all runs of a commit begin with that were triggered in one second.
fn run_id_prefix(at: Timestamp, commit: &CommitSha) -> String {
    format!("{}-{}-", at.strftime("%Y%m%dt%H%M%Sz"), commit.short())
}

/// Keys of the state bucket.
pub mod state {
    use jiff::civil::Date;

    use super::*;

    /// The prefix below which trigger events lie, by day.
    pub const EVENTS: &str = "events/";
    /// Who may decide, as it holds now.
    pub const PEOPLE: &str = "people.json";

    /// Who may start which pipeline.
    #[must_use]
    pub fn repository(host: &Host, repository: &RepositoryName) -> String {
        format!("repositories/{host}/{repository}.json")
    }

    /// The prefix below which the registrations of one host lie.
    #[must_use]
    pub fn repositories(host: &Host) -> String {
        format!("repositories/{host}/")
    }

    /// The newest commit seen on a branch, and the run that owns it.
    #[must_use]
    pub fn head(host: &Host, repository: &RepositoryName, branch: &BranchName) -> String {
        format!("heads/{host}/{repository}/{branch}.json")
    }

    /// The prefix below which the heads of a repository's branches lie.
    #[must_use]
    pub fn heads(host: &Host, repository: &RepositoryName) -> String {
        format!("heads/{host}/{repository}/")
    }

    /// The prefix below which a pipeline's runs lie, by day.
    #[must_use]
    pub fn runs(pipeline: &PipelineName) -> String {
        format!("pipelines/{pipeline}/runs/")
    }

    /// The prefix below which the runs of a commit lie that were triggered in one second.
    #[must_use]
    pub fn runs_of(pipeline: &PipelineName, at: Timestamp, commit: &CommitSha) -> String {
        let day = at.strftime("%Y/%m/%d");
        format!("{}{day}/{}", runs(pipeline), run_id_prefix(at, commit))
    }

    /// The run document.
    #[must_use]
    pub fn run(pipeline: &PipelineName, run: &RunId) -> String {
        let id = run.as_str();
        let (year, month, day) = (&id[..4], &id[4..6], &id[6..8]);
        format!("pipelines/{pipeline}/runs/{year}/{month}/{day}/{id}/run.json")
    }

    /// The environments that a pipeline has come to, a folder each.
    #[must_use]
    pub fn environments(pipeline: &PipelineName) -> String {
        format!("pipelines/{pipeline}/environments/")
    }

    /// What is released in an environment.
    #[must_use]
    pub fn environment(pipeline: &PipelineName, environment: &EnvironmentName) -> String {
        format!("pipelines/{pipeline}/environments/{environment}/environment.json")
    }

    /// A launch document.
    #[must_use]
    pub fn launch(
        pipeline: &PipelineName,
        environment: &EnvironmentName,
        launch: &LaunchId,
    ) -> String {
        let id = launch.as_str();
        let (year, month, day) = (&id[..4], &id[4..6], &id[6..8]);
        format!("{}{year}/{month}/{day}/{id}.json", launches(pipeline, environment))
    }

    /// The prefix below which the launches of an environment lie, by day.
    #[must_use]
    pub fn launches(pipeline: &PipelineName, environment: &EnvironmentName) -> String {
        format!("pipelines/{pipeline}/launches/{environment}/")
    }

    /// Older changes of an environment; segments are counted from 1, and listed in their order.
    #[must_use]
    pub fn history(pipeline: &PipelineName, environment: &EnvironmentName, segment: u64) -> String {
        format!("{}{segment:08}.json", histories(pipeline, environment))
    }

    /// The prefix below which older changes of an environment lie.
    #[must_use]
    pub fn histories(pipeline: &PipelineName, environment: &EnvironmentName) -> String {
        format!("pipelines/{pipeline}/environments/{environment}/history/")
    }

    /// A trigger event as it was received on `day`, kept for replay.
    #[must_use]
    pub fn event(day: Date, event: &EventId) -> String {
        format!("{EVENTS}{}/{event}.json", day.strftime("%Y/%m/%d"))
    }

    /// The prefix below which the events of a day lie.
    #[must_use]
    pub fn events(day: Date) -> String {
        format!("{EVENTS}{}/", day.strftime("%Y/%m/%d"))
    }

    /// The settings of an environment that hold now.
    #[must_use]
    pub fn settings(environment: &EnvironmentName) -> String {
        format!("environments/{environment}/settings.json")
    }

    /// One version of an environment's settings.
    #[must_use]
    pub fn settings_version(environment: &EnvironmentName, digest: &Sha256) -> String {
        format!("environments/{environment}/settings/{digest}.json")
    }

    /// One version of who may decide.
    #[must_use]
    pub fn people_version(digest: &Sha256) -> String {
        format!("people/{digest}.json")
    }
}

/// Keys of the index bucket: markers, rebuildable from the state.
pub mod index {
    use super::*;

    /// The prefix below which the runs that are not over are marked.
    pub const ACTIVE_RUNS: &str = "active/run/";

    /// The marker of a run that is not over.
    #[must_use]
    pub fn active_run(pipeline: &PipelineName, run: &RunId) -> String {
        format!("{ACTIVE_RUNS}{}", state::run(pipeline, run))
    }

    /// The prefix below which the launches that are not counted yet are marked.
    pub const ACTIVE_LAUNCHES: &str = "active/launch/";

    /// The prefix below which it is told how launches have ended.
    pub const OUTCOMES: &str = "outcomes/";

    /// The marker of a launch whose end is not counted yet.
    #[must_use]
    pub fn active_launch(
        pipeline: &PipelineName,
        environment: &EnvironmentName,
        launch: &LaunchId,
    ) -> String {
        format!("{ACTIVE_LAUNCHES}{}", state::launch(pipeline, environment, launch))
    }

    /// The pipeline, environment and launch that a marker below [`ACTIVE_LAUNCHES`] stands for.
    #[must_use]
    pub fn marked_launch(marker: &str) -> Option<(PipelineName, EnvironmentName, LaunchId)> {
        let rest = marker.strip_prefix(ACTIVE_LAUNCHES)?.strip_prefix("pipelines/")?;
        let (pipeline, rest) = rest.split_once("/launches/")?;
        let (environment, rest) = rest.split_once('/')?;
        let launch = rest.strip_suffix(".json")?.rsplit('/').next()?;
        Some((pipeline.parse().ok()?, environment.parse().ok()?, launch.parse().ok()?))
    }

    /// The object that says how a launch has ended.
    #[must_use]
    pub fn outcome(outcome: &Outcome) -> String {
        format!("{OUTCOMES}{}", outcome.key())
    }

    /// The prefix below which the outcomes of a pipeline in an environment lie.
    #[must_use]
    pub fn outcomes(environment: &EnvironmentName, pipeline: &PipelineName) -> String {
        format!("{OUTCOMES}{environment}/{pipeline}/")
    }

    /// The pipeline and run that a marker below [`ACTIVE_RUNS`] stands for.
    #[must_use]
    pub fn marked_run(marker: &str) -> Option<(PipelineName, RunId)> {
        let rest = marker.strip_prefix(ACTIVE_RUNS)?.strip_prefix("pipelines/")?;
        let (pipeline, rest) = rest.split_once("/runs/")?;
        let run = rest.strip_suffix("/run.json")?.rsplit('/').next()?;
        Some((PipelineName::parse(pipeline).ok()?, RunId::parse(run).ok()?))
    }
}

/// Keys of the artifacts bucket.
pub mod artifacts {
    use super::*;

    /// The source of a run, copied by a function from what checkout delivered.
    #[must_use]
    pub fn source(pipeline: &PipelineName, run: &RunId) -> String {
        format!("pipelines/{pipeline}/runs/{run}/{}", crate::order::files::SOURCE)
    }

    /// A package of a pipeline, by its content.
    #[must_use]
    pub fn package(pipeline: &PipelineName, sha256: &Sha256, name: &str) -> String {
        format!("pipelines/{pipeline}/artifacts/{sha256}/{name}")
    }

    /// A package, below the prefix of the attempt that delivers it.
    #[must_use]
    pub fn delivered_package(sha256: &Sha256, name: &str) -> String {
        format!("{}{sha256}/{name}", crate::order::files::PACKAGES)
    }

    /// The prefix of what tasks of the role `role_id` write, less `:<task id>/`.
    #[must_use]
    pub fn incoming(role_id: &str) -> String {
        format!("incoming/{role_id}")
    }

    /// A file that one attempt wrote.
    #[must_use]
    pub fn delivered(incoming: &str, task: &TaskId, file: &str) -> String {
        format!("{incoming}:{task}/{file}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_lies_below_its_day_and_its_marker_leads_back_to_it() {
        let at: Timestamp = "2026-01-11T23:40:00.5Z".parse().unwrap();
        let commit = CommitSha::parse("3e5983d000000000000000000000000000000000").unwrap();
        let id = run_id(at, &commit, &EventId::parse("c8f9c4b5").unwrap());
        assert!(id.as_str().starts_with("20260111t234000z-3e5983d-"), "{id}");
        assert_eq!(RunId::parse(id.as_str()).unwrap(), id);

        let rain = PipelineName::parse("rain").unwrap();
        assert_eq!(state::run(&rain, &id), format!("pipelines/rain/runs/2026/01/11/{id}/run.json"));
        assert_eq!(
            state::event(
                at.to_zoned(jiff::tz::TimeZone::UTC).date(),
                &EventId::parse("c8f9c4b5").unwrap()
            ),
            "events/2026/01/11/c8f9c4b5.json"
        );
        assert!(state::run(&rain, &id).starts_with(&state::runs_of(&rain, at, &commit)));
        assert_eq!(index::marked_run(&index::active_run(&rain, &id)), Some((rain, id)));
    }

    #[test]
    fn a_launch_lies_below_its_day_and_its_marker_leads_back_to_it() {
        let at: Timestamp = "2026-01-11T23:40:00.5Z".parse().unwrap();
        let id = launch_id(at, &EventId::parse("c8f9c4b5").unwrap());
        assert!(id.as_str().starts_with("20260111t234000z-"), "{id}");
        assert_eq!(LaunchId::parse(id.as_str()).unwrap(), id);
        let rain = PipelineName::parse("rain").unwrap();
        let production = EnvironmentName::parse("production").unwrap();
        assert_eq!(
            state::launch(&rain, &production, &id),
            format!("pipelines/rain/launches/production/2026/01/11/{id}.json")
        );
        let marker = index::active_launch(&rain, &production, &id);
        assert_eq!(index::marked_launch(&marker), Some((rain, production, id)));
    }
}
