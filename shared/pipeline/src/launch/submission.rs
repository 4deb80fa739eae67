//! The submission of a launch's attempt.

use super::Launch;
use crate::attempt::AttemptId;
use crate::effect::{Asked, Submission, Task};
use crate::platform::Platform;
use crate::run::again;

/// The submission of the attempt `id` as things stand now: the release's image by digest, with the
/// environment's variables.
pub(super) fn build(launch: &Launch, id: &AttemptId, platform: &Platform) -> Submission {
    let picked = &launch.picked;
    let release = &picked.release;
    let image = platform.image(&release.repository, &format!("@{}", release.image));
    Submission::assembled(
        Asked {
            attempt: id.clone(),
            job_name: id.launch_name(&launch.pipeline, &launch.environment, &launch.id),
            parameters: id.launch_parameters(&launch.pipeline, &launch.environment, &launch.id),
            task: Task::exec(image, &picked.train, None),
            timeout_seconds: timeout_seconds(launch),
            is_on_demand: again::was_short_of_machines(launch.before(id.number)),
        },
        Some(&picked.settings),
        platform,
    )
}

/// What the job may take, and no longer than its environment allows.
pub(super) fn timeout_seconds(launch: &Launch) -> u64 {
    let limit = launch.picked.settings.compute.timeout_seconds.unwrap_or(u64::MAX);
    launch.picked.train.timeout_seconds.min(limit)
}
